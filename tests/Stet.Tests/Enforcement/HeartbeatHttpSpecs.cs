using Npgsql;
using Stet.Testing;
using Stet.Tests.Http;

namespace Stet.Tests.Enforcement;

public class HeartbeatHttpSpecs
{
    [Fact]
    public async Task A_system_that_nobody_knows_becomes_known_by_its_heartbeat()
    {
        var tenant = await Tenant.NewAsync();

        var answer = await tenant.BeatAsync("bot", more: ""","applied_at":"2020-01-01T00:00:00Z","errors":[],"origin":{"service":"b"},"sequence":1""");

        (answer.Status, answer.Text, answer.Headers["Stet-Position"]).ShouldBe((201, """{"status":"ok","position":1}""", "1"));
        var status = await tenant.StatusAsync("bot");
        (status.Text("status"), status.Text("registered"), status.Text("compliance")).ShouldBe(("OK", "false", "CURRENT"));
    }

    [Fact]
    public async Task A_heartbeat_sent_again_under_its_key_is_recorded_once()
    {
        var tenant = await Tenant.NewAsync();
        const string Body = """{"system_id":"bot","enforced_correction_version":"2020-01-01T00:00:00Z"}""";

        var first = await tenant.PostTextAsync("/v1/enforcement/heartbeat", Body, ("Idempotency-Key", "beat-1"));
        var again = await tenant.PostTextAsync("/v1/enforcement/heartbeat", Body, ("Idempotency-Key", "beat-1"));
        var other = await tenant.PostTextAsync("/v1/enforcement/heartbeat", Body.Replace("bot", "bat"), ("Idempotency-Key", "beat-1"));

        first.Status.ShouldBe(201);
        (again.Status, again.Text).ShouldBe((200, first.Text));
        other.ShouldBeProblem(409, "idempotency_conflict");
    }

    [Theory]
    [InlineData("""{"enforced_correction_version":"2020-01-01T00:00:00Z"}""", "/system_id")]
    [InlineData("""{"system_id":"a/b","enforced_correction_version":"2020-01-01T00:00:00Z"}""", "/system_id")]
    [InlineData("""{"system_id":"..","enforced_correction_version":"2020-01-01T00:00:00Z"}""", "/system_id")]
    [InlineData("""{"system_id":"bot"}""", "/enforced_correction_version")]
    [InlineData("""{"system_id":"bot","enforced_correction_version":"yesterday"}""", "/enforced_correction_version")]
    [InlineData("""{"system_id":"bot","enforced_correction_version":"2999-01-01T00:00:00Z"}""", "/enforced_correction_version")]
    [InlineData("""{"system_id":"bot","enforced_correction_version":"2020-01-01T00:00:00Z","applied_at":"2999-01-01T00:00:00Z"}""", "/applied_at")]
    [InlineData("""{"system_id":"bot","enforced_correction_version":"2020-01-01T00:00:00Z","enforced_position":-1}""", "/enforced_position")]
    [InlineData("""{"system_id":"bot","enforced_correction_version":"2020-01-01T00:00:00Z","enforced_position":1}""", "/enforced_position")]
    [InlineData("""{"system_id":"bot","enforced_correction_version":"2020-01-01T00:00:00Z","sequence":-1}""", "/sequence")]
    [InlineData("""{"system_id":"bot","enforced_correction_version":"2020-01-01T00:00:00Z","sequence":9007199254740992}""", "/sequence")]
    [InlineData("""{"system_id":"bot","enforced_correction_version":"2020-01-01T00:00:00Z","enforced_position":9007199254740992}""", "/enforced_position")]
    [InlineData("""{"system_id":"bot","enforced_correction_version":"2020-01-01T00:00:00Z","errors":[""]}""", "/errors")]
    [InlineData("""{"system_id":"bot","enforced_correction_version":"2020-01-01T00:00:00Z","errors":"none"}""", "/errors")]
    [InlineData("""{"system_id":"bot","enforced_correction_version":"2020-01-01T00:00:00Z","colour":"red"}""", "/colour")]
    public async Task A_wrong_member_is_refused_by_name(string body, string pointer)
    {
        var answer = await (await Tenant.NewAsync()).PostTextAsync("/v1/enforcement/heartbeat", body);

        answer.ShouldBeProblem(400, "invalid_request");
        answer.Pointers.ShouldBe([pointer]);
    }

    [Fact]
    public async Task More_than_50_errors_or_500_characters_are_refused()
    {
        var tenant = await Tenant.NewAsync();
        var many = string.Join(',', Enumerable.Range(0, 51).Select(n => $"\"error {n}\""));

        (await tenant.BeatAsync("bot", more: $",\"errors\":[{many}]")).Pointers.ShouldBe(["/errors"]);
        (await tenant.BeatAsync("bot", more: $",\"errors\":[\"{new string('a', 501)}\"]")).Pointers.ShouldBe(["/errors"]);
        (await tenant.BeatAsync("bot", more: $",\"origin\":{{\"service\":\"{new string('a', 201)}\"}}")).Pointers.ShouldBe(["/origin/service"]);
    }

    [Fact]
    public async Task A_position_that_the_log_has_reached_since_is_taken()
    {
        var tenant = await Tenant.NewAsync();
        await tenant.BeatAsync("bot");
        (await tenant.BeatAsync("bot", position: 2)).ShouldBeProblem(400, "invalid_request");

        await tenant.CorrectAsync("name");

        (await tenant.BeatAsync("bot", position: 2)).Status.ShouldBe(201);
    }

    [Fact]
    public async Task A_time_stands_for_the_newest_fact_recorded_up_to_it_wherever_it_is_looked_for_first()
    {
        await using var service = await TestService.StartAsync();
        var id = TestService.NewTenantId();
        var tenant = Tenancy.Of(service, id);
        await tenant.BeatAsync("bot");
        for (var n = 0; n < 12; n++) await tenant.CorrectAsync($"field-{n}", correctionClass: n % 3 == 1 ? "DISCARDABLE" : "FACT");
        await tenant.BeatAsync("bot");

        await using var connection = await service.Database.OpenAsync();
        await using var compare = new NpgsqlCommand("""
            select count(*), count(*) filter (where stet.fact_at($1, t.at, n.near) is distinct from t.expected)
            from (
                select e.timestamp + step as at, (
                    select coalesce(max(c.position), 0) from stet.corrections c
                    where c.tenant_id = $1 and c.class = 'FACT' and c.recorded_at <= e.timestamp + step) as expected
                from stet.mt_events e, unnest(array['-1 microsecond', '0', '1 microsecond']::interval[]) step
                where e.tenant_id = $1) t,
                (select null::bigint as near union all select generate_series(0, 15)) n
            """, connection);
        compare.Parameters.Add(new NpgsqlParameter { Value = id });
        await using var row = await compare.ExecuteReaderAsync();
        await row.ReadAsync();

        (row.GetInt64(0), row.GetInt64(1)).ShouldBe((14 * 3 * 17, 0));
    }
}
