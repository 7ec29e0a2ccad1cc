using System.Formats.Tar;
using System.Text;
using System.Text.Json;
using Stet.Client.Api;
using Stet.Client.AuditLog;
using Stet.Testing;
using static Stet.Client.Tests.Api.Ordinary;

namespace Stet.Client.Tests.Api;

public class AuditSpecs
{
    static readonly WriteOptions withReceipt = new() { Receipt = true };

    [Fact]
    public async Task A_receipt_of_any_write_proves_it_offline()
    {
        var stet = await NewTenantAsync();
        var correction = await stet.Corrections.RecordAsync(Correction(), withReceipt);
        IReadOnlyList<AuditReceipt>[] receipts =
        [
            correction.Receipts,
            (await stet.Corrections.RecordManyAsync([Correction("a", "f"), Correction("b", "g")], options: withReceipt)).Receipts,
            (await stet.Corrections.RevokeAsync(correction.Value.CorrectionId, TakenBack, withReceipt)).Receipts,
            (await stet.Enforcement.RegisterAsync("s", new SystemSettings(), withReceipt)).Receipts,
            (await stet.Enforcement.ReportAsync(Beat, withReceipt)).Receipts,
            (await stet.Enforcement.RetireAsync("s", withReceipt)).Receipts,
            (await stet.Enforcement.SetDefaultsAsync(new NewDefaults(9), withReceipt)).Receipts,
            (await stet.Pcs.RegisterKeyAsync("k1", NewSigningKey.Hmac("0.1", Secret), withReceipt)).Receipts,
            (await stet.Pcs.SubmitAsync(Document().ToJson(), withReceipt)).Receipts,
        ];

        var trust = await TrustAsync(stet);

        receipts.Select(r => r.Count).ShouldBe([1, 2, 1, 1, 1, 1, 1, 1, 1]);
        foreach (var receipt in receipts.SelectMany(r => r))
        {
            var report = AuditProof.Verify(receipt.ToJson(), trust);
            report.Outcome.ShouldBe(AuditOutcome.Verified, report.Problem);
            report.Proved.ShouldHaveSingleItem().Position.ShouldBe(receipt.Position);
        }
    }

    [Fact]
    public async Task Only_who_asks_gets_a_receipt()
    {
        var stet = await NewTenantAsync();

        var written = await stet.Corrections.RecordAsync(Correction());

        written.Receipts.ShouldBeEmpty();
        written.ReceiptError.ShouldBeNull();
    }

    [Fact]
    public async Task Checkpoint_proof_and_evidence_of_an_event_fit_together()
    {
        var stet = await NewTenantAsync();
        var receipt = (await stet.Corrections.RecordAsync(Correction(), withReceipt)).Receipts.Single();
        var eventId = Guid.Parse(JsonElement.Parse(Encoding.UTF8.GetBytes(receipt.Entry)).GetProperty("id").GetString()!);
        await stet.Corrections.RecordAsync(Correction("mild"));
        var log = await stet.AtLeast(3).Audit.LogAsync();
        var trust = await TrustAsync(stet);

        var checkpoint = await log.CheckpointAsync();
        var same = await log.CheckpointAsync(known: checkpoint);
        var proof = await log.ProofAsync(eventId);
        var evidence = await log.EvidenceAsync(eventId);
        var inclusion = (await log.InclusionAsync(receipt.Position)).Value;
        var consistency = (await log.ConsistencyAsync(1)).Value;

        checkpoint.Value.Split('\n')[1].ShouldBe("3");
        same.IsUnchanged.ShouldBeTrue();
        AuditProof.Verify(Encoding.UTF8.GetBytes(proof.Value), trust, Convert.FromBase64String(receipt.LeafHash)).Outcome.ShouldBe(AuditOutcome.Verified);
        AuditProof.Verify(evidence.ToJson(), trust).Proved.ShouldHaveSingleItem().Payload.ShouldBe("INTACT");
        evidence.Entry.ShouldBe(receipt.Entry);
        (inclusion.Index, inclusion.Size, inclusion.LeafHash).ShouldBe((0, 3, receipt.LeafHash));
        (consistency.From, consistency.To, consistency.ToRoot).ShouldBe((1, 3, inclusion.Root));
    }

    [Fact]
    public async Task Tiles_entries_and_export_are_those_of_the_checkpoint()
    {
        var stet = await NewTenantAsync();
        var receipt = (await stet.Corrections.RecordAsync(Correction(), withReceipt)).Receipts.Single();
        var log = await stet.Audit.LogAsync();

        var tile = await log.TileAsync(level: 0, index: 0, width: 1);
        var entries = await log.EntriesAsync(index: 0, width: 1);
        var beyond = await Should.ThrowAsync<StetException>(log.TileAsync(level: 0, index: 0, width: 2));
        var files = new List<string>();
        await using (var export = await log.ExportAsync())
        {
            await using var tar = new TarReader(export);
            while (await tar.GetNextEntryAsync() is { } file) files.Add(file.Name);
        }

        Convert.ToBase64String(tile).ShouldBe(receipt.LeafHash);
        Encoding.UTF8.GetString(entries.AsSpan(2)).ShouldBe(receipt.Entry);
        beyond.Code.ShouldBe("audit_tile_unknown");
        files[^1].ShouldBe("checkpoint");
    }

    [Fact]
    public async Task Another_tenants_log_is_not_there()
    {
        var stet = await NewTenantAsync();
        await stet.Corrections.RecordAsync(Correction());

        var refusal = await Should.ThrowAsync<StetException>(stet.Audit.Log(TestService.NewTenantId()).CheckpointAsync());
        var export = await Should.ThrowAsync<StetException>(stet.Audit.Log(TestService.NewTenantId()).ExportAsync());

        (refusal.Code, export.Code).ShouldBe(("not_found", "not_found"));
    }

    [Fact]
    public async Task A_further_key_signs_beside_the_first()
    {
        var stet = await NewTenantAsync();
        await stet.Corrections.RecordAsync(Correction());
        var first = (await stet.Audit.KeysAsync()).Value.Keys.ShouldHaveSingleItem();

        var added = (await stet.Audit.AddKeyAsync()).Value;
        var second = await Should.ThrowAsync<StetException>(stet.Audit.AddKeyAsync());

        added.Keys.Select(k => k.State).ShouldBe(["overlap", "active"]);
        added.Keys[0].Vkey.ShouldBe(first.Vkey);
        second.Code.ShouldBe("audit_overlap_running");
    }

    static async Task<AuditTrust> TrustAsync(StetClient stet) =>
        new([.. (await stet.Audit.KeysAsync()).Value.Keys.Select(k => AuditKey.Parse(k.Vkey))]);
}
