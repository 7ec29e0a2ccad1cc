using Stet.Enforcement;
using static Stet.Tests.Enforcement.Ordinary;

namespace Stet.Tests.Enforcement;

public class EscalationSpecs
{
    static readonly EnforcingSystem ok = EnforcingSystem.Create(Registered).Apply(Received);
    static readonly DateTimeOffset soon = Tuesday.AddSeconds(30);

    [Fact]
    public void Nobody_is_called_when_all_is_well()
    {
        var answer = Of([new(ok, FactsBehind.None)]);

        answer.Escalation.ShouldBe(EscalationLevel.None);
        answer.Summary.ShouldBe(new EscalationSummary(1, 1, 0, 0));
        answer.AffectedSystems.ShouldBeEmpty();
    }

    [Fact]
    public void A_tenant_without_systems_has_nothing_to_escalate() => Of([]).Escalation.ShouldBe(EscalationLevel.None);

    [Fact]
    public void A_missing_system_is_critical_whatever_the_others_do()
    {
        var answer = Of([new(Named("late", Received with { ReportedAt = Monday }), FactsBehind.None), new(Named("lost"), FactsBehind.None), new(ok, FactsBehind.None)]);

        answer.Escalation.ShouldBe(EscalationLevel.Critical);
        answer.Summary.ShouldBe(new EscalationSummary(3, 1, 1, 1));
        answer.AffectedSystems.Select(a => (a.SystemId, a.Level)).ShouldBe(
            [("late", EscalationLevel.Warn), ("lost", EscalationLevel.Critical)]);
        answer.AffectedSystems[1].Reason.ShouldBe("it never reported");
    }

    [Fact]
    public void A_stale_system_warns_and_the_reason_says_for_how_long()
    {
        var only = Of([new(ok, FactsBehind.None)], Tuesday.AddSeconds(121)).AffectedSystems.ShouldHaveSingleItem();

        (only.Level, only.Reason).ShouldBe((EscalationLevel.Warn, "it has not reported for 121 seconds; 60 × 2 are allowed"));
    }

    [Fact]
    public void Reported_errors_warn() =>
        Of([new(Named("bot", Received with { Errors = StringSet.Of("a", "b") }), FactsBehind.None)])
            .AffectedSystems.ShouldHaveSingleItem().Reason.ShouldBe("it reports 2 errors");

    [Fact]
    public void A_regression_warns() =>
        Of([new(ok.Apply(Received with { Sequence = 1 }), FactsBehind.None)]).Escalation.ShouldBe(EscalationLevel.Warn);

    [Fact]
    public void Any_lag_warns_without_an_allowance()
    {
        var only = Of([new(ok, new FactsBehind(1, soon, false))]).AffectedSystems.ShouldHaveSingleItem();

        (only.Level, only.Compliance, only.Reason).ShouldBe(
            (EscalationLevel.Warn, Compliance.Lagging, "it does not enforce 1 corrections, the oldest 0 seconds old"));
    }

    [Theory]
    [InlineData(5, null, 5, 100, EscalationLevel.None)]
    [InlineData(5, null, 6, 100, EscalationLevel.Warn)]
    [InlineData(null, 20, 6, 20, EscalationLevel.None)]
    [InlineData(null, 20, 6, 21, EscalationLevel.Warn)]
    [InlineData(5, 20, 5, 21, EscalationLevel.Warn)]
    [InlineData(5, 20, 5, 20, EscalationLevel.None)]
    public void A_lag_within_its_allowance_does_not_warn(int? corrections, int? seconds, int behind, int age, EscalationLevel level)
    {
        var allowed = Allowing(new LagAllowance(corrections, seconds));

        Of([new(allowed, new FactsBehind(behind, soon.AddSeconds(-age), false))]).Escalation.ShouldBe(level);
    }

    [Fact]
    public void A_lag_that_was_not_seen_to_its_end_is_beyond_any_allowance() =>
        Of([new(Allowing(new LagAllowance(9_999, 31_536_000)), new FactsBehind(1, soon, true))]).Escalation.ShouldBe(EscalationLevel.Warn);

    [Theory]
    [InlineData(20, EscalationLevel.None)]
    [InlineData(21, EscalationLevel.Warn)]
    public void However_many_more_there_may_be_only_the_age_of_the_oldest_counts_where_only_that_is_allowed(int age, EscalationLevel level)
    {
        var allowed = Allowing(new LagAllowance(null, 20));

        Of([new(allowed, new FactsBehind(1_000, soon.AddSeconds(-age), true))]).Escalation.ShouldBe(level);
    }

    [Fact]
    public void A_muted_system_is_listed_and_does_not_escalate()
    {
        var settings = Settings with { MutedUntil = Wednesday, MutedReason = "moving house" };
        var muted = EnforcingSystem.Create(Registered with { Settings = settings });

        var answer = Of([new(muted, FactsBehind.None)]);

        answer.Escalation.ShouldBe(EscalationLevel.None);
        answer.Summary.Missing.ShouldBe(1);
        var only = answer.AffectedSystems.ShouldHaveSingleItem();
        (only.Level, only.Muted, only.MutedReason).ShouldBe((EscalationLevel.Critical, true, "moving house"));
    }

    static EnforcingSystem Named(string id, HeartbeatReceived? heartbeat = null)
    {
        var registered = EnforcingSystem.Create(Registered with { SystemId = id });
        return heartbeat is null ? registered : registered.Apply(heartbeat);
    }

    static EnforcingSystem Allowing(LagAllowance allowance) =>
        EnforcingSystem.Create(Registered with { Settings = Settings with { Allowance = allowance } }).Apply(Received);

    static EscalationAnswer Of(SystemRow[] systems, DateTimeOffset? now = null) => EscalationAnswer.Of(
        "t", StatusAnswer.Of(new EnforcementSnapshot(systems, [], TenantDefaults.None, 9), null, Defaults, now ?? soon));
}
