using System.Text.Json.Nodes;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;
using Stet.EventStore;
using Stet.Policy;
using Stet.Policy.Lifecycle;
using Stet.Testing;
using static Stet.Tests.Policy.Lifecycle.Decided;
using static Stet.Tests.Policy.Lifecycle.Ordinary;
using Tenant = Stet.Tests.Http.Tenant;

namespace Stet.Tests.Policy.Lifecycle;

/// <summary>What is approved is what decides, whatever happens to the database; and read models can be made again.</summary>
public class TrustSpecs
{
    [Fact]
    public async Task A_text_that_was_tampered_with_decides_nothing_and_is_not_activated()
    {
        await using var home = await TestService.StartAsync();
        var tenantId = TestService.NewTenantId();
        var tenant = new Tenant(home.Client(tenantId));
        var active = await tenant.ActivateAsync(Text);
        var (candidate, triple) = await tenant.DiffedAsync(Second.Text);
        foreach (var approver in (string[])[Bob, Cleo]) (await tenant.StepAsync(candidate, "approvals", triple.DeepClone(), approver)).ShouldBeDone();
        await ExecuteAsync(home, """
            update stet.mt_events set data = replace(data::text, 'resource.open', '!resource.open')::jsonb where type = 'policy_drafted'
            """);

        await using var service = await TestService.StartAsync(database: home.Database);
        var elsewhere = new Tenant(service.Client(tenantId));
        var refused = await elsewhere.StepAsync(candidate, "activation", triple.DeepClone(), Dan);

        refused.ShouldBeProblem(409, "policy_will_not_load");
        ((string)(await elsewhere.GetAsync("/v1/policy/in-force")).Json["candidate"]!).ShouldBe(active);
        (await service.Services.GetRequiredService<PoliciesInForce>().NowAsync(tenantId, CancellationToken.None))
            .ShouldBeNull();
    }

    [Fact]
    public async Task A_report_that_was_tampered_with_is_made_again()
    {
        await using var service = await TestService.StartAsync();
        var tenantId = TestService.NewTenantId();
        var tenant = new Tenant(service.Client(tenantId));
        await service.DecideAsync(tenantId, Request("write"));
        var (candidate, triple) = await tenant.DiffedAsync(Text);
        var path = $"/v1/policy/candidates/{candidate}/diff/{triple["diff_digest"]}";
        var (before, kept) = ((await tenant.GetAsync(path)).Text, await KeptAsync());
        await ExecuteAsync(service, "update stet.policy_diff_report set lines = (select lines from stet.policy_diff_report where piece = 0 limit 1) where piece = 1");

        (await tenant.GetAsync(path)).Text.ShouldBe(before);
        (await KeptAsync()).ShouldBe(kept);

        Task<string> KeptAsync() =>
            ScalarAsync(service, "select string_agg(encode(lines, 'hex'), ' ' order by piece) from stet.policy_diff_report");
    }

    [Fact]
    public async Task Nothing_of_a_refused_activation_is_left_behind()
    {
        var service = await TestService.SharedAsync();
        var tenantId = TestService.NewTenantId();
        var tenant = new Tenant(service.Client(tenantId));
        await tenant.NameApproversAsync();
        var (candidate, triple) = await tenant.DiffedAsync(Text);
        (await tenant.StepAsync(candidate, "approvals", triple.DeepClone(), Bob)).ShouldBeDone();
        var store = service.Services.GetRequiredService<Store>();
        var before = await store.PositionAsync(tenantId, CancellationToken.None);

        (await tenant.StepAsync(candidate, "activation", triple.DeepClone(), Dan)).ShouldBeProblem(409, "approvals_missing");
        foreach (var time in (string[])["2020-01-01T00:00:00Z", "2999-01-01T00:00:00Z"])
        {
            var body = (JsonObject)triple.DeepClone();
            body["not_before"] = time;
            (await tenant.StepAsync(candidate, "activation", body, Dan)).ShouldBeProblem(400, "not_before_out_of_range");
        }

        (await store.PositionAsync(tenantId, CancellationToken.None)).ShouldBe(before);
        (await tenant.GetAsync("/v1/policy/in-force")).Json["candidate"].ShouldBeNull();
        (await service.Services.GetRequiredService<PoliciesInForce>().NowAsync(tenantId, CancellationToken.None))
            .ShouldBeNull();
    }

    [Fact]
    public async Task An_activation_sent_again_under_its_key_is_answered_again()
    {
        var tenant = await Tenant.NewAsync();
        await tenant.NameApproversAsync();
        var (candidate, triple) = await tenant.DiffedAsync(Text);
        foreach (var approver in (string[])[Bob, Cleo]) (await tenant.StepAsync(candidate, "approvals", triple.DeepClone(), approver)).ShouldBeDone();

        var first = await tenant.StepAsync(candidate, "activation", triple.DeepClone(), Dan, ("Idempotency-Key", "a1"));
        var again = await tenant.StepAsync(candidate, "activation", triple.DeepClone(), Dan, ("Idempotency-Key", "a1"));

        first.ShouldBeDone();
        (again.Status, again.Text).ShouldBe((200, first.Text));
    }

    [Fact]
    public async Task Read_models_and_state_come_out_of_the_log_again_as_they_are()
    {
        await using var service = await TestService.StartAsync();
        var tenantId = TestService.NewTenantId();
        var tenant = new Tenant(service.Client(tenantId));
        await tenant.ActivateAsync(Text);
        await tenant.ActivateAsync(Second.Text);
        await tenant.ActivateAsync(Third.Text, TimeProvider.System.GetUtcNow().AddDays(2));
        await tenant.ActivateAsync(Text, TimeProvider.System.GetUtcNow().AddDays(1));
        (await tenant.StepAsync(Third.Digest, "retirement", new JsonObject(), Dan)).ShouldBeDone();
        (await tenant.PostAsync("/v1/policy/rollback", new JsonObject { ["candidate"] = First.Digest, ["reason"] = "it broke" })).ShouldBeDone();
        var position = await service.DecideAsync(tenantId, Request());
        await ExecuteAsync(service, $$"""
            update stet.mt_events set data = jsonb_set(data, '{effective,decision}', 'false') where tenant_id = '{{tenantId}}' and seq_id = {{position}}
            """);
        (await tenant.PostAsync("/v1/policy/audit", new JsonObject())).Json["mismatches"]!.AsArray().Count.ShouldBe(1);

        await ShouldBeAsTheLogHasThemAsync(service);
    }

    [Fact]
    public async Task An_upgrade_withdraws_what_another_activation_had_taken_the_place_of()
    {
        await using var service = await TestService.StartAsync();
        var now = TimeProvider.System.GetUtcNow();
        foreach (var isRevived in (bool[])[true, false])
        {
            var tenantId = TestService.NewTenantId();
            var tenant = new Tenant(service.Client(tenantId));
            await tenant.ActivateAsync(Text);
            await tenant.ActivateAsync(Second.Text, now.AddDays(10));
            var second = await ScalarAsync(service, $$"""
                select state #>> '{activations,1}' from stet.policy_life where tenant_id = '{{tenantId}}'
                """);
            await tenant.ActivateAsync(Third.Text, now.AddDays(5));
            if (isRevived) (await tenant.StepAsync(Third.Digest, "retirement", new JsonObject(), Dan)).ShouldBeDone();
            await ExecuteAsync(service, $$"""
                update stet.policy_activation set withdrawn_position = null
                where tenant_id = '{{tenantId}}' and candidate = '{{Second.Digest}}';
                update stet.policy_life set state = replace(
                    state::text, state #>> '{activations,0}', (state #>> '{activations,0}') || ',' || '{{second}}')::json
                where tenant_id = '{{tenantId}}'
                """);
        }

        await ExecuteAsync(service, StetApplication.Schema.Single(s => s.Name.StartsWith("159", StringComparison.Ordinal)).Sql);

        await ShouldBeAsTheLogHasThemAsync(service);
    }

    static async Task ShouldBeAsTheLogHasThemAsync(TestService service)
    {
        var rebuild = new ProjectionRebuild(service.Database.ConnectionString, StoredSamples.Catalog);
        foreach (var target in (RebuildTarget[])[RebuildTarget.Of(new PolicyProjection()), RebuildTarget.Of(PolicyModule.LifeState)])
            (await rebuild.RunAsync(target, compareOnly: true, null, CancellationToken.None)).Differences.ShouldBeEmpty();
    }

    static async Task<string> ScalarAsync(TestService service, string sql)
    {
        await using var connection = await service.Database.OpenAsync();
        await using var command = new NpgsqlCommand(sql, connection);
        return (string)(await command.ExecuteScalarAsync())!;
    }

    static async Task ExecuteAsync(TestService service, string sql)
    {
        await using var connection = new NpgsqlConnection(service.Database.ConnectionString);
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync();
    }
}
