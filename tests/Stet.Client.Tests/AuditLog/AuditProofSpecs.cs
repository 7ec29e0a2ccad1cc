using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Stet.Client.AuditLog;

namespace Stet.Client.Tests.AuditLog;

public class AuditProofSpecs
{
    static readonly TestLog Log = TestLog.OfSize(600);
    static readonly TestLog WithErasure = Log.With(450, TestLog.Entry(450, "subject_erased"));

    [Fact]
    public void A_tlog_proof_is_verified_for_the_entry_it_is_held_against()
    {
        var proof = Encoding.UTF8.GetBytes(Log.TlogProof(77));
        var leafHash = MerkleProof.LeafHash(Log.EntryAt(77));

        AuditProof.Verify(proof, Verify.Trust, leafHash).Proved
            .ShouldBe([new ProvedEntry(TestLog.Origin, 78, 600, Convert.ToBase64String(leafHash), null)]);
        AuditProof.Verify(proof, Verify.Trust, MerkleProof.LeafHash(Log.EntryAt(78))).Outcome.ShouldBe(AuditOutcome.Refuted);
        AuditProof.Verify(proof, Verify.Trust).Outcome.ShouldBe(AuditOutcome.Usage);
        AuditProof.Verify(proof, Verify.Trusting(TestKey.Log(TestLog.Origin, 1)), leafHash).Outcome.ShouldBe(AuditOutcome.Refuted);
    }

    [Theory]
    [InlineData("@v1", "@v2", AuditOutcome.Malformed)]
    [InlineData("index 77", "index 077", AuditOutcome.Malformed)]
    [InlineData("index 77", "index 76", AuditOutcome.Refuted)]
    [InlineData("index 77", "index 600", AuditOutcome.Refuted)]
    [InlineData("index 77\n", "extra ====\nindex 77\n", AuditOutcome.Malformed)]
    [InlineData("index 77\n", "extra AAAA\n", AuditOutcome.Malformed)]
    [InlineData("index 77\n", "index 77\nAAAA\n", AuditOutcome.Malformed)]
    [InlineData("index 77\n", "index 77\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n", AuditOutcome.Refuted)]
    [InlineData("\n\nstet", "\nstet", AuditOutcome.Malformed)]
    [InlineData("\n600\n", "\n601\n", AuditOutcome.Refuted)]
    public void A_changed_tlog_proof_is_refused(string part, string instead, AuditOutcome outcome)
    {
        var proof = Log.TlogProof(77).Replace(part, instead);

        AuditProof.Verify(Encoding.UTF8.GetBytes(proof), Verify.Trust, MerkleProof.LeafHash(Log.EntryAt(77))).Outcome.ShouldBe(outcome);
    }

    [Fact]
    public void More_than_63_hashes_are_malformed()
    {
        var hashes = string.Concat(Enumerable.Repeat(Convert.ToBase64String(new byte[32]) + "\n", 64));

        AuditProof.Verify(Encoding.UTF8.GetBytes($"c2sp.org/tlog-proof@v1\nindex 0\n{hashes}\n{Log.Note()}"), Verify.Trust, new byte[32])
            .Outcome.ShouldBe(AuditOutcome.Malformed);
    }

    [Fact]
    public void An_extra_line_is_not_looked_at() =>
        AuditProof.Verify(
            Encoding.UTF8.GetBytes(Log.TlogProof(77).Replace("index", "extra AAAA\nindex")), Verify.Trust, MerkleProof.LeafHash(Log.EntryAt(77)))
            .Outcome.ShouldBe(AuditOutcome.Verified);

    [Fact]
    public void A_quorum_is_asked_of_proofs_too()
    {
        var witness = TestKey.Witness("witness.example/w1", 0x60);
        var trust = new AuditTrust([AuditKey.Parse(Log.Key.Vkey)], WitnessPolicy.Of([AuditKey.Parse(witness.Vkey)], 1));
        var leafHash = MerkleProof.LeafHash(Log.EntryAt(77));

        AuditProof.Verify(Encoding.UTF8.GetBytes(Log.TlogProof(77)), trust, leafHash).Outcome.ShouldBe(AuditOutcome.PolicyUnmet);
        AuditProof.Verify(Encoding.UTF8.GetBytes(Log.TlogProof(77, witness)), trust, leafHash).Outcome.ShouldBe(AuditOutcome.Verified);
    }

    [Fact]
    public void A_receipt_is_verified_with_its_payload()
    {
        var report = Check(Receipt(599));

        report.Problem.ShouldBeNull();
        report.Proved.ShouldBe([new ProvedEntry(TestLog.Origin, 600, 600, Convert.ToBase64String(MerkleProof.LeafHash(Log.EntryAt(599))), "INTACT")]);
    }

    [Fact]
    public void Every_receipt_of_an_answer_is_verified()
    {
        var answer = new JsonObject { ["status"] = "recorded", ["receipts"] = new JsonArray(Receipt(598), Receipt(599)) };

        Check(answer).Proved.Select(p => p.Position).ShouldBe([599, 600]);

        answer["receipts"]![1]!["salt"] = Convert.ToBase64String(new byte[32]);
        var report = Check(answer);
        (report.Outcome, report.Proved.Count).ShouldBe((AuditOutcome.Refuted, 0));
        report.Problem.ShouldBe("The payload of the receipt 2 is not the one that its entry commits to.");
    }

    [Fact]
    public void An_answer_without_receipts_says_so()
    {
        Check(new JsonObject { ["receipts"] = null, ["receipt_error"] = "audit_signing_refused" }).Outcome.ShouldBe(AuditOutcome.Malformed);
        var nothing = Check(new JsonObject { ["receipts"] = new JsonArray() });
        (nothing.Outcome, nothing.Problem).ShouldBe(
            (AuditOutcome.Malformed, "The answer holds no receipts: the request recorded no event, as one that changes nothing."));
    }

    [Theory]
    [InlineData("position", "1", AuditOutcome.Refuted)]
    [InlineData("position", "\"600\"", AuditOutcome.Malformed)]
    [InlineData("leaf_hash", "\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\"", AuditOutcome.Refuted)]
    [InlineData("leaf_hash", "\"AAAA\"", AuditOutcome.Malformed)]
    [InlineData("entry", "\"{}\"", AuditOutcome.Refuted)]
    [InlineData("entry", "null", AuditOutcome.Malformed)]
    [InlineData("data", "{\"n\": 1}", AuditOutcome.Refuted)]
    [InlineData("data", "null", AuditOutcome.Refuted)]
    [InlineData("data", "1e999", AuditOutcome.Malformed)]
    [InlineData("salt", "null", AuditOutcome.Malformed)]
    [InlineData("tlog_proof", "\"\"", AuditOutcome.Malformed)]
    public void A_changed_receipt_is_refused(string member, string value, AuditOutcome outcome)
    {
        var receipt = Receipt(599);
        receipt[member] = JsonNode.Parse(value);
        Check(receipt).Outcome.ShouldBe(outcome);

        receipt.Remove(member);
        Check(receipt).Outcome.ShouldBe(AuditOutcome.Malformed);
    }

    [Fact]
    public void A_file_may_be_held_against_an_entry_of_its_own()
    {
        var receipt = Bytes(Receipt(599));

        AuditProof.Verify(receipt, Verify.Trust, MerkleProof.LeafHash(Log.EntryAt(599))).Outcome.ShouldBe(AuditOutcome.Verified);
        AuditProof.Verify(receipt, Verify.Trust, MerkleProof.LeafHash(Log.EntryAt(598))).Outcome.ShouldBe(AuditOutcome.Refuted);
    }

    [Theory]
    [InlineData("")]
    [InlineData("[]")]
    [InlineData("{}")]
    [InlineData("{\"receipts\": 1}")]
    [InlineData("{\"v\": 1}")]
    [InlineData("{\"\\ud800zzzz\": 1}")]
    [InlineData("{\"v\": 1, \"tombstone\": {\"\\ud800zzzz\": 1}}")]
    [InlineData("{\"receipts\": [{\"\\ud800zzzz\": 1}]}")]
    public void What_is_no_proof_file_is_malformed(string text) =>
        AuditProof.Verify(Encoding.UTF8.GetBytes(text), Verify.Trust).Outcome.ShouldBe(AuditOutcome.Malformed);

    [Fact]
    public void An_evidence_pack_is_verified_with_its_payload()
    {
        var pack = Pack(400);

        Check(pack).Proved.Single().ShouldBe(new ProvedEntry(
            TestLog.Origin, 401, 600, Convert.ToBase64String(MerkleProof.LeafHash(WithErasure.EntryAt(400))), "INTACT"));

        pack["origin"] = "other.example/log";
        Check(pack).Outcome.ShouldBe(AuditOutcome.Refuted);
        pack["v"] = 2;
        Check(pack).Outcome.ShouldBe(AuditOutcome.Malformed);
    }

    [Fact]
    public void A_pack_that_owns_up_to_an_altered_payload_is_refuted()
    {
        var pack = Pack(400);
        pack["state"] = "ALTERED";

        Check(pack).Outcome.ShouldBe(AuditOutcome.Refuted);
    }

    [Fact]
    public void An_erased_payload_needs_a_later_erasure_in_the_same_log()
    {
        Check(Erased(400, tombstone: 450)).Proved.Single().Payload.ShouldBe("ERASED");
        Check(Erased(400, tombstone: 451)).Outcome.ShouldBe(AuditOutcome.Refuted);
        Check(Erased(460, tombstone: 450)).Outcome.ShouldBe(AuditOutcome.Refuted);

        var none = Erased(400, tombstone: 450);
        none["tombstone"] = null;
        Check(none).Outcome.ShouldBe(AuditOutcome.Malformed);

        var kept = Erased(400, tombstone: 450);
        kept["data"] = JsonNode.Parse(TestLog.Data(400));
        Check(kept).Outcome.ShouldBe(AuditOutcome.Malformed);
    }

    static JsonObject Receipt(int index) => new()
    {
        ["position"] = index + 1,
        ["leaf_hash"] = Convert.ToBase64String(MerkleProof.LeafHash(Log.EntryAt(index))),
        ["entry"] = Encoding.UTF8.GetString(Log.EntryAt(index)),
        ["salt"] = Convert.ToBase64String(TestLog.Salt(index)),
        ["data"] = JsonNode.Parse(TestLog.Data(index)),
        ["tlog_proof"] = Log.TlogProof(index),
    };

    static JsonObject Pack(int index) => new()
    {
        ["v"] = 1,
        ["origin"] = TestLog.Origin,
        ["position"] = index + 1,
        ["state"] = "INTACT",
        ["entry"] = Encoding.UTF8.GetString(WithErasure.EntryAt(index)),
        ["salt"] = Convert.ToBase64String(TestLog.Salt(index)),
        ["data"] = JsonNode.Parse(TestLog.Data(index)),
        ["tlog_proof"] = WithErasure.TlogProof(index),
        ["tombstone"] = null,
        ["keys"] = new JsonArray(),
    };

    static JsonObject Erased(int index, int tombstone)
    {
        var pack = Pack(index);
        pack["state"] = "ERASED";
        pack["salt"] = null;
        pack["data"] = null;
        pack["tombstone"] = new JsonObject
        {
            ["position"] = tombstone + 1,
            ["entry"] = Encoding.UTF8.GetString(WithErasure.EntryAt(tombstone)),
            ["tlog_proof"] = WithErasure.TlogProof(tombstone),
        };
        return pack;
    }

    static ProofReport Check(JsonObject file) => AuditProof.Verify(Bytes(file), Verify.Trust);

    static byte[] Bytes(JsonObject file) => JsonSerializer.SerializeToUtf8Bytes(file);
}
