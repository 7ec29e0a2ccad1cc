using System.Text.Json.Nodes;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;
using Stet.EventStore;
using Stet.Policy.Decisions;
using Stet.Policy.Entities;
using Stet.Policy.Lifecycle;
using Stet.Testing;
using Stet.Tests.Policy.AuthZen;
using static Stet.Tests.Policy.Lifecycle.Decided;
using static Stet.Tests.Policy.Lifecycle.Ordinary;
using Tenant = Stet.Tests.Http.Tenant;

namespace Stet.Tests.Policy.Lifecycle;

public class AuditSpecs
{
    const string Path = "/v1/policy/audit";

    [Fact]
    public async Task Decisions_that_come_out_as_recorded_are_counted_once()
    {
        var (service, tenantId, tenant) = await StartAsync();
        await service.DecideAsync(tenantId, Request(), Request("write"), Request("delete"));

        var first = await AuditAsync(tenant);
        var second = await AuditAsync(tenant);

        (Count(first, "decisions"), Count(first, "mismatches"), Count(first, "unreplayable")).ShouldBe((3, 0, 0));
        (Count(second, "decisions"), second["mismatches"]!.AsArray().Count).ShouldBe((3, 0));
        var audited = (await EventsAsync(service, tenantId)).OfType<DecisionsAudited>().ShouldHaveSingleItem();
        (audited.From, audited.Decisions, audited.Mismatches, audited.Engine).ShouldBe((1, 3, 0, ValidatePolicy.Engine));
    }

    [Fact]
    public async Task An_audit_is_answered_with_a_receipt_of_what_it_recorded()
    {
        var (service, tenantId, tenant) = await StartAsync();
        await service.DecideAsync(tenantId, Request());

        var first = await tenant.PostAsync($"{Path}?receipt=true", new JsonObject());
        var second = await tenant.PostAsync($"{Path}?receipt=true", new JsonObject());

        first.Headers["Preference-Applied"].ShouldBe("receipt");
        first.Json["receipts"]!.AsArray().ShouldHaveSingleItem()!["data"]!["decisions"]!.GetValue<long>().ShouldBe(1);
        second.Json["receipts"]!.AsArray().ShouldBeEmpty();
    }

    [Fact]
    public async Task Each_decision_is_held_against_the_policies_it_was_made_by()
    {
        var (service, tenantId, tenant) = await StartAsync();
        await service.RecordAsync(tenantId, Event(null, Request()));
        await service.DecideAsync(tenantId, Request("write"));
        await tenant.ActivateAsync(Second.Text);
        await service.DecideAsync(tenantId, Request("write"));

        var audited = await AuditAsync(tenant);

        (Count(audited, "decisions"), Count(audited, "mismatches")).ShouldBe((3, 0));
    }

    [Fact]
    public async Task A_decision_of_before_all_entities_had_to_fit_comes_out_as_recorded_and_a_dry_run_tells_what_it_would_be_now()
    {
        var (service, tenantId) = (await TestService.SharedAsync(), TestService.NewTenantId());
        var tenant = new Tenant(service.Client(tenantId));
        var recorded = await tenant.PutAsync("/v1/policy/entities/Document/d2", """{"attrs":{"open":"yes"}}""");
        var rules = Text with
        {
            Policies = [new NamedPolicy("all", """permit (principal, action == Action::"read", resource) unless { Document::"d2" has open && Document::"d2".open == true };""")],
        };
        await tenant.ActivateAsync(rules);
        var policy = await service.Services.GetRequiredService<PoliciesInForce>().NowAsync(tenantId, CancellationToken.None);
        var known = await service.Services.GetRequiredService<PolicyEntities>().AtPositionAsync(
            tenantId, recorded.Position(), CancellationToken.None);
        var decided = Event(policy, Request() with { Layer = 1 }, recorded.Position(), known);
        await service.RecordAsync(tenantId, decided);

        var audited = await AuditAsync(tenant);
        var (candidate, triple) = await tenant.DiffedAsync(rules with
        {
            Policies = [.. rules.Policies, new NamedPolicy("more", """permit (principal, action == Action::"write", resource);""")],
        });
        var report = await tenant.GetAsync($"/v1/policy/candidates/{candidate}/diff/{triple["diff_digest"]}");

        decided.Effective.Decision.ShouldBeTrue();
        (Count(audited, "decisions"), Count(audited, "mismatches"), Count(audited, "unreplayable")).ShouldBe((1, 0, 0));
        report.Text.ShouldContain("\"schema_invalid\":1");
    }

    [Fact]
    public async Task A_decision_that_was_tampered_with_is_found_with_both_results_and_reported_once()
    {
        var (service, tenantId, tenant) = await StartAsync();
        var position = await service.DecideAsync(tenantId, Request("write"));
        await ExecuteAsync(service, $$"""
            update stet.mt_events set data = jsonb_set(data, '{effective}', '{"decision":true,"class":"allow","obligations":[]}')
            where tenant_id = '{{tenantId}}' and seq_id = {{position}}
            """);

        var audited = await AuditAsync(tenant);
        await AuditAsync(tenant);

        Count(audited, "mismatches").ShouldBe(1);
        ((long)audited["mismatches"]![0]!["decision_position"]!).ShouldBe(position);
        var found = (await EventsAsync(service, tenantId)).OfType<DecisionMismatchFound>().ShouldHaveSingleItem();
        (found.Position, found.Recorded.Effective.Decision, found.Replayed.Effective.Decision).ShouldBe((position, true, false));
        ((bool)(await DecisionAsync(service, tenantId, position))["effective"]!["decision"]!).ShouldBeTrue();
    }

    [Fact]
    public async Task A_decision_is_held_against_policies_that_were_in_force_and_not_against_an_earlier_draft_of_them_with_a_wrong_test()
    {
        var tenant = await Tenant.NewAsync();
        static string Test(bool expected) => $$$$"""
            [{"name":"who reads","request":{"subject":{"type":"User","id":"u"},"action":{"name":"read"},
              "resource":{"type":"Document","id":"d","properties":{"open":true}}},"expected":{"decision":{{{{(expected ? "true" : "false")}}}}}}]
            """;
        ((string)(await tenant.DraftAsync(Text with { Tests = Test(false) })).Json["state"]!).ShouldBe("invalid");
        await tenant.ActivateAsync(Text with { Tests = Test(true) });
        (await tenant.PutAsync("/v1/policy/entities/User/u", "{}")).Status.ShouldBe(201);
        var answer = await tenant.PostAsync("/access/v1/evaluation", JsonNode.Parse("""
            {"subject":{"type":"User","id":"u"},"action":{"name":"read"},"resource":{"type":"Document","id":"d","properties":{"open":true}}}
            """)!);

        var audited = await AuditAsync(tenant);
        var promoted = await tenant.PostAsync($"/v1/policy/decisions/{answer.Headers["Stet-Evaluation-Id"]}/promotion", new JsonObject());

        (Count(audited, "decisions"), Count(audited, "mismatches"), Count(audited, "unreplayable")).ShouldBe((1, 0, 0));
        ((string)promoted.Json["test"]!["entities"]!.AsArray().ShouldHaveSingleItem()!["uid"]!["id"]!).ShouldBe("u");
    }

    [Fact]
    public async Task What_is_found_is_on_record_before_the_audit_rests()
    {
        var (service, tenantId, _) = await StartAsync();
        var position = await service.DecideAsync(tenantId, Request("write"));
        await ExecuteAsync(service, $$"""
            update stet.mt_events set data = jsonb_set(data, '{effective}', '{"decision":true,"class":"allow","obligations":[]}')
            where tenant_id = '{{tenantId}}' and seq_id = {{position}}
            """);
        await using var connection = new NpgsqlConnection(service.Database.ConnectionString);
        await connection.OpenAsync();
        var found = new List<int>();

        await service.Services.GetRequiredService<TenantAudit>().RunAsync(connection, tenantId, from: null, asker: null, async _ =>
            found.Add((await EventsAsync(service, tenantId)).OfType<DecisionMismatchFound>().Count()), CancellationToken.None);

        found.ShouldBe([1]);
    }

    [Fact]
    public async Task Who_lost_the_lock_to_another_audit_records_nothing_of_what_that_one_did()
    {
        var (service, tenantId, _) = await StartAsync();
        await service.DecideAsync(tenantId, Request("write"));
        var audit = service.Services.GetRequiredService<TenantAudit>();
        await using var first = new NpgsqlConnection(service.Database.ConnectionString);
        await first.OpenAsync();
        await using var second = new NpgsqlConnection(service.Database.ConnectionString);
        await second.OpenAsync();
        AuditProgress? meanwhile = null;

        var progress = await audit.RunAsync(first, tenantId, from: null, asker: null, async cancel =>
        {
            await ExecuteAsync(service, $"select pg_terminate_backend({first.ProcessID}, 5000)");
            meanwhile ??= await audit.RunAsync(second, tenantId, from: null, asker: null, _ => Task.CompletedTask, cancel);
        }, CancellationToken.None);

        progress.ShouldBeNull();
        meanwhile.ShouldNotBeNull().Decisions.ShouldBe(1);
        (await EventsAsync(service, tenantId)).OfType<DecisionsAudited>().ShouldHaveSingleItem();
    }

    [Fact]
    public async Task What_is_on_record_is_not_recorded_again_when_the_audit_broke_off_before_it_noted_how_far_it_was()
    {
        await using var service = await TestService.StartAsync();
        var tenantId = TestService.NewTenantId();
        var tenant = new Tenant(service.Client(tenantId));
        await tenant.ActivateAsync(Text);
        var position = await service.DecideAsync(tenantId, Request("write"));
        await ExecuteAsync(service, $$"""
            update stet.mt_events set data = jsonb_set(data, '{effective}', '{"decision":true,"class":"allow","obligations":[]}')
            where tenant_id = '{{tenantId}}' and seq_id = {{position}};
            create function public.fail() returns trigger language plpgsql as 'begin raise exception ''no''; end';
            create trigger fail before insert or update on stet.policy_audit for each row execute function public.fail();
            """);

        for (var attempt = 1; attempt <= 2; attempt++) (await tenant.PostAsync(Path, new JsonObject())).Status.ShouldBe(500);
        await ExecuteAsync(service, "drop trigger fail on stet.policy_audit");
        await service.DecideAsync(tenantId, Request());
        var audited = await AuditAsync(tenant);

        (Count(audited, "decisions"), Count(audited, "mismatches")).ShouldBe((2, 1));
        var events = await EventsAsync(service, tenantId);
        events.OfType<DecisionMismatchFound>().ShouldHaveSingleItem();
        events.OfType<DecisionsAudited>().Select(e => (e.From, e.To, e.Decisions)).ShouldBe([(1, position, 1), (position + 1, position + 3, 1)]);
    }

    [Fact]
    public async Task Inputs_that_are_gone_are_counted_and_are_no_mismatch()
    {
        var (service, tenantId, tenant) = await StartAsync();
        var position = await service.DecideAsync(tenantId, Request());
        await service.LoseSubjectAsync(tenantId, position);

        var audited = await AuditAsync(tenant);

        (Count(audited, "decisions"), Count(audited, "unreplayable"), Count(audited, "mismatches")).ShouldBe((1, 1, 0));
    }

    [Fact]
    public async Task A_decision_that_is_not_what_its_replay_digest_says_is_counted()
    {
        var (service, tenantId, tenant) = await StartAsync();
        var position = await service.DecideAsync(tenantId, Request(), Request(), Request());
        await ExecuteAsync(service, $$"""
            update stet.mt_events set data = jsonb_set(data, '{subject,id}', '"eve"') where tenant_id = '{{tenantId}}' and seq_id = {{position}}
            """);

        var audited = await AuditAsync(tenant);

        (Count(audited, "decisions"), Count(audited, "unreplayable"), Count(audited, "mismatches")).ShouldBe((3, 1, 0));
    }

    [Fact]
    public async Task A_decision_of_all_kinds_of_values_still_has_its_replay_digest_when_it_comes_back()
    {
        var (service, tenantId, _) = await StartAsync();
        var digest = ReplayDigest.Of(Decisions.StoredEventSpecs.Recorded);
        await service.RecordAsync(tenantId, Decisions.StoredEventSpecs.Recorded with { ReplayDigest = digest });

        var read = (await EventsAsync(service, tenantId)).OfType<DecisionRecorded>().ShouldHaveSingleItem();

        (read.ReplayDigest, ReplayDigest.Of(read)).ShouldBe((digest, digest));
    }

    [Fact]
    public async Task An_audit_can_be_made_again_from_any_position()
    {
        var (service, tenantId, tenant) = await StartAsync();
        var last = await service.DecideAsync(tenantId, Request(), Request());
        await AuditAsync(tenant);

        var again = await tenant.PostAsync(Path, new JsonObject { ["from"] = last });

        ((long)again.Json["progress"]!["decisions"]!).ShouldBe(1);
        (await tenant.PostAsync(Path, new JsonObject { ["from"] = 0 })).Pointers.ShouldBe(["/from"]);
    }

    [Fact]
    public async Task An_audit_from_a_later_position_leaves_alone_how_far_the_audit_has_come()
    {
        var (service, tenantId, tenant) = await StartAsync();
        var last = await service.DecideAsync(tenantId, Request(), Request());

        var beyond = await tenant.PostAsync(Path, new JsonObject { ["from"] = last + 2 });
        var tail = await tenant.PostAsync(Path, new JsonObject { ["from"] = last });
        var known = (await tenant.GetAsync(Path)).Json;
        var audited = await AuditAsync(tenant);

        beyond.ShouldBeProblem(400, "invalid_request");
        beyond.Pointers.ShouldBe(["/from"]);
        (Count(tail.Json, "decisions"), Count(tail.Json, "position")).ShouldBe((1, last));
        (Count(known, "decisions"), Count(known, "position")).ShouldBe((0, 0));
        Count(audited, "decisions").ShouldBe(2);
        (await EventsAsync(service, tenantId)).OfType<DecisionsAudited>().Select(e => (e.From, e.Decisions)).ShouldBe([(last, 1), (1, 2)]);
    }

    [Fact]
    public async Task The_background_audits_what_is_due_and_after_an_upgrade_everything()
    {
        await using var service = await TestService.StartAsync(new TestServiceOptions
        {
            Settings = new Dictionary<string, string?> { ["Policy:AuditShare"] = "1", ["Policy:AuditInterval"] = "00:01:00" },
        });
        var tenantId = TestService.NewTenantId();
        var tenant = new Tenant(service.Client(tenantId));
        await tenant.ActivateAsync(Text);
        await service.DecideAsync(tenantId, Request(), Request());
        var background = service.Services.GetRequiredService<BackgroundAudit>();

        await background.RoundAsync(CancellationToken.None);
        await background.RoundAsync(CancellationToken.None);

        Count((await tenant.GetAsync(Path)).Json, "decisions").ShouldBe(2);
        (await EventsAsync(service, tenantId)).OfType<DecisionsAudited>().Count().ShouldBe(1);

        await ExecuteAsync(service, """
            update stet.policy_audit set engine = 'Stet.Cedar 0.1';
            update stet.mt_events set data = jsonb_set(data, '{engine}', '"Stet.Cedar 0.1"') where type = 'decisions_audited'
            """);
        Count((await tenant.GetAsync(Path)).Json, "decisions").ShouldBe(0);
        await background.RoundAsync(CancellationToken.None);
        (await EventsAsync(service, tenantId)).OfType<DecisionsAudited>().Select(e => (e.From, e.Decisions)).ShouldBe([(1, 2), (1, 2)]);
    }

    [Fact]
    public async Task Engines_side_by_side_leave_each_other_their_progress()
    {
        var (service, tenantId, tenant) = await StartAsync();
        await service.DecideAsync(tenantId, Request());
        await AuditAsync(tenant);
        await ExecuteAsync(service, $"update stet.policy_audit set engine = 'Stet.Cedar 0.1' where tenant_id = '{tenantId}'");

        await AuditAsync(tenant);
        await ExecuteAsync(service, $"""
            delete from stet.policy_audit where tenant_id = '{tenantId}' and engine = '{ValidatePolicy.Engine}';
            update stet.policy_audit set engine = '{ValidatePolicy.Engine}' where tenant_id = '{tenantId}' and engine = 'Stet.Cedar 0.1'
            """);

        Count((await tenant.GetAsync(Path)).Json, "decisions").ShouldBe(1);
    }

    [Fact]
    public async Task A_tenant_whose_audit_fails_keeps_no_other_waiting()
    {
        await using var service = await TestService.StartAsync(new TestServiceOptions
        {
            Settings = new Dictionary<string, string?> { ["Policy:AuditShare"] = "1" },
        });
        string[] tenantIds = [.. new[] { TestService.NewTenantId(), TestService.NewTenantId() }.Order(StringComparer.Ordinal)];
        foreach (var tenantId in tenantIds)
        {
            await new Tenant(service.Client(tenantId)).ActivateAsync(Text);
            await service.DecideAsync(tenantId, Request());
        }

        await ExecuteAsync(service, $$"""
            create function public.fail() returns trigger language plpgsql as 'begin raise exception ''no''; end';
            create trigger fail before insert or update on stet.policy_audit
                for each row when (new.tenant_id = '{{tenantIds[0]}}') execute function public.fail();
            """);

        await service.Services.GetRequiredService<BackgroundAudit>().RoundAsync(CancellationToken.None);

        Count((await new Tenant(service.Client(tenantIds[1])).GetAsync(Path)).Json, "decisions").ShouldBe(1);
    }

    [Fact]
    public async Task While_an_audit_is_under_way_another_is_put_off()
    {
        var (service, tenantId, tenant) = await StartAsync();
        await using var connection = new NpgsqlConnection(service.Database.ConnectionString);
        await connection.OpenAsync();
        await using var hold = new NpgsqlCommand($"select pg_advisory_lock(hashtextextended('policy_audit:{tenantId}', 0))", connection);
        await hold.ExecuteNonQueryAsync();

        var answer = await tenant.PostAsync(Path, new JsonObject());

        answer.ShouldBeProblem(503, "audit_running");
        answer.Headers["Retry-After"].ShouldBe("5");
    }

    static async Task<(TestService Service, string TenantId, Tenant Tenant)> StartAsync()
    {
        var service = await TestService.SharedAsync();
        var tenantId = TestService.NewTenantId();
        var tenant = new Tenant(service.Client(tenantId));
        await tenant.ActivateAsync(Text);
        return (service, tenantId, tenant);
    }

    static async Task<JsonNode> AuditAsync(Tenant tenant)
    {
        var answer = await tenant.PostAsync(Path, new JsonObject());
        answer.Status.ShouldBe(200, answer.Text);
        return answer.Json;
    }

    static long Count(JsonNode answer, string name) => (long)answer["progress"]![name]!;

    static async Task<object[]> EventsAsync(TestService service, string tenantId) =>
        [.. (await service.Services.GetRequiredService<Store>().ReadAsync(tenantId, 0, 1_000, CancellationToken.None)).Select(e => e.Data)];

    static async Task<JsonNode> DecisionAsync(TestService service, string tenantId, long position)
    {
        await using var connection = new NpgsqlConnection(service.Database.ConnectionString);
        await connection.OpenAsync();
        await using var read = new NpgsqlCommand($"select data::text from stet.mt_events where tenant_id = '{tenantId}' and seq_id = {position}", connection);
        return JsonNode.Parse((string)(await read.ExecuteScalarAsync())!)!;
    }

    static async Task ExecuteAsync(TestService service, string sql)
    {
        await using var connection = new NpgsqlConnection(service.Database.ConnectionString);
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync();
    }
}
