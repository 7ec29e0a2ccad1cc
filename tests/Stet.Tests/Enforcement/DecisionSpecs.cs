using Stet.Enforcement;
using static Stet.Tests.Enforcement.Ordinary;

namespace Stet.Tests.Enforcement;

public class RegisterSystemSpecs
{
    [Fact]
    public void A_system_that_nobody_knows_is_registered() =>
        RegisterSystem.Decide(Register, null, Monday).Events.ShouldBe([Registered]);

    [Fact]
    public void A_system_that_was_only_heard_of_is_registered() =>
        RegisterSystem.Decide(Register, EnforcingSystem.Create(Received), Monday).Events.ShouldBe([Registered]);

    [Fact]
    public void A_retired_system_is_registered_again_with_the_settings_it_had() =>
        RegisterSystem.Decide(Register, EnforcingSystem.Create(Registered).Apply(Retired), Monday).Events.ShouldBe([Registered]);

    [Fact]
    public void Other_settings_are_a_change() =>
        RegisterSystem.Decide(Register with { Settings = Changed.Settings }, EnforcingSystem.Create(Registered), Tuesday)
            .Events.ShouldBe([Changed]);

    [Fact]
    public void The_same_settings_are_nothing_new() =>
        RegisterSystem.Decide(Register, EnforcingSystem.Create(Registered), Tuesday).ShouldBe(Decision.Nothing);
}

public class RetireSystemSpecs
{
    static readonly RetireSystem retire = new("bot");

    [Fact]
    public void A_registered_system_is_retired() =>
        RetireSystem.Decide(retire, EnforcingSystem.Create(Registered), Tuesday).Events.ShouldBe([Retired]);

    [Fact]
    public void A_system_that_was_only_heard_of_is_retired() =>
        RetireSystem.Decide(retire, EnforcingSystem.Create(Received), Tuesday).Events.ShouldBe([Retired]);

    [Fact]
    public void Retiring_twice_records_it_once() =>
        RetireSystem.Decide(retire, EnforcingSystem.Create(Registered).Apply(Retired), Wednesday).ShouldBe(Decision.Nothing);

    [Fact]
    public void A_system_that_nobody_knows_cannot_be_retired() =>
        RetireSystem.Decide(retire, null, Tuesday).Refusal.ShouldBe(EnforcementProblems.SystemNotFound("bot"));
}

public class ReportHeartbeatSpecs
{
    [Fact]
    public void A_heartbeat_is_recorded_as_it_was_reported() =>
        ReportHeartbeat.Decide(Report, EnforcingSystem.Create(Registered), Skew, Tuesday).Events.ShouldBe([Received]);

    [Fact]
    public void A_system_that_nobody_knows_may_report() =>
        ReportHeartbeat.Decide(Report, null, Skew, Tuesday).Events.ShouldBe([Received]);

    [Fact]
    public void A_retired_system_may_not_report() =>
        ReportHeartbeat.Decide(Report, EnforcingSystem.Create(Registered).Apply(Retired), Skew, Tuesday)
            .Refusal.ShouldBe(EnforcementProblems.SystemRetired("bot"));

    [Fact]
    public void A_clock_may_be_ahead_by_the_skew() =>
        ReportHeartbeat.Decide(
            Report with { EnforcedCorrectionVersion = Tuesday + Skew, AppliedAt = Tuesday + Skew }, null, Skew, Tuesday)
            .Refusal.ShouldBeNull();

    [Fact]
    public void A_version_or_an_application_further_ahead_is_refused()
    {
        var later = Tuesday + Skew + TimeSpan.FromMicroseconds(1);

        var refusal = ReportHeartbeat.Decide(
            Report with { EnforcedCorrectionVersion = later, AppliedAt = later }, null, Skew, Tuesday).Refusal;

        refusal!.Code.ShouldBe("invalid_request");
        refusal.Errors.Select(e => e.Pointer).ShouldBe(["/enforced_correction_version", "/applied_at"]);
    }
}
