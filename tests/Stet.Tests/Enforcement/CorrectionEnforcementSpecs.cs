using System.Text.Json.Nodes;
using Stet.Testing;
using Stet.Tests.Http;

namespace Stet.Tests.Enforcement;

public class CorrectionEnforcementSpecs
{
    [Fact]
    public async Task It_says_who_enforces_a_correction_since_when_and_who_does_not()
    {
        var clock = new ManualClock();
        await using var service = await TestService.StartAsync(new TestServiceOptions { Clock = clock });
        var tenant = Tenancy.Of(service, TestService.NewTenantId());
        await tenant.PutAsync("elsewhere", """{"scope":["colour"]}""");
        await tenant.PutAsync("silent");
        await tenant.BeatAsync("slow", position: 1);
        var correction = await tenant.CorrectAsync("name");
        clock.Advance(TimeSpan.FromSeconds(1));
        await tenant.BeatAsync("quick", position: (long)correction["position"]!);
        await tenant.BeatAsync("timed", version: correction.Text("created_at"));
        clock.Advance(TimeSpan.FromSeconds(1));
        await tenant.BeatAsync("quick", position: 5);
        await tenant.BeatAsync("timed", version: "2026-03-02T09:00:01.500Z");
        await tenant.PutAsync("young");

        var answer = await EnforcementAsync(tenant, correction);

        Systems(answer, "enforced", "since").ShouldBe(["quick 2026-03-02T09:00:01.000000Z", "timed 2026-03-02T09:00:01.000001Z"]);
        Systems(answer, "enforced", "reported_at").ShouldBe(["quick 2026-03-02T09:00:02.000000Z", "timed 2026-03-02T09:00:02.000001Z"]);
        Systems(answer, "not_enforced", "reported_at").ShouldBe(["silent ", "slow 2026-03-02T09:00:00.000002Z", "young "]);
        var one = (await tenant.GetAsync($"/v1/corrections/{correction.Text("correction_id")}/enforcement?system_id=slow")).Json;
        Systems(one, "enforced", "since").ShouldBeEmpty();
        Systems(one, "not_enforced", "reported_at").ShouldBe(["slow 2026-03-02T09:00:00.000002Z"]);
        var recorded = correction.Text("created_at");
        Systems(answer, "not_enforced", "since").ShouldBe([$"silent {recorded}", $"slow {recorded}", "young 2026-03-02T09:00:02.000002Z"]);
    }

    [Fact]
    public async Task A_system_that_went_back_behind_a_correction_does_not_enforce_it_any_more()
    {
        var tenant = await Tenant.NewAsync();
        var correction = await tenant.CorrectAsync("name");
        await tenant.BeatAsync("bot", position: 1);
        await tenant.BeatAsync("bot", position: 0);

        Systems(await EnforcementAsync(tenant, correction), "not_enforced", "system_id").ShouldBe(["bot bot"]);
    }

    [Fact]
    public async Task A_system_that_was_retired_enforces_only_what_it_reports_in_its_new_life()
    {
        var tenant = await Tenant.NewAsync();
        var correction = await tenant.CorrectAsync("name");
        await tenant.BeatAsync("bot", position: 1);
        await tenant.DeleteAsync("bot");
        Systems(await EnforcementAsync(tenant, correction), "enforced", "system_id").ShouldBeEmpty();

        await tenant.PutAsync("bot");
        Systems(await EnforcementAsync(tenant, correction), "not_enforced", "system_id").ShouldBe(["bot bot"]);

        await tenant.BeatAsync("bot", position: 1);
        var answer = await EnforcementAsync(tenant, correction);
        Systems(answer, "enforced", "since").ShouldBe(Systems(answer, "enforced", "reported_at"));
    }

    [Fact]
    public async Task Nobody_has_to_enforce_a_discardable_correction()
    {
        var tenant = await Tenant.NewAsync();
        await tenant.PutAsync("bot");

        var answer = await EnforcementAsync(tenant, await tenant.CorrectAsync("name", correctionClass: "DISCARDABLE"));

        (answer["enforced"]!.AsArray().Count, answer["not_enforced"]!.AsArray().Count).ShouldBe((0, 0));
    }

    [Fact]
    public async Task A_correction_without_any_system_has_nobody_to_enforce_it()
    {
        var tenant = await Tenant.NewAsync();

        var answer = await EnforcementAsync(tenant, await tenant.CorrectAsync("name"));

        (answer["enforced"]!.AsArray().Count, answer["not_enforced"]!.AsArray().Count).ShouldBe((0, 0));
    }

    [Fact]
    public async Task An_unknown_correction_another_tenants_and_a_malformed_id_are_not_found()
    {
        var tenant = await Tenant.NewAsync();
        var foreign = await (await Tenant.NewAsync()).CorrectAsync("name");

        foreach (var id in (string[])[foreign.Text("correction_id"), "01a1fc1d-9e3a-73ff-b372-3954e6e82790", "first"])
            (await tenant.GetAsync($"/v1/corrections/{id}/enforcement")).ShouldBeProblem(404, "correction_not_found");
    }

    static async Task<JsonNode> EnforcementAsync(Tenant tenant, JsonNode correction)
    {
        var answer = await tenant.GetAsync($"/v1/corrections/{correction.Text("correction_id")}/enforcement");
        answer.Status.ShouldBe(200, answer.Text);
        return answer.Json;
    }

    static string[] Systems(JsonNode answer, string list, string member) =>
        [.. answer[list]!.AsArray().Select(s => $"{s!["system_id"]} {s[member]}")];
}
