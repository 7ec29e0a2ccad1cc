using Stet.Client.Api;
using static Stet.Client.Tests.Api.Ordinary;

namespace Stet.Client.Tests.Api;

public class EnforcementSpecs
{
    [Fact]
    public async Task A_system_is_registered_changed_and_retired()
    {
        var stet = await NewTenantAsync();
        var settings = new SystemSettings
        {
            IntervalSeconds = 30,
            GraceMultiplier = 2.5m,
            Scope = ["allergies.*"],
            Allowance = new LagAllowance(Corrections: 3),
            Owner = "team-a",
            MutedUntil = new DateTimeOffset(2100, 1, 1, 0, 0, 0, TimeSpan.Zero),
            MutedReason = "holidays",
        };

        var registered = (await stet.Enforcement.RegisterAsync("a filter?", settings)).Value;
        var found = (await stet.Enforcement.FindAsync("a filter?")).Value;
        var retired = (await stet.Enforcement.RetireAsync("a filter?")).Value;

        (registered.IntervalSeconds, registered.GraceMultiplier, registered.Allowance, registered.Owner, registered.MutedUntil, registered.MutedReason)
            .ShouldBe((30, 2.5m, new LagAllowance(3), "team-a", settings.MutedUntil, "holidays"));
        registered.Scope.ShouldBe(["allergies.*"]);
        found.RegisteredAt.ShouldBe(registered.RegisteredAt);
        retired.RetiredAt.ShouldNotBeNull();
        (await Should.ThrowAsync<StetException>(stet.Enforcement.ReportAsync(Beat with { SystemId = "a filter?" }))).Code.ShouldBe("system_retired");
        (await Should.ThrowAsync<StetException>(stet.Enforcement.FindAsync("nobody"))).Code.ShouldBe("system_not_found");
    }

    [Fact]
    public async Task Systems_are_enumerated_over_pages_by_name()
    {
        var stet = await NewTenantAsync();
        for (var n = 0; n < 60; n++) await stet.Enforcement.RegisterAsync($"s{n:00}", new SystemSettings());
        await stet.Enforcement.RetireAsync("s00");

        var page = await stet.Enforcement.ListPageAsync(limit: 10);
        var systems = await stet.Enforcement.ListAsync().ToListAsync();

        page.Value.Systems.Count.ShouldBe(10);
        systems.Select(s => s.SystemId).ShouldBe(Enumerable.Range(1, 59).Select(n => $"s{n:00}"));
        (await stet.Enforcement.ListAsync(includeRetired: true).ToListAsync()).Count.ShouldBe(60);
    }

    [Fact]
    public async Task A_heartbeat_shows_in_status_and_escalation()
    {
        var stet = await NewTenantAsync();
        await stet.Corrections.RecordAsync(Correction());

        var written = await stet.Enforcement.ReportAsync(Beat with
        {
            EnforcedPosition = 0,
            AppliedAt = Beat.EnforcedCorrectionVersion,
            Errors = ["a rule was not understood"],
            Origin = new ReportingProgram("filter", "1.2", "test"),
            Sequence = 1,
        });
        var status = (await stet.AtLeast(written.Position).Enforcement.StatusAsync()).Value;
        var escalation = (await stet.Enforcement.EscalationAsync("allergy-filter")).Value;

        var system = status.Systems.ShouldHaveSingleItem();
        (system.Status, system.Compliance, system.Lag!.Corrections, system.Registered).ShouldBe((ReportingStatus.Ok, Compliance.Rejecting, 1, false));
        (escalation.Level, escalation.Summary).ShouldBe((EscalationLevel.Warn, new EscalationSummary(1, 1, 0, 0)));
        escalation.AffectedSystems.ShouldHaveSingleItem().Level.ShouldBe(EscalationLevel.Warn);
    }

    [Fact]
    public async Task A_heartbeat_sent_twice_under_one_key_is_one()
    {
        var stet = await NewTenantAsync();
        var options = new WriteOptions { IdempotencyKey = "beat-1" };

        var first = await stet.Enforcement.ReportAsync(Beat, options);
        var second = await stet.Enforcement.ReportAsync(Beat, options);

        (first.IsRepeated, second.IsRepeated, second.Position).ShouldBe((false, true, first.Position));
    }

    [Fact]
    public async Task Defaults_of_a_tenant_are_set_and_taken_back()
    {
        var stet = await NewTenantAsync();
        var usual = (await stet.Enforcement.DefaultsAsync()).Value;

        var set = (await stet.Enforcement.SetDefaultsAsync(new NewDefaults(IntervalSeconds: 5))).Value;
        var unset = (await stet.Enforcement.SetDefaultsAsync(new NewDefaults())).Value;

        (set.IntervalSeconds, set.GraceMultiplier).ShouldBe((5, usual.GraceMultiplier));
        unset.IntervalSeconds.ShouldBe(usual.IntervalSeconds);
    }

    [Theory]
    [InlineData(".")]
    [InlineData("..")]
    [InlineData("")]
    public async Task A_name_that_paths_give_another_meaning_reaches_no_other_resource(string systemId)
    {
        var stet = await NewTenantAsync();

        await Should.ThrowAsync<ArgumentException>(async () => await stet.Enforcement.RetireAsync(systemId));
    }
}
