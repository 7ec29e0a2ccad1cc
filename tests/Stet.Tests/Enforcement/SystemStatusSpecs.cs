using Stet.Enforcement;
using Stet.Outages;
using static Stet.Tests.Enforcement.Ordinary;

namespace Stet.Tests.Enforcement;

public class SystemStatusSpecs
{
    static readonly EnforcingSystem system = EnforcingSystem.Create(Registered);
    static readonly TimeSpan allowed = TimeSpan.FromSeconds(120);

    [Fact]
    public void A_system_is_ok_when_its_heartbeat_is_exactly_interval_times_grace_old() =>
        StatusOf(system.Apply(Received), Tuesday + allowed).Status.ShouldBe(ReportingStatus.Ok);

    [Fact]
    public void A_system_is_stale_one_microsecond_later() =>
        StatusOf(system.Apply(Received), Tuesday + allowed + TimeSpan.FromMicroseconds(1)).Status.ShouldBe(ReportingStatus.Stale);

    [Fact]
    public void A_grace_with_a_fraction_counts_to_the_tick()
    {
        var settings = Settings with { IntervalSeconds = 1, GraceMultiplier = 1.5m };
        var reporting = EnforcingSystem.Create(Registered with { Settings = settings }).Apply(Received);

        StatusOf(reporting, Tuesday.AddMilliseconds(1500)).Status.ShouldBe(ReportingStatus.Ok);
        StatusOf(reporting, Tuesday.AddMilliseconds(1500).AddTicks(1)).Status.ShouldBe(ReportingStatus.Stale);
    }

    [Fact]
    public void A_heartbeat_of_another_instance_whose_clock_is_ahead_is_ok()
    {
        var status = StatusOf(system.Apply(Received), Tuesday.AddSeconds(-1));

        status.Status.ShouldBe(ReportingStatus.Ok);
        status.SilentSeconds.ShouldBe(0);
    }

    [Fact]
    public void A_heartbeat_from_before_the_clock_was_set_back_does_not_make_a_system_ok_until_it_has_caught_up()
    {
        var status = StatusOf(system.Apply(Received), Tuesday.AddHours(-1));

        status.Status.ShouldBe(ReportingStatus.Stale);
        status.SilentSeconds.ShouldBe(3600);
    }

    [Fact]
    public void A_system_that_never_reported_is_missing_and_unknown()
    {
        var status = StatusOf(system, Tuesday);

        status.Status.ShouldBe(ReportingStatus.Missing);
        status.Compliance.ShouldBe(Compliance.Unknown);
        status.Lag.ShouldBeNull();
    }

    [Fact]
    public void A_system_without_settings_is_judged_by_the_defaults()
    {
        var status = StatusOf(EnforcingSystem.Create(Received), Tuesday.AddSeconds(121));

        (status.IntervalSeconds, status.GraceMultiplier, status.Registered, status.Status)
            .ShouldBe((60, 2m, false, ReportingStatus.Stale));
    }

    [Fact]
    public void Outages_of_the_service_are_left_out_of_the_silence()
    {
        Outage[] outages = [new(Tuesday.AddSeconds(60), Tuesday.AddHours(5))];

        var status = StatusOf(system.Apply(Received), Tuesday.AddHours(5) + TimeSpan.FromSeconds(60), outages: outages);
        var later = StatusOf(system.Apply(Received), Tuesday.AddHours(5) + TimeSpan.FromSeconds(61), outages: outages);

        (status.Status, status.SilentSeconds).ShouldBe((ReportingStatus.Ok, 120));
        (later.Status, later.SilentSeconds).ShouldBe((ReportingStatus.Stale, 121));
    }

    [Fact]
    public void A_system_with_nothing_newer_in_its_scope_is_current() =>
        StatusOf(system.Apply(Received), Tuesday).Compliance.ShouldBe(Compliance.Current);

    [Fact]
    public void A_system_lags_by_what_it_does_not_enforce_and_how_old_the_oldest_is()
    {
        var status = StatusOf(system.Apply(Received), Tuesday, new FactsBehind(3, Tuesday.AddSeconds(-90.5), false));

        status.Compliance.ShouldBe(Compliance.Lagging);
        status.Lag.ShouldBe(new Lag(3, 90, false));
    }

    [Fact]
    public void A_regression_outranks_a_lag() =>
        StatusOf(Regressed(Received), Tuesday, new FactsBehind(3, Monday, false)).Compliance.ShouldBe(Compliance.Regressed);

    [Fact]
    public void Reported_errors_outrank_a_regression()
    {
        var status = StatusOf(Regressed(Received with { Errors = StringSet.Of("disk full") }), Tuesday);

        status.Compliance.ShouldBe(Compliance.Rejecting);
        status.Errors.ShouldBe(["disk full"]);
    }

    [Fact]
    public void A_mute_ends_at_its_time()
    {
        var muted = EnforcingSystem.Create(Registered with { Settings = Settings with { MutedUntil = Tuesday, MutedReason = "moving" } });

        StatusOf(muted, Tuesday.AddMicroseconds(-1)).Muted.ShouldBeTrue();
        StatusOf(muted, Tuesday).Muted.ShouldBeFalse();
    }

    [Fact]
    public void Systems_are_listed_by_name_without_retired_ones()
    {
        var other = EnforcingSystem.Create(Registered with { SystemId = "android" });
        var retired = EnforcingSystem.Create(Registered with { SystemId = "cyborg" }).Apply(Retired);

        var answer = Answer([Row(system), Row(retired), Row(other)]);

        answer.Systems.Select(s => s.SystemId).ShouldBe(["android", "bot"]);
    }

    [Fact]
    public void A_system_asked_for_by_name_is_missing_when_nobody_heard_of_it()
    {
        var only = Answer([], systemId: "ghost").Systems.ShouldHaveSingleItem();

        (only.SystemId, only.Status, only.Registered).ShouldBe(("ghost", ReportingStatus.Missing, false));
    }

    [Fact]
    public void A_retired_system_asked_for_by_name_is_not_missed() =>
        Answer([Row(system.Apply(Retired))], systemId: "bot").Systems.ShouldBeEmpty();

    [Fact]
    public void The_answer_lists_the_outages_within_the_longest_silence_and_no_others()
    {
        Outage before = new(Monday, Monday.AddHours(1)), within = new(Tuesday.AddHours(1), Tuesday.AddHours(2));

        Answer([Row(system.Apply(Received))], outages: [within, before]).Outages.ShouldBe([within]);
        Answer([Row(system)], outages: [within, before]).Outages.ShouldBeEmpty();
    }

    static EnforcingSystem Regressed(HeartbeatReceived last) => system.Apply(Received).Apply(last with { EnforcedPosition = 1 });

    static SystemRow Row(EnforcingSystem system) => new(system, FactsBehind.None);

    static StatusAnswer Answer(SystemRow[] systems, string? systemId = null, Outage[]? outages = null) =>
        StatusAnswer.Of(new EnforcementSnapshot(systems, outages ?? [], TenantDefaults.None, 9), systemId, Defaults, Wednesday);

    static SystemStatus StatusOf(
        EnforcingSystem system, DateTimeOffset now, FactsBehind? behind = null, Outage[]? outages = null) =>
        SystemStatus.Of(new SystemRow(system, behind ?? FactsBehind.None), outages ?? [], Expectation.Of(TenantDefaults.None, Defaults), now);
}
