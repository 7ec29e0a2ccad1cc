using System.Net;
using Microsoft.Extensions.DependencyInjection;
using Stet.Audit.Witnesses;
using Stet.Tests.Observability;

namespace Stet.Tests.Audit.Witnesses;

/// <summary>What becomes of every answer that a witness can give.</summary>
public sealed class WitnessAnswerSpecs : IAsyncLifetime
{
    WitnessedService witnessed = null!;

    public async Task InitializeAsync() => witnessed = await WitnessedService.StartAsync();

    public async Task DisposeAsync() => await witnessed.DisposeAsync();

    [Fact]
    public async Task A_checkpoint_is_served_with_the_line_of_a_witness()
    {
        await witnessed.RecordAsync("a");
        await witnessed.RoundAsync();

        var (note, cosigned) = await witnessed.CheckpointAsync();

        cosigned.ShouldBeTrue();
        note.Signatures.Count.ShouldBe(2);
    }

    [Fact]
    public async Task A_log_that_grows_is_cosigned_with_a_proof()
    {
        await witnessed.RecordAsync("a");
        await witnessed.RoundAsync();
        await witnessed.RecordAsync("b");
        await witnessed.RecordAsync("c");
        await witnessed.RoundAsync();

        (await witnessed.CheckpointAsync()).IsCosigned.ShouldBeTrue();
        witnessed.Witness.Requests.Count.ShouldBe(2);
        witnessed.Witness.Requests[0].ShouldStartWith("old 0\n\n");
        witnessed.Witness.Requests[1].ShouldStartWith("old 1\n");
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
        witnessed.Witness.Next(failure switch
        {
            "503" => ScriptedWitness.Answers(503),
            "429" => ScriptedWitness.Answers(429),
            "lost" => ScriptedWitness.HangsUp,
            "late" => ScriptedWitness.NeverAnswers,
            "nonsense" => ScriptedWitness.Answers(200, "certainly\n"),
            "wrong line" => witnessed.Witness.AnswersWithAWrongLine,
            "line of a stranger" => ScriptedWitness.AnswersWithAStrangersLine,
            "409 with nonsense" => ScriptedWitness.Answers(409, "some\n"),
            _ => ScriptedWitness.Answers(422),
        });
        await witnessed.RecordAsync("a");
        await witnessed.RoundAsync();

        var (note, cosigned) = await witnessed.CheckpointAsync();
        cosigned.ShouldBeFalse();
        note.Signatures.ShouldHaveSingleItem();

        await witnessed.RoundAsync();

        (await witnessed.CheckpointAsync()).IsCosigned.ShouldBeTrue();
        witnessed.Witness.Requests.Count.ShouldBe(2);
    }

    [Fact]
    public async Task A_witness_that_knows_another_size_gets_the_proof_from_there_at_once()
    {
        await witnessed.RecordAsync("a");
        await witnessed.RoundAsync();
        await witnessed.ExecuteAsync("delete from stet.audit_cosignature");
        await witnessed.RecordAsync("b");
        await witnessed.RoundAsync();

        (await witnessed.CheckpointAsync()).IsCosigned.ShouldBeTrue();
        witnessed.Witness.Requests.Select(FirstLine).ShouldBe(["old 0", "old 0", "old 1"]);
    }

    [Fact]
    public async Task A_witness_that_never_agrees_on_a_size_is_asked_four_times_in_a_round()
    {
        await witnessed.RecordAsync("a");
        await witnessed.RecordAsync("b");
        witnessed.Witness.Next([.. Enumerable.Repeat(ScriptedWitness.Answers(409, "1\n"), 9)]);
        await witnessed.RoundAsync();

        witnessed.Witness.Requests.Select(FirstLine).ShouldBe(["old 0", "old 1", "old 1", "old 1"]);
        (await witnessed.CheckpointAsync()).IsCosigned.ShouldBeFalse();
    }

    [Theory]
    [InlineData("422 without a proof")]
    [InlineData("409 for ever")]
    public async Task A_refusal_that_tells_of_no_other_history_counts_as_a_bad_answer(string refusal)
    {
        witnessed.Witness.Next(refusal == "409 for ever"
            ? [.. Enumerable.Repeat(ScriptedWitness.Answers(409, "1\n"), 4)]
            : [ScriptedWitness.Answers(422)]);
        await witnessed.RecordAsync("a");
        await witnessed.RecordAsync("b");
        await witnessed.RoundAsync();

        var failures = Exposition.Parse(await witnessed.Client.GetStringAsync("/metrics"))["stet_audit_witness_failures_total"];

        failures.Samples.ToDictionary(s => s.Labels["code"], s => s.Value).ShouldBe(
            new Dictionary<string, double> { ["409"] = 0, ["422"] = 0, ["bad_answer"] = 1 }, ignoreOrder: true);
    }

    [Fact]
    public async Task A_witness_that_refuses_a_true_proof_freezes_the_log()
    {
        await witnessed.RecordAsync("a");
        await witnessed.RoundAsync();
        await witnessed.RecordAsync("b");
        witnessed.Witness.Next(ScriptedWitness.Answers(422, "no\n"));
        await witnessed.RoundAsync();

        using var checkpoint = await witnessed.Client.GetAsync($"/v1/tenants/{witnessed.TenantId}/audit/checkpoint");
        checkpoint.StatusCode.ShouldBe(HttpStatusCode.ServiceUnavailable);
        (await checkpoint.Content.ReadAsStringAsync()).ShouldContain("audit_signing_refused");
        using var ready = await witnessed.Client.GetAsync("/readyz");
        ready.StatusCode.ShouldBe(HttpStatusCode.ServiceUnavailable);
        (await ready.Content.ReadAsStringAsync()).ShouldContain("has seen another history of size 1");
        await witnessed.RecordAsync("c");

        await witnessed.RoundAsync();
        witnessed.Witness.Requests.Count.ShouldBe(2);
    }

    [Fact]
    public async Task What_a_witness_that_freezes_the_log_does_not_show_is_unknown()
    {
        await witnessed.RecordAsync("a");
        await witnessed.RoundAsync();
        await witnessed.RecordAsync("b");
        witnessed.Witness.Next(ScriptedWitness.Answers(422, "no\n"));
        witnessed.Witness.NextNote(ScriptedWitness.Answers(404));
        await witnessed.RoundAsync();

        witnessed.Logs.Lines.ShouldContain(l => l.Message.Contains("signed unknown: The witness", StringComparison.Ordinal));
    }

    [Fact]
    public async Task An_answer_that_is_too_large_is_a_bad_one()
    {
        witnessed.Witness.Next(ScriptedWitness.Answers(200, new string('x', 300_000)));
        await witnessed.RecordAsync("a");
        await witnessed.RoundAsync();

        witnessed.Logs.Lines.ShouldContain(l => l.Message.Contains("is asked again later: bad_answer", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_database_that_has_lost_what_a_witness_remembers_freezes_the_log()
    {
        await witnessed.RecordAsync("a");
        var peaks = await witnessed.ScalarAsync<byte[]>("select audit_peaks from stet.tenant_head");
        await witnessed.RecordAsync("b");
        await witnessed.RoundAsync();
        await witnessed.ExecuteAsync(
            """
            delete from stet.mt_events where seq_id = 2;
            delete from stet.audit_leaf where position = 2;
            delete from stet.audit_signed where size = 2;
            delete from stet.audit_cosignature;
            """);
        await witnessed.ExecuteAsync("update stet.tenant_head set position = 1, audit_peaks = $1", peaks);

        // Another folder: this instance has no file that remembers, and the witness is away when it starts.
        witnessed.Witness.NextNote(ScriptedWitness.Answers(503));
        await using var restored = await witnessed.StartAnotherAsync();
        var log = restored.Services.GetRequiredService<WitnessedLog>();
        var request = new WitnessRequest(
            log, restored.Services.GetRequiredService<WitnessClient>(), restored.Services.GetRequiredService<WitnessMetrics>(),
            restored.Services.GetRequiredService<WitnessLog>());
        var outcome = await request.RunAsync(
            witnessed.TenantId, await log.CheckpointAsync(witnessed.TenantId, CancellationToken.None),
            restored.Services.GetRequiredService<ConfiguredWitnesses>().All[0], knownSize: 0, CancellationToken.None);

        outcome.ShouldBe(WitnessOutcome.Refused);
        (await witnessed.ScalarAsync<string>("select frozen_reason from stet.audit_log")).ShouldContain("has seen size 2");
    }

    [Fact]
    public async Task A_witness_that_only_claims_to_have_seen_more_does_not_freeze_the_log()
    {
        await witnessed.RecordAsync("a");
        await witnessed.RoundAsync();
        await witnessed.RecordAsync("b");
        witnessed.Witness.Next(ScriptedWitness.Answers(409, "999\n"));
        await witnessed.RoundAsync();

        (await witnessed.CheckpointAsync()).IsCosigned.ShouldBeFalse();
        await witnessed.RoundAsync();
        (await witnessed.CheckpointAsync()).IsCosigned.ShouldBeTrue();
    }

    [Theory]
    [InlineData(400)]
    [InlineData(403)]
    [InlineData(404)]
    public async Task An_error_of_the_configuration_is_logged_once(int status)
    {
        witnessed.Witness.Next([.. Enumerable.Repeat(ScriptedWitness.Answers(status), 2)]);
        await witnessed.RecordAsync("a");
        await witnessed.RoundAsync();
        await witnessed.RecordAsync("b");
        await witnessed.RoundAsync();

        witnessed.Witness.Requests.Count.ShouldBe(2);
        witnessed.Logs.Lines.Count(l => l.Message.Contains($"with {status}: give it", StringComparison.Ordinal)).ShouldBe(1);
        (await witnessed.CheckpointAsync()).IsCosigned.ShouldBeFalse();
    }

    static string FirstLine(string text) => text[..text.IndexOf('\n', StringComparison.Ordinal)];
}
