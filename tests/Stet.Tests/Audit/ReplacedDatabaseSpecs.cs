using System.Net;
using Npgsql;
using Stet.Testing;
using Stet.Tests.Enforcement;
using Stet.Tests.Policy.AuthZen;
using static Stet.Tests.Corrections.OrdinaryJson;

namespace Stet.Tests.Audit;

/// <summary>What a service remembers of a tenant, when the database behind it is suddenly one that lacks the tenant.</summary>
public class ReplacedDatabaseSpecs
{
    [Fact]
    public async Task A_tenant_that_is_made_again_has_one_set_of_keys_at_every_instance()
    {
        await using var service = await TestService.StartAsync();
        var log = LogClient.New(service);
        for (var write = 1; write <= 2; write++) (await log.Tenant.PostAsync("/v1/corrections", Correction("allergy"))).Status.ShouldBe(201);
        await ReplaceAsync(service, log);
        await MakeAgainAsync(log);

        (await log.Tenant.PostAsync("/v1/corrections", Correction("allergy"))).Status.ShouldBe(201);

        await using var second = await TestService.StartAsync(database: service.Database);
        (await log.At(second).Tenant.PostAsync("/v1/corrections", Correction("allergy").With("idempotency_key", "next"))).Status.ShouldBe(201);
        foreach (var id in await log.EventIdsAsync())
        {
            var pack = await log.At(second).GetAsync($"evidence/{id}");
            pack.Status.ShouldBe(HttpStatusCode.OK, pack.Text);
        }
    }

    [Theory]
    [InlineData("checkpoint")]
    [InlineData("checkpoint?witnessed=true")]
    [InlineData("inclusion?position=1")]
    [InlineData("proof/00000000-0000-4000-8000-000000000000")]
    public async Task A_log_that_is_gone_is_no_log(string resource)
    {
        await using var service = await TestService.StartAsync();
        var log = LogClient.New(service);
        await log.RecordAsync(1);
        (await log.CheckpointAsync()).Size.ShouldBe(1);
        await ReplaceAsync(service, log);

        (await log.GetAsync(resource)).Code.ShouldBe("unknown_tenant");
    }

    [Fact]
    public async Task A_position_that_only_the_lost_log_had_reached_is_ahead_of_the_log()
    {
        await using var service = await TestService.StartAsync();
        var log = LogClient.New(service);
        await log.RecordAsync(5);
        (await log.Tenant.BeatAsync("bot", more: ",\"enforced_position\":5")).Status.ShouldBe(201);
        await ReplaceAsync(service, log);
        await MakeAgainAsync(log);
        await log.RecordAsync(1);

        (await log.Tenant.BeatAsync("bot", more: ",\"enforced_position\":5")).ShouldBeProblem(400, "invalid_request");
    }

    [Fact]
    public async Task Decisions_go_by_the_entities_that_are_left()
    {
        await using var service = await TestService.StartAsync();
        var tenant = await DecisionTenancy.NewAsync(service);
        (await tenant.AskAsync(DecisionTenancy.Question())).ShouldBeTrue();
        (await tenant.SendAsync(HttpMethod.Put, "/v1/policy/entities/doc/plan", "{\"attrs\":{\"open\":false}}"u8.ToArray())).Status.ShouldBe(200);
        (await tenant.AskAsync(DecisionTenancy.Question())).ShouldBeFalse();

        await ExecuteAsync(service, $"""
            with stream as (
                update stet.mt_streams set version = version - 1 where tenant_id = '{tenant.Id}' and type = 'policy_entities' returning id, version)
            delete from stet.mt_events e using stream s where e.tenant_id = '{tenant.Id}' and e.stream_id = s.id and e.version > s.version;
            {EndSessions}
            """);

        (await tenant.AskAsync(DecisionTenancy.Question())).ShouldBeTrue();
    }

    const string EndSessions = """
        select pg_terminate_backend(pid, 5000) from pg_stat_activity
        where application_name like 'stet-%' and datname = current_database();
        """;

    /// <summary>A standby that lacks the tenant takes over.</summary>
    static Task ReplaceAsync(TestService service, LogClient log) => ExecuteAsync(service, $"""
            do $$
            declare t varchar;
            begin
                for t in
                    select c.relname from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attname = 'tenant_id'
                    where c.relnamespace = 'stet'::regnamespace and c.relkind in ('r', 'p') and not c.relispartition
                loop
                    execute format('delete from stet.%I where tenant_id = %L', t, '{log.TenantId}');
                end loop;
            end $$;
            {EndSessions}
            """);

    static async Task ExecuteAsync(TestService service, string sql)
    {
        await using var connection = await service.Database.OpenAsync();
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync();
    }

    static async Task MakeAgainAsync(LogClient log)
    {
        (await log.Tenant.PostAsync("/v1/corrections", Correction())).ShouldBeProblem(404, "unknown_tenant");
        (await log.Tenant.SendAsync(HttpMethod.Put, $"/v1/tenants/{log.TenantId}", null)).Status.ShouldBe(200);
    }
}
