using System.Net;
using System.Text;
using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;
using Stet.Audit.Witnesses;
using Stet.AuditLog;
using Stet.Testing;
using Stet.Tests.Observability;

namespace Stet.Tests.Audit.Witnesses;

/// <summary>A service and a witness that behaves, or does not.</summary>
public sealed class WitnessRoundsSpecs : IAsyncLifetime
{
    readonly ManualClock clock = new();
    readonly CapturedLogs logs = new();
    readonly string tenantId = TestService.NewTenantId();
    ScriptedWitness witness = null!;
    TestService service = null!;
    HttpClient client = null!;

    public async Task InitializeAsync()
    {
        witness = await ScriptedWitness.StartAsync();
        service = await TestService.StartAsync(new() { Clock = clock, Log = logs, Settings = witness.Settings });
        client = service.Client(tenantId);

        // The log exists from here on, and is due for a round with its first event.
        using (var created = await client.PutAsync($"/v1/tenants/{tenantId}", null)) created.StatusCode.ShouldBe(HttpStatusCode.OK);
        using var keys = JsonDocument.Parse(await client.GetStringAsync("/v1/audit/keys"));
        witness.Know(keys.RootElement.GetProperty("keys")[0].GetProperty("vkey").GetString()!);
    }

    public async Task DisposeAsync()
    {
        client.Dispose();
        await service.DisposeAsync();
        await witness.DisposeAsync();
        logs.Dispose();
    }

    [Fact]
    public async Task A_checkpoint_is_served_with_the_line_of_a_witness()
    {
        await RecordAsync("a");
        await RoundAsync();

        var (note, cosigned) = await CheckpointAsync();

        cosigned.ShouldBeTrue();
        note.Signatures.Count.ShouldBe(2);
    }

    [Fact]
    public async Task A_log_that_grows_is_cosigned_with_a_proof()
    {
        await RecordAsync("a");
        await RoundAsync();
        await RecordAsync("b");
        await RecordAsync("c");
        await RoundAsync();

        (await CheckpointAsync()).IsCosigned.ShouldBeTrue();
        witness.Requests.Count.ShouldBe(2);
        witness.Requests[0].ShouldStartWith("old 0\n\n");
        witness.Requests[1].ShouldStartWith("old 1\n");
    }

    [Theory]
    [InlineData("503")]
    [InlineData("429")]
    [InlineData("lost")]
    [InlineData("late")]
    [InlineData("nonsense")]
    [InlineData("wrong line")]
    [InlineData("line of a stranger")]
    [InlineData("409 with nonsense")]
    [InlineData("422 without a proof")]
    public async Task A_witness_that_fails_once_keeps_nobody_waiting_and_has_cosigned_in_the_second_round(string failure)
    {
        witness.Next(failure switch
        {
            "503" => ScriptedWitness.Answers(503),
            "429" => ScriptedWitness.Answers(429),
            "lost" => ScriptedWitness.HangsUp,
            "late" => ScriptedWitness.NeverAnswers,
            "nonsense" => ScriptedWitness.Answers(200, "certainly\n"),
            "wrong line" => witness.AnswersWithAWrongLine,
            "line of a stranger" => ScriptedWitness.AnswersWithAStrangersLine,
            "409 with nonsense" => ScriptedWitness.Answers(409, "some\n"),
            _ => ScriptedWitness.Answers(422),
        });
        await RecordAsync("a");
        await RoundAsync();

        var (note, cosigned) = await CheckpointAsync();
        cosigned.ShouldBeFalse();
        note.Signatures.ShouldHaveSingleItem();

        await RoundAsync();

        (await CheckpointAsync()).IsCosigned.ShouldBeTrue();
        witness.Requests.Count.ShouldBe(2);
    }

    [Fact]
    public async Task A_witness_that_fails_is_left_alone_for_longer_and_longer()
    {
        witness.Next([.. Enumerable.Repeat(ScriptedWitness.Answers(503), 100)]);
        await RecordAsync("a");

        for (var round = 0; round < 60; round++)
        {
            clock.Advance(TimeSpan.FromSeconds(10));
            await service.Services.GetRequiredService<WitnessRounds>().RunDueAsync(CancellationToken.None);
        }

        witness.Requests.Count.ShouldBeInRange(9, 30);
    }

    [Fact]
    public async Task A_witness_that_knows_another_size_gets_the_proof_from_there_at_once()
    {
        await RecordAsync("a");
        await RoundAsync();
        await ExecuteAsync("delete from stet.audit_cosignature");
        await RecordAsync("b");
        await RoundAsync();

        (await CheckpointAsync()).IsCosigned.ShouldBeTrue();
        witness.Requests.Select(FirstLine).ShouldBe(["old 0", "old 0", "old 1"]);
    }

    [Fact]
    public async Task A_witness_that_never_agrees_on_a_size_is_asked_four_times_in_a_round()
    {
        await RecordAsync("a");
        await RecordAsync("b");
        witness.Next([.. Enumerable.Repeat(ScriptedWitness.Answers(409, "1\n"), 9)]);
        await RoundAsync();

        witness.Requests.Select(FirstLine).ShouldBe(["old 0", "old 1", "old 1", "old 1"]);
        (await CheckpointAsync()).IsCosigned.ShouldBeFalse();
    }

    [Fact]
    public async Task A_witness_that_refuses_a_true_proof_freezes_the_log()
    {
        await RecordAsync("a");
        await RoundAsync();
        await RecordAsync("b");
        witness.Next(ScriptedWitness.Answers(422, "no\n"));
        await RoundAsync();

        using var checkpoint = await client.GetAsync($"/v1/tenants/{tenantId}/audit/checkpoint");
        checkpoint.StatusCode.ShouldBe(HttpStatusCode.ServiceUnavailable);
        (await checkpoint.Content.ReadAsStringAsync()).ShouldContain("audit_signing_refused");
        using var ready = await client.GetAsync("/readyz");
        ready.StatusCode.ShouldBe(HttpStatusCode.ServiceUnavailable);
        (await ready.Content.ReadAsStringAsync()).ShouldContain("has seen another history of size 1");
        await RecordAsync("c");

        await RoundAsync();
        witness.Requests.Count.ShouldBe(2);
    }

    [Fact]
    public async Task A_database_that_has_lost_what_a_witness_remembers_freezes_the_log()
    {
        await RecordAsync("a");
        var peaks = await ScalarAsync<byte[]>("select audit_peaks from stet.tenant_head");
        await RecordAsync("b");
        await RoundAsync();
        await ExecuteAsync(
            """
            delete from stet.mt_events where seq_id = 2;
            delete from stet.audit_leaf where position = 2;
            delete from stet.audit_signed where size = 2;
            delete from stet.audit_cosignature;
            """);
        await ExecuteAsync("update stet.tenant_head set position = 1, audit_peaks = $1", peaks);

        // Another folder: this instance has no file that remembers.
        await using var restored = await TestService.StartAsync(new() { Clock = clock, Settings = witness.Settings }, service.Database);
        var log = restored.Services.GetRequiredService<WitnessedLog>();
        var request = new WitnessRequest(
            log, restored.Services.GetRequiredService<WitnessClient>(), restored.Services.GetRequiredService<WitnessMetrics>(),
            restored.Services.GetRequiredService<WitnessLog>());
        var outcome = await request.RunAsync(
            tenantId, await log.CheckpointAsync(tenantId, CancellationToken.None),
            restored.Services.GetRequiredService<ConfiguredWitnesses>().All[0], knownSize: 0, CancellationToken.None);

        outcome.ShouldBe(WitnessOutcome.Refused);
        (await ScalarAsync<string>("select frozen_reason from stet.audit_log")).ShouldContain("has seen size 2");
    }

    [Fact]
    public async Task A_witness_that_only_claims_to_have_seen_more_does_not_freeze_the_log()
    {
        await RecordAsync("a");
        await RoundAsync();
        await RecordAsync("b");
        witness.Next(ScriptedWitness.Answers(409, "999\n"));
        await RoundAsync();

        (await CheckpointAsync()).IsCosigned.ShouldBeFalse();
        await RoundAsync();
        (await CheckpointAsync()).IsCosigned.ShouldBeTrue();
    }

    [Theory]
    [InlineData(400)]
    [InlineData(403)]
    [InlineData(404)]
    public async Task An_error_of_the_configuration_is_logged_once(int status)
    {
        witness.Next([.. Enumerable.Repeat(ScriptedWitness.Answers(status), 2)]);
        await RecordAsync("a");
        await RoundAsync();
        await RecordAsync("b");
        await RoundAsync();

        witness.Requests.Count.ShouldBe(2);
        logs.Lines.Count(l => l.Message.Contains($"with {status}: give it", StringComparison.Ordinal)).ShouldBe(1);
        (await CheckpointAsync()).IsCosigned.ShouldBeFalse();
    }

    [Fact]
    public async Task A_log_that_does_not_grow_gets_a_round_in_ten_minutes()
    {
        await RecordAsync("a");
        await RoundAsync();
        await RoundAsync();
        witness.Requests.Count.ShouldBe(1);

        clock.Advance(TimeSpan.FromMinutes(10));
        await RoundAsync();

        witness.Requests.Select(FirstLine).ShouldBe(["old 0", "old 1"]);
    }

    [Fact]
    public async Task A_log_that_grows_gets_no_second_round_within_ten_seconds()
    {
        await RecordAsync("a");
        await RoundAsync();
        await RecordAsync("b");
        clock.Advance(TimeSpan.FromSeconds(9));
        await service.Services.GetRequiredService<WitnessRounds>().RunDueAsync(CancellationToken.None);

        witness.Requests.Count.ShouldBe(1);
    }

    [Fact]
    public async Task Several_instances_run_one_round()
    {
        await using var second = await TestService.StartAsync(new() { Clock = clock, Settings = witness.Settings }, service.Database);
        await RecordAsync("a");
        clock.Advance(TimeSpan.FromSeconds(61));

        await Task.WhenAll(new[] { service, second }.Select(
            s => s.Services.GetRequiredService<WitnessRounds>().RunDueAsync(CancellationToken.None)));
        await RoundAsync();

        witness.Requests.Count.ShouldBe(1);
    }

    [Fact]
    public async Task The_lines_of_the_last_two_sizes_are_kept()
    {
        foreach (var field in (string[])["a", "b", "c"])
        {
            await RecordAsync(field);
            await RoundAsync();
        }

        var cosignatures = service.Services.GetRequiredService<Cosignatures>();
        (await cosignatures.AllAsync(tenantId, CancellationToken.None)).Select(c => c.Size).ShouldBe([2, 3]);
        (await cosignatures.NewestSizeAsync(tenantId, CancellationToken.None)).ShouldBe(3);
        (await cosignatures.CosignaturesAsync(tenantId, 2, CancellationToken.None)).ShouldHaveSingleItem().ShouldStartWith("— " + ScriptedWitness.Name);
        (await cosignatures.CosignaturesAsync(tenantId, 1, CancellationToken.None)).ShouldBeEmpty();
    }

    [Fact]
    public async Task Failures_and_ages_are_measured_per_witness()
    {
        witness.Next(ScriptedWitness.Answers(503));
        await RecordAsync("a");
        await RoundAsync();

        var metrics = await client.GetStringAsync("/metrics");

        metrics.ShouldMatch("""stet_audit_witness_failures_total\{[^}]*code="503"[^}]*\} 1""");
        metrics.ShouldMatch($$"""stet_audit_witness_age_seconds\{[^}]*witness="{{ScriptedWitness.Name}}"[^}]*\} """);
    }

    /// <summary>Lets a minute pass and runs the round that is due then, unless the service just does so itself.</summary>
    async Task RoundAsync()
    {
        clock.Advance(TimeSpan.FromSeconds(61));
        await service.Services.GetRequiredService<WitnessRounds>().RunDueAsync(CancellationToken.None);

        // The round that the service itself has started at this moment ends soon.
        while (await ScalarAsync<long>("select count(*) from stet.audit_round where next_at = started_at + interval '10 seconds'") > 0)
        {
            if (await ScalarAsync<long>("select count(*) from stet.audit_log where frozen_at is not null") > 0) return;
            await Task.Delay(20);
        }
    }

    async Task RecordAsync(string field)
    {
        using var body = new StringContent(
            $$"""
            {"subject": {"type": "patient", "id": "p-17"}, "field_key": "{{field}}", "value": "severe", "class": "FACT",
             "permissions": {"readers": ["bot"]}, "actor": {"type": "human", "id": "dr-ada"}, "idempotency_key": "{{field}}"}
            """, Encoding.UTF8, "application/json");
        using var answer = await client.PostAsync("/v1/corrections", body);
        answer.StatusCode.ShouldBe(HttpStatusCode.Created);
    }

    async Task<(SignedNote Note, bool IsCosigned)> CheckpointAsync()
    {
        var note = SignedNote.Parse(await client.GetByteArrayAsync($"/v1/tenants/{tenantId}/audit/checkpoint"));
        return (note, note.TryOpen([witness.Key], out _, out _));
    }

    async Task ExecuteAsync(string sql, params object[] values)
    {
        await using var connection = await service.Database.OpenAsync();
        await using var command = new NpgsqlCommand(sql, connection);
        foreach (var value in values) command.Parameters.Add(new NpgsqlParameter { Value = value });
        await command.ExecuteNonQueryAsync();
    }

    async Task<T> ScalarAsync<T>(string sql)
    {
        await using var connection = await service.Database.OpenAsync();
        await using var command = new NpgsqlCommand(sql, connection);
        return (T)(await command.ExecuteScalarAsync())!;
    }

    static string FirstLine(string text) => text[..text.IndexOf('\n', StringComparison.Ordinal)];
}
