using System.Text.Json.Nodes;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;
using Stet.EventStore;
using Stet.Policy;
using Stet.Policy.Decisions;
using Stet.Policy.Lifecycle;
using Stet.Testing;
using Stet.Tests.Http;
using static Stet.Tests.Policy.Lifecycle.Decided;
using static Stet.Tests.Policy.Lifecycle.Ordinary;
using static Stet.Tests.Policy.Lifecycle.Widening;
using Tenant = Stet.Tests.Http.Tenant;

namespace Stet.Tests.Policy.Lifecycle;

/// <summary>An activation rests on a diff, and on what has been decided since.</summary>
public class DiffedActivationSpecs
{
    [Fact]
    public async Task More_of_the_same_since_the_diff_is_expected_and_counted()
    {
        var (_, tenantId, tenant) = await StartAsync();
        var service = await TestService.SharedAsync();
        await service.DecideAsync(tenantId, Request("write"));
        var triple = await ApprovedAsync(tenant);
        await service.DecideAsync(tenantId, Request("write"), Request("write", user: "ben"), Request());

        var activated = await tenant.StepAsync(Wider.Digest, "activation", triple, Dan);

        activated.ShouldBeDone();
        var e = activated.Json["steps"]![0]!["event"]!;
        Counts(e["tail"]!).ShouldBe("deny_to_allow 2, same 1");
        ((long)e["tail_to"]!).ShouldBeGreaterThan((long)triple["position"]!);
    }

    [Fact]
    public async Task A_kind_of_change_that_the_diff_does_not_contain_stops_an_activation()
    {
        var (_, tenantId, tenant) = await StartAsync();
        var service = await TestService.SharedAsync();
        await service.DecideAsync(tenantId, Request());
        var triple = await ApprovedAsync(tenant);
        await service.DecideAsync(tenantId, Request("write"));

        var refused = await tenant.StepAsync(Wider.Digest, "activation", triple, Dan);

        refused.ShouldBeProblem(409, "diff_stale");
        ((string)refused.Json["reason"]!).ShouldBe("new_kind");
        ((string)(await tenant.GetAsync("/v1/policy/in-force")).Json["candidate"]!).ShouldBe(First.Digest);
    }

    [Fact]
    public async Task No_decision_comes_between_what_was_replayed_and_the_activation()
    {
        var (service, tenantId, tenant) = await StartAsync();
        await service.DecideAsync(tenantId, Request("write"), Request());
        var triple = await ApprovedAsync(tenant);
        using var ended = new CancellationTokenSource();
        var asking = Enumerable.Range(0, 4).Select(_ => Task.Run(async () =>
        {
            while (!ended.IsCancellationRequested)
                (await tenant.PostAsync("/access/v1/evaluation", Asked())).Status.ShouldBe(200);
        })).ToArray();

        var activated = await tenant.StepAsync(Wider.Digest, "activation", triple, Dan);
        await ended.CancelAsync();
        await Task.WhenAll(asking);

        activated.ShouldBeDone();
        var (position, replayed) = ((long)activated.Json["steps"]![0]!["position"]!, (long)activated.Json["steps"]![0]!["event"]!["tail_to"]!);
        var events = await service.Services.GetRequiredService<Store>().ReadAsync(tenantId, replayed, (int)(position - replayed), CancellationToken.None);
        events[^1].Data.ShouldBeOfType<PolicyActivated>();
        events.ShouldNotContain(e => e.Data is DecisionRecorded);

        static JsonObject Asked() => new()
        {
            ["subject"] = new JsonObject { ["type"] = "User", ["id"] = "ann" },
            ["action"] = new JsonObject { ["name"] = "write" },
            ["resource"] = new JsonObject { ["type"] = "Document", ["id"] = "d1", ["properties"] = new JsonObject { ["open"] = true } },
        };
    }

    [Fact]
    public async Task An_activation_that_was_overtaken_by_a_decision_is_not_recorded()
    {
        var (service, tenantId, tenant) = await StartAsync();
        var replayed = await service.DecideAsync(tenantId, Request());
        await service.DecideAsync(tenantId, Request("write"));

        (await Should.ThrowAsync<PostgresException>(() => ActivateAsync(atOnce: true))).SqlState.ShouldBe(PolicyProjection.Overtaken);
        (await ActivateAsync(atOnce: false)).Outcome.ShouldBe(AppendOutcome.Recorded);

        async Task<AppendResult> ActivateAsync(bool atOnce)
        {
            var store = service.Services.GetRequiredService<Store>();
            var stream = (await store.FindTenantAsync(tenantId, CancellationToken.None))!.StreamId(PolicyModule.LifeName);
            return await store.AppendAsync(tenantId, new EventMetadata("operator"), new StreamCommand<PolicyLife>(PolicyModule.LifeState, stream, (_, now) =>
                [new PolicyActivated(
                    Wider.Digest, Wider.PolicySetDigest, Wider.SchemaDigest, DiffDigest, replayed, StringSet.Of(Bob, Cleo),
                    atOnce ? now : now.AddDays(1), replayed, DiffCounts.None, Dan, now)]), CancellationToken.None);
        }
    }

    [Fact]
    public async Task A_newer_diff_or_another_policy_in_force_stops_an_activation()
    {
        var (_, tenantId, tenant) = await StartAsync();
        var service = await TestService.SharedAsync();
        var triple = await ApprovedAsync(tenant);
        await service.DecideAsync(tenantId, Request());
        await tenant.DiffAsync(Wider.Digest);

        Reason(await tenant.StepAsync(Wider.Digest, "activation", triple, Dan)).ShouldBe("newer_diff");

        var again = await tenant.DiffAsync(Wider.Digest, new JsonObject { ["from"] = 1 });
        foreach (var approver in (string[])[Bob, Cleo]) (await tenant.StepAsync(Wider.Digest, "approvals", again.DeepClone(), approver)).ShouldBeDone();
        await tenant.ActivateAsync(Second.Text);
        Reason(await tenant.StepAsync(Wider.Digest, "activation", again, Dan)).ShouldBe("baseline_changed");

        static string Reason(Answer answer)
        {
            answer.ShouldBeProblem(409, "diff_stale");
            return (string)answer.Json["reason"]!;
        }
    }

    static async Task<JsonObject> ApprovedAsync(Tenant tenant)
    {
        var (candidate, triple) = await tenant.DiffedAsync(Wider.Text);
        foreach (var approver in (string[])[Bob, Cleo]) (await tenant.StepAsync(candidate, "approvals", triple.DeepClone(), approver)).ShouldBeDone();
        return triple;
    }
}
