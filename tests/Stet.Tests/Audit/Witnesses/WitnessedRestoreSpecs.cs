using Microsoft.AspNetCore.Http;
using Stet.AuditLog;
using Stet.Tests.Observability;

namespace Stet.Tests.Audit.Witnesses;

/// <summary>What witnesses remember of a log, when the database and the service's own files do not.</summary>
public sealed class WitnessedRestoreSpecs : IAsyncLifetime
{
    WitnessedService witnessed = null!;

    public async Task InitializeAsync() => witnessed = await WitnessedService.StartAsync();

    public async Task DisposeAsync() => await witnessed.DisposeAsync();

    [Fact]
    public async Task A_database_that_is_older_than_what_a_witness_has_seen_is_not_signed_once()
    {
        await LoseTheSecondEventAsync();

        await using var restored = await witnessed.StartAnotherAsync();
        var log = new LogClient(restored, witnessed.TenantId);
        (await log.GetAsync("checkpoint")).Code.ShouldBe("audit_signing_refused");

        await CheckpointSpecs.ShouldBeFrozenAsync(restored, log);
        (await witnessed.ScalarAsync<string>("select frozen_reason from stet.audit_log"))
            .ShouldBe($"Size 2 was cosigned by the witness {ScriptedWitness.Name}, and the database ends at 1: it is older.");
        (await witnessed.ScalarAsync<long>("select max(size) from stet.audit_signed")).ShouldBe(1);
    }

    [Fact]
    public async Task A_new_epoch_names_the_checkpoint_that_a_witness_has_seen_last()
    {
        await LoseTheSecondEventAsync();
        await using var restored = await witnessed.StartAnotherAsync();
        (await new LogClient(restored, witnessed.TenantId).GetAsync("checkpoint")).Code.ShouldBe("audit_signing_refused");

        var started = await RestoreGuardSpecs.StartEpochAsync(restored, witnessed.TenantId);

        var note = SignedNote.Parse(System.Text.Encoding.UTF8.GetBytes(started.OldNote.ShouldNotBeNull()));
        Checkpoint.Parse(note.Text).Size.ShouldBe(2);
        note.TryOpen([witnessed.Witness.Key], out _, out var refusal).ShouldBeTrue(refusal);
    }

    [Fact]
    public async Task What_was_cosigned_before_a_new_epoch_is_kept_and_is_no_part_of_it()
    {
        await witnessed.RecordAsync("a");
        await witnessed.RoundAsync();
        var log = new LogClient(witnessed.Service, witnessed.TenantId);
        await log.TamperAsync("update stet.audit_log set frozen_at = now(), frozen_reason = 'Because.' where tenant_id = {tenant}");
        await RestoreGuardSpecs.StartEpochAsync(witnessed.Service, witnessed.TenantId);

        foreach (var path in (string[])["checkpoint", $"proof/{(await log.EventIdsAsync())[0]}"])
            (await log.GetAsync($"epoch/2/{path}?witnessed=true")).Code.ShouldBe("audit_not_witnessed", path);

        (await witnessed.ScalarAsync<long>("select count(*) from stet.audit_cosignature where size = 1")).ShouldBe(1);
    }

    [Fact]
    public async Task Lines_of_an_epoch_that_ended_are_in_the_way_of_none_of_the_new_one()
    {
        await witnessed.RecordAsync("a");
        await witnessed.RoundAsync();
        await witnessed.ExecuteAsync("""
            insert into stet.audit_cosignature (tenant_id, size, witness, line, at)
            select tenant_id, later, witness, line, at from stet.audit_cosignature cross join unnest(array[3, 949, 950]) later
            """);
        var log = new LogClient(witnessed.Service, witnessed.TenantId);
        await log.TamperAsync("update stet.audit_log set frozen_at = now(), frozen_reason = 'Because.' where tenant_id = {tenant}");
        witnessed.Clock.Advance(TimeSpan.FromSeconds(1));
        await RestoreGuardSpecs.StartEpochAsync(witnessed.Service, witnessed.TenantId);
        (await log.GetAsync("epoch/2/checkpoint")).Status.ShouldBe(System.Net.HttpStatusCode.OK);
        witnessed.Witness.Know(await log.VkeyAsync());

        await witnessed.RoundAsync();

        var cosigned = SignedNote.Parse((await log.GetAsync("epoch/2/checkpoint?witnessed=true")).Body);
        cosigned.TryOpen([witnessed.Witness.Key], out _, out var refusal).ShouldBeTrue(refusal);
        await witnessed.RecordAsync("b");
        var next = SignedNote.Parse((await log.GetAsync("epoch/2/checkpoint?min_position=3")).Body);
        (Checkpoint.Parse(next.Text).Size, next.Signatures.Count).ShouldBe((3, 1));
    }

    [Fact]
    public async Task A_receipt_is_no_way_around_the_witness()
    {
        await LoseTheSecondEventAsync();

        await using var restored = await witnessed.StartAnotherAsync();
        var log = new LogClient(restored, witnessed.TenantId);
        for (var write = 1; write <= 2; write++)
        {
            var answer = await log.Tenant.PostAsync("/v1/corrections?receipt=true", Corrections.OrdinaryJson.Correction($"again-{write}"));

            answer.Status.ShouldBe(201, answer.Text);
            (answer.Json["receipts"], (string?)answer.Json["receipt_error"]).ShouldBe((null, "audit_signing_refused"));
        }

        await CheckpointSpecs.ShouldBeFrozenAsync(restored, log);
    }

    [Fact]
    public async Task A_database_with_another_history_than_a_witness_has_seen_is_not_signed()
    {
        await witnessed.RecordAsync("a");
        await witnessed.RoundAsync();
        await witnessed.ExecuteAsync("update stet.audit_leaf set hash = sha256('another')");
        await witnessed.ExecuteAsync("update stet.tenant_head set audit_peaks = sha256('another')");
        await witnessed.ExecuteAsync("delete from stet.audit_signed");

        await using var restored = await witnessed.StartAnotherAsync();
        var log = new LogClient(restored, witnessed.TenantId);

        (await log.GetAsync("checkpoint")).Code.ShouldBe("audit_signing_refused");
        (await witnessed.ScalarAsync<string>("select frozen_reason from stet.audit_log"))
            .ShouldBe($"Size 1 was cosigned by the witness {ScriptedWitness.Name} with another root.");
    }

    [Fact]
    public async Task A_note_by_a_key_that_a_lost_event_added_is_what_the_witness_has_seen_all_the_same()
    {
        await LoseTheSecondEventAsync();
        witnessed.Witness.NextNote(AnswersWithANoteByANewerKey);

        await using var restored = await witnessed.StartAnotherAsync();
        var log = new LogClient(restored, witnessed.TenantId);

        (await log.GetAsync("checkpoint")).Code.ShouldBe("audit_signing_refused");
        (await witnessed.ScalarAsync<string>("select frozen_reason from stet.audit_log"))
            .ShouldBe($"Size 900 was cosigned by the witness {ScriptedWitness.Name}, and the database ends at 1: it is older.");
    }

    [Fact]
    public async Task A_log_that_extends_what_a_witness_has_seen_is_signed()
    {
        await witnessed.RecordAsync("a");
        await witnessed.RoundAsync();
        await witnessed.RecordAsync("b");

        await using var second = await witnessed.StartAnotherAsync();

        (await new LogClient(second, witnessed.TenantId).CheckpointAsync("?min_position=2")).Size.ShouldBe(2);
    }

    [Theory]
    [InlineData("away", "503")]
    [InlineData("hangs up", "unreachable")]
    [InlineData("nonsense", "bad_answer")]
    [InlineData("a stranger's note", "bad_answer")]
    public async Task A_witness_that_cannot_be_asked_is_a_warning(string behaviour, string code)
    {
        witnessed.Witness.NextNote(behaviour switch
        {
            "away" => ScriptedWitness.Answers(503),
            "hangs up" => ScriptedWitness.HangsUp,
            "nonsense" => ScriptedWitness.Answers(200, "certainly\n"),
            _ => AnswersWithAStrangersNote,
        });
        await witnessed.RecordAsync("a");

        (await witnessed.CheckpointAsync()).Note.Text.ShouldContain("\n1\n");

        witnessed.Logs.Lines.ShouldContain(l => l.Message.Contains("is signed without a look", StringComparison.Ordinal)
            && l.Message.EndsWith(code, StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_witness_that_knows_nothing_of_a_log_that_was_signed_is_a_warning()
    {
        await witnessed.RecordAsync("a");
        (await witnessed.CheckpointAsync()).Note.Text.ShouldContain("\n1\n");
        witnessed.Logs.Lines.ShouldNotContain(l => l.Message.Contains("is signed without a look", StringComparison.Ordinal));
        using var logs = new CapturedLogs();

        await using var restored = await witnessed.StartAnotherAsync(logs);
        await new LogClient(restored, witnessed.TenantId).CheckpointAsync();

        logs.Lines.ShouldContain(l => l.Message == $"The log of {witnessed.TenantId} is signed without a look at what the witness {ScriptedWitness.Name} has seen of it: unknown there");
        logs.Lines.ShouldContain(l => l.Message.StartsWith("The state file knows nothing of 1 signed logs", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Witnesses_are_asked_once_for_each_connection_to_the_database()
    {
        for (var n = 0; n < 3; n++)
        {
            await witnessed.RecordAsync($"a{n}");
            await new LogClient(witnessed.Service, witnessed.TenantId).CheckpointAsync($"?min_position={n + 1}");
        }

        witnessed.Witness.AskedForNotes.ShouldBe(1);
        await witnessed.ExecuteAsync(
            "select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'stet-writer' and datname = current_database()");
        await witnessed.RecordAsync("b");
        await new LogClient(witnessed.Service, witnessed.TenantId).CheckpointAsync("?min_position=4");

        witnessed.Witness.AskedForNotes.ShouldBe(2);
    }

    /// <summary>Size 2 was signed and cosigned; the database is set back to size 1, and no file remembers.</summary>
    async Task LoseTheSecondEventAsync()
    {
        await witnessed.RecordAsync("a");
        await witnessed.RoundAsync();
        var peaks = await witnessed.ScalarAsync<byte[]>("select audit_peaks from stet.tenant_head");
        await witnessed.RecordAsync("b");
        await witnessed.RoundAsync();
        foreach (var lost in (string[])["mt_events where seq_id = 2", "audit_leaf where position = 2", "audit_signed where size = 2", "audit_cosignature"])
            await witnessed.ExecuteAsync($"delete from stet.{lost}");
        await witnessed.ExecuteAsync("update stet.tenant_head set position = 1, audit_peaks = $1", peaks);
    }

    Task AnswersWithAStrangersNote(HttpContext http) => AnswerAsync(http, _ => []);

    Task AnswersWithANoteByANewerKey(HttpContext http) => AnswerAsync(http, text => [witnessed.Witness.Cosign(text)]);

    async Task AnswerAsync(HttpContext http, Func<string, NoteSignature[]> more)
    {
        var origin = $"localhost/v1/tenants/{witnessed.TenantId}/audit";
        using var unknown = new SignerKey(origin, SignatureType.Ed25519, new byte[32]);
        var text = new Checkpoint(origin, 900, LogHash.EmptyRoot).Text;
        await http.Response.Body.WriteAsync(new SignedNote(text, [unknown.Sign(text), .. more(text)]).ToArray());
    }
}
