using Npgsql;
using Stet.EventStore;
using Stet.Testing;
using Stet.Tests.Enforcement;
using Stet.Tests.Policy.AuthZen;
using static Stet.Tests.Corrections.OrdinaryJson;

namespace Stet.Tests;

public class RebuildSpecs
{
    [Fact]
    public async Task Every_read_model_and_snapshot_comes_out_of_the_log_again_as_it_is()
    {
        await using var service = await TestService.StartAsync();
        var tenant = Tenancy.Of(service, TestService.NewTenantId());
        await tenant.RecordAsync(Correction("name", "a"));
        await tenant.RecordAsync(Correction("name", "b"));
        var third = (string?)(await tenant.RecordAsync(Correction("colour", "c")))["correction_id"];
        (await tenant.PostAsync($"/v1/corrections/{third}/revoke", Revocation())).Status.ShouldBe(200);
        await tenant.RecordAsync(Correction("colour", "d").Permitting(scopes: ["doctors"], deny: ["spy"]));
        (await tenant.PutAsync("bot", """{"scope":["name"]}""")).Status.ShouldBe(201);
        await tenant.BeatAsync("bot", position: 5);
        await tenant.BeatAsync("bot", position: 2);
        await tenant.BeatAsync("bot", position: 6);
        await tenant.BeatAsync("other");
        (await tenant.DeleteAsync("bot")).Status.ShouldBe(200);
        (await tenant.PutAsync("bot")).Status.ShouldBe(201);
        await tenant.BeatAsync("bot", position: 3);
        await tenant.BeatAsync("bot", position: 1);
        (await tenant.SendAsync(HttpMethod.Put, "/v1/enforcement/defaults", """{"interval_seconds":30}"""u8.ToArray())).Status.ShouldBe(200);

        var contexts = StetApplication.Contexts();
        var rebuild = new ProjectionRebuild(service.Database.ConnectionString, contexts.Catalog);
        var targets = contexts.Projections.Select(RebuildTarget.Of)
            .Concat(contexts.States.Where(s => s.SnapshotTable is not null).Select(RebuildTarget.Of)).ToArray();

        targets.Length.ShouldBeGreaterThan(5);
        foreach (var target in targets)
        {
            var report = await rebuild.RunAsync(target, compareOnly: true, null, CancellationToken.None);
            report.Differences.ShouldBeEmpty(target.Name);
        }
    }

    [Fact]
    public async Task Running_services_decide_by_rebuilt_policies()
    {
        await using var service = await TestService.StartAsync();
        var tenant = await DecisionTenancy.NewAsync(service);
        await using (var connection = await service.Database.OpenAsync())
        await using (var damage = new NpgsqlCommand("update stet.policy_activation set withdrawn_position = position", connection))
            await damage.ExecuteNonQueryAsync();
        await using var second = await TestService.StartAsync(database: service.Database);
        var there = Tenancy.Of(second, tenant.Id);
        (await there.AskAsync(DecisionTenancy.Question())).ShouldBeFalse();

        var contexts = StetApplication.Contexts();
        var target = RebuildTarget.Of(contexts.Projections.Single(p => p.Tables.Contains("policy_activation")));
        (await new ProjectionRebuild(service.Database.ConnectionString, contexts.Catalog).RunAsync(target, compareOnly: false, null, CancellationToken.None))
            .Switched.ShouldBeTrue();
        await there.RecordAsync(Correction());

        (await there.AskAsync(DecisionTenancy.Question())).ShouldBeTrue();
    }
}
