using System.Text.Json.Nodes;
using Npgsql;
using Stet.Testing;
using Stet.Tests.Http;

namespace Stet.Tests.Enforcement;

public class StatusHttpSpecs
{
    [Fact]
    public async Task A_registered_system_is_missing_until_it_reports_and_stale_after_interval_times_grace()
    {
        var clock = new ManualClock();
        await using var service = await TestService.StartAsync(new TestServiceOptions { Clock = clock });
        var tenant = Tenancy.Of(service, TestService.NewTenantId());
        await tenant.PutAsync("bot", """{"interval_seconds":30}""");

        var levels = new List<string> { await LevelAsync(tenant) };
        clock.Advance(TimeSpan.FromSeconds(1));
        await tenant.BeatAsync("bot");
        levels.Add(await LevelAsync(tenant));
        clock.Advance(TimeSpan.FromSeconds(60));
        levels.Add(await LevelAsync(tenant));
        clock.Advance(TimeSpan.FromMicroseconds(1));
        levels.Add(await LevelAsync(tenant));

        levels.ShouldBe(["MISSING CRITICAL", "OK NONE", "OK NONE", "STALE WARN"]);
    }

    [Fact]
    public async Task A_tenant_whose_systems_report_more_than_4_MiB_of_errors_is_asked_about_one_of_them()
    {
        await using var service = await TestService.StartAsync();
        var tenant = Tenancy.Of(service, TestService.NewTenantId());
        var errors = string.Join(',', Enumerable.Range(0, 50).Select(n => $"\"{n} {new string('x', 490)}\""));
        await Task.WhenAll(Enumerable.Range(0, 180).Select(n => tenant.BeatAsync($"bot-{n}", more: $",\"errors\":[{errors}]")));

        foreach (var url in (string[])["/v1/enforcement/status", "/v1/enforcement/escalation"])
        {
            var refused = await tenant.GetAsync(url);
            refused.ShouldBeProblem(400, "invalid_request");
            refused.Pointers.ShouldBe(["system_id"], url);
        }

        (await tenant.StatusAsync("bot-17")).Text("compliance").ShouldBe("REJECTING");
    }

    [Fact]
    public async Task Two_instances_give_the_same_answer()
    {
        var clock = new ManualClock();
        await using var first = await TestService.StartAsync(new TestServiceOptions { Clock = clock });
        await using var second = await TestService.StartAsync(new TestServiceOptions { Clock = clock }, first.Database);
        var id = TestService.NewTenantId();
        var (here, there) = (Tenancy.Of(first, id), Tenancy.Of(second, id));
        await here.PutAsync("bot");
        await there.BeatAsync("bat");
        await here.CorrectAsync("name");
        clock.Advance(TimeSpan.FromSeconds(7));

        var answers = await Task.WhenAll(here.GetAsync("/v1/enforcement/status"), there.GetAsync("/v1/enforcement/status"));

        answers[0].Json["systems"]!.AsArray().Count.ShouldBe(2);
        answers[1].Text.ShouldBe(answers[0].Text);
        answers[1].ETag.ShouldBe(answers[0].ETag);
    }

    [Fact]
    public async Task A_status_has_an_etag_and_waits_for_a_position()
    {
        var clock = new ManualClock();
        await using var service = await TestService.StartAsync(new TestServiceOptions { Clock = clock });
        var tenant = Tenancy.Of(service, TestService.NewTenantId());
        await tenant.BeatAsync("bot");

        var answer = await tenant.GetAsync("/v1/enforcement/status?min_position=1");
        var same = await tenant.GetAsync("/v1/enforcement/status", ("If-None-Match", answer.ETag!));
        var never = await tenant.GetAsync("/v1/enforcement/escalation?min_position=2");

        answer.Headers["Stet-Position"].ShouldBe("1");
        same.Status.ShouldBe(304);
        never.ShouldBeProblem(503, "position_not_reached");
    }

    [Fact]
    public async Task A_system_lags_by_the_facts_in_its_scope_after_its_position()
    {
        var tenant = await Tenant.NewAsync();
        await tenant.PutAsync("bot", """{"scope":["allergies.*","name"],"allowance":{"corrections":1}}""");
        await tenant.CorrectAsync("name");
        await tenant.BeatAsync("bot", position: 2);
        (await LagAsync(tenant)).ShouldBe("CURRENT 0 NONE");

        await tenant.CorrectAsync("colour");
        await tenant.CorrectAsync("name.first");
        await tenant.CorrectAsync("allergies.nuts", correctionClass: "DISCARDABLE");
        (await LagAsync(tenant)).ShouldBe("CURRENT 0 NONE");

        await tenant.CorrectAsync("allergies.milk");
        (await LagAsync(tenant)).ShouldBe("LAGGING 1 NONE");

        var last = await tenant.CorrectAsync("name", "b");
        (await LagAsync(tenant)).ShouldBe("LAGGING 2 WARN");

        await tenant.BeatAsync("bot", position: (long)last["position"]!);
        (await LagAsync(tenant)).ShouldBe("CURRENT 0 NONE");
    }

    [Fact]
    public async Task A_system_without_a_position_lags_by_the_facts_after_its_version()
    {
        var clock = new ManualClock();
        await using var service = await TestService.StartAsync(new TestServiceOptions { Clock = clock });
        var tenant = Tenancy.Of(service, TestService.NewTenantId());
        var first = await tenant.CorrectAsync("name");
        clock.Advance(TimeSpan.FromSeconds(1));
        await tenant.CorrectAsync("name", "b");
        await tenant.CorrectAsync("name", "c");
        clock.Advance(TimeSpan.FromSeconds(8));

        await tenant.BeatAsync("bot", version: first.Text("created_at"));

        var lag = (await tenant.StatusAsync("bot"))["lag"]!;
        JsonNode.DeepEquals(lag, JsonNode.Parse("""{"corrections":2,"seconds":8,"more":false}""")).ShouldBeTrue(lag.ToJsonString());
    }

    [Fact]
    public async Task A_system_that_goes_back_has_regressed_and_one_that_reports_errors_rejects()
    {
        var tenant = await Tenant.NewAsync();
        await tenant.CorrectAsync("name");
        await tenant.BeatAsync("bot", position: 1);
        await tenant.BeatAsync("bot", position: 0);
        (await LagAsync(tenant)).ShouldBe("REGRESSED 1 WARN");

        await tenant.BeatAsync("bot", position: 1, more: ",\"errors\":[\"disk full\"]");

        (await LagAsync(tenant)).ShouldBe("REJECTING 0 WARN");
        (await tenant.StatusAsync("bot"))["errors"]![0]!.ToString().ShouldBe("disk full");
    }

    [Fact]
    public async Task No_more_than_1_000_corrections_are_counted()
    {
        await using var service = await TestService.StartAsync();
        var id = TestService.NewTenantId();
        var tenant = Tenancy.Of(service, id);
        await tenant.BeatAsync("bot", position: 0);
        await FillAsync(service, id, "colour");

        var status = await tenant.StatusAsync("bot");

        (status.Text("compliance"), status["lag"]!.Text("corrections"), status["lag"]!.Text("more")).ShouldBe(("LAGGING", "1000", "true"));
    }

    [Theory]
    [InlineData("name")]
    [InlineData("name.*")]
    [InlineData("a.b.*\",\"name")]
    public async Task A_system_lags_by_its_scope_alone_however_much_else_was_recorded(string scope)
    {
        await using var service = await TestService.StartAsync();
        var id = TestService.NewTenantId();
        var tenant = Tenancy.Of(service, id);
        await tenant.PutAsync("bot", $$$"""{"scope":["{{{scope}}}"],"allowance":{"corrections":0}}""");
        await tenant.BeatAsync("bot", position: 0);
        await FillAsync(service, id, "colour");

        (await LagAsync(tenant)).ShouldBe("CURRENT 0 NONE");

        await FillAsync(service, id, scope.EndsWith('*') ? "name.first" : "name", first: 2_001, last: 2_003);
        await FillAsync(service, id, "names", first: 2_004, last: 2_006);
        (await LagAsync(tenant)).ShouldBe("LAGGING 3 WARN");
    }

    [Fact]
    public async Task What_a_lag_reads_does_not_grow_with_what_is_in_scope()
    {
        await using var service = await TestService.StartAsync();
        var id = TestService.NewTenantId();
        await FillAsync(service, id, "name.first", first: 1, last: 6_000);
        await FillAsync(service, id, "name.last", first: 6_001, last: 6_003);
        await FillAsync(service, id, "colour", first: 6_004, last: 8_000);
        await FillAsync(service, id, "name.last", first: 8_001, last: 14_000);

        (await LagAsync("""["name.first"]""", after: 6_003)).ShouldBe("0 False, some of 8000 rows");
        (await LagAsync("""["name.*"]""", after: 6_003)).ShouldBe("1000 True, some of 8000 rows");
        (await LagAsync("""["name.*","colour"]""", after: 13_999)).ShouldBe("1 False, some of 8000 rows");
        (await LagAsync("""["nam.*","names.*","zoo.*"]""", after: 0)).ShouldBe("0 False, some of 8000 rows");

        async Task<string> LagAsync(string scope, long after)
        {
            // A session's own: its counts are of what it has not reported yet.
            await using var connection = new NpgsqlConnection($"{service.Database.ConnectionString};Pooling=false");
            await connection.OpenAsync();
            await using var transaction = await connection.BeginTransactionAsync();
            await using var lag = new NpgsqlCommand("select corrections, more from stet.enforcement_lag($1, $2, $3::json)", connection);
            foreach (var value in (object[])[id, after, scope]) lag.Parameters.Add(new NpgsqlParameter { Value = value });
            string found;
            await using (var row = await lag.ExecuteReaderAsync())
            {
                await row.ReadAsync();
                found = $"{row.GetInt64(0)} {row.GetBoolean(1)}";
            }

            await using var read = new NpgsqlCommand(
                "select idx_tup_fetch + seq_tup_read from pg_stat_xact_user_tables where relname = 'corrections'", connection);
            var rows = (long)(await read.ExecuteScalarAsync())!;
            return $"{found}, {(rows < 2_500 ? "some of 8000" : rows)} rows";
        }
    }

    // Rows as recording leaves them, without their events.
    static async Task FillAsync(TestService service, string tenantId, string field, int first = 4, int last = 1_200)
    {
        await using var connection = await service.Database.OpenAsync();
        await using var fill = new NpgsqlCommand("""
            insert into stet.corrections (tenant_id, correction_id, position, subject_type, subject_id, field_key, value, class,
                readers, scopes, deny_list, actor_type, actor_id, recorded_at, status)
            select $1, gen_random_uuid(), n, 'patient', 'p', $2, '1', 'FACT', '{}', '{}', '{}', 'a', 'b', now(), 'ACTIVE'
            from generate_series($3, $4) n
            """, connection);
        foreach (var value in (object[])[tenantId, field, first, last]) fill.Parameters.Add(new NpgsqlParameter { Value = value });
        await fill.ExecuteNonQueryAsync();
    }

    [Fact]
    public async Task A_muted_system_is_listed_and_does_not_escalate()
    {
        var tenant = await Tenant.NewAsync();
        await tenant.PutAsync("bot", """{"muted_until":"2999-01-01T00:00:00Z","muted_reason":"moving house"}""");

        var answer = (await tenant.GetAsync("/v1/enforcement/escalation")).Json;

        answer.Text("escalation").ShouldBe("NONE");
        var only = answer["affected_systems"]!.AsArray().Single()!;
        (only.Text("level"), only.Text("status"), only.Text("muted"), only.Text("muted_reason"))
            .ShouldBe(("CRITICAL", "MISSING", "true", "moving house"));
    }

    static async Task<string> LevelAsync(Tenant tenant) =>
        $"{(await tenant.StatusAsync("bot")).Text("status")} {(await tenant.GetAsync("/v1/enforcement/escalation")).Json.Text("escalation")}";

    static async Task<string> LagAsync(Tenant tenant)
    {
        var status = await tenant.StatusAsync("bot");
        var escalation = (await tenant.GetAsync("/v1/enforcement/escalation?system_id=bot")).Json.Text("escalation");
        return $"{status.Text("compliance")} {status["lag"]!.Text("corrections")} {escalation}";
    }
}
