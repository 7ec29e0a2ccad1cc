using Stet.Client.AuditLog;
using Stet.Client.AuditLog.Formats;

namespace Stet.Client.Tests.AuditLog;

public class NoteVectorSpecs
{
    [SharedDataFact]
    public void Keys_are_read_and_bad_ones_refused()
    {
        var data = SharedData.Json("signed-notes.json");
        foreach (var k in data.GetProperty("keys").EnumerateArray())
        {
            var key = AuditKey.Parse(k.Text("vkey"));

            (key.Name, key.Id.ToString("x8"), (int)key.Role).ShouldBe((k.Text("name"), k.Text("key_id_hex"), k.GetProperty("type").GetInt32()));
        }

        foreach (var bad in data.GetProperty("bad_vkeys").EnumerateArray())
            Should.Throw<AuditException>(() => AuditKey.Parse(bad.Text("vkey")), bad.Text("why")).Outcome.ShouldBe(AuditOutcome.Usage);
    }

    [SharedDataFact]
    public void Notes_are_opened_as_the_vectors_say()
    {
        foreach (var n in SharedData.Json("signed-notes.json").GetProperty("notes").EnumerateArray())
        {
            var keys = n.GetProperty("vkeys").EnumerateArray().Select(v => AuditKey.Parse(v.GetString()!)).ToList();

            if (!n.GetProperty("valid").GetBoolean())
            {
                Opens(n.Bytes("note"), keys, out _).ShouldBeFalse(n.Text("case"));
                continue;
            }

            Opens(n.Bytes("note"), keys, out var verified).ShouldBeTrue(n.Text("case"));
            verified.ShouldBe(n.GetProperty("verified_by").EnumerateArray().Select(v => v.GetString()!));
            SignedNote.Parse(n.Bytes("note")).Text.ToArray().ShouldBe(n.Bytes("text"));
        }
    }

    [SharedDataFact]
    public void Checkpoints_are_opened_and_malformed_bodies_refused_though_well_signed()
    {
        foreach (var c in SharedData.Json("checkpoints.json").GetProperty("cases").EnumerateArray())
        {
            var trust = new AuditTrust([AuditKey.Parse(c.Text("vkey"))]);
            if (!c.GetProperty("valid").GetBoolean())
            {
                Should.Throw<AuditException>(() => trust.Open(c.Bytes("note")), c.Text("why")).Outcome.ShouldBe(AuditOutcome.Malformed);
                continue;
            }

            var signed = trust.Open(c.TryGetProperty("checkpoint", out var note) ? System.Text.Encoding.UTF8.GetBytes(note.GetString()!) : c.Bytes("note"));
            signed.Checkpoint.Origin.ShouldBe(c.Text("origin"));
            signed.Checkpoint.Size.ShouldBe(c.GetProperty("size").GetInt64());
            signed.Checkpoint.Root.ShouldBe(c.Hex("root"));
        }
    }

    [SharedDataFact]
    public void Cosignatures_count_with_their_time()
    {
        foreach (var c in SharedData.Json("cosignatures.json").GetProperty("cases").EnumerateArray())
        {
            var witness = AuditKey.Parse(c.Text("witness_vkey"));
            var trust = new AuditTrust([AuditKey.Parse(c.Text("log_vkey"))], WitnessPolicy.Of([witness], 1));

            var signed = trust.Open(c.Bytes("cosigned_checkpoint"));

            signed.Cosignatures[witness].ShouldBe(c.GetProperty("time").GetInt64());
            Should.NotThrow(() => trust.RequireQuorum(signed));
        }
    }

    [SharedDataFact]
    public void Proof_files_are_verified_or_refused_as_the_vectors_say()
    {
        foreach (var c in SharedData.Json("tlog-proofs.json").GetProperty("cases").EnumerateArray())
        {
            var trust = new AuditTrust([AuditKey.Parse(c.Text("log_vkey"))], c.TryGetProperty("witness_vkey", out var w)
                ? WitnessPolicy.Of([AuditKey.Parse(w.GetString()!)], 1)
                : WitnessPolicy.None);

            var report = AuditProof.Verify(c.Bytes("proof"), trust, MerkleProof.LeafHash(c.Bytes("entry")));

            (report.Outcome == AuditOutcome.Verified).ShouldBe(c.GetProperty("valid").GetBoolean(), report.Problem ?? "verified");
            if (c.TryGetProperty("index", out var index)) report.Proved[0].Position.ShouldBe(index.GetInt64() + 1);
            else report.Outcome.ShouldBe(c.Text("why").StartsWith("leading zero") ? AuditOutcome.Malformed : AuditOutcome.Refuted);
        }
    }

    /// <summary>The general rules of opening a note, whatever its text.</summary>
    static bool Opens(byte[] bytes, List<AuditKey> keys, out List<string> verified)
    {
        verified = [];
        try
        {
            var note = SignedNote.Parse(bytes);
            foreach (var signature in note.Signatures)
            {
                if (keys.Find(k => k.Name == signature.Name && k.Id == signature.KeyId) is not { } key) continue;
                if (!signature.IsBy(key, note.Text.Span, out _)) return false;
                verified.Add($"{key.Name}+{key.Id:x8}");
            }

            return verified.Count > 0;
        }
        catch (AuditException e)
        {
            e.Outcome.ShouldBe(AuditOutcome.Malformed);
            return false;
        }
    }
}
