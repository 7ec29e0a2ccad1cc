using System.Text;
using System.Text.Json;
using Stet.Client.AuditLog.Formats;

namespace Stet.Client.AuditLog;

/// <summary>An entry that a log was shown to hold.</summary>
/// <param name="Origin">The log's name.</param>
/// <param name="Position">In the log, from 1.</param>
/// <param name="Size">Of the signed tree.</param>
/// <param name="LeafHash">Base64.</param>
/// <param name="Payload"><c>INTACT</c> or <c>ERASED</c>; null where the file has no payload.</param>
public sealed record ProvedEntry(string Origin, long Position, long Size, string LeafHash, string? Payload);

/// <summary>What a proof file came to.</summary>
/// <param name="Outcome">Of the whole file.</param>
/// <param name="Proved">Every entry, in the order of the file; none unless all hold.</param>
/// <param name="Problem">What failed; null if nothing did.</param>
public sealed record ProofReport(AuditOutcome Outcome, IReadOnlyList<ProvedEntry> Proved, string? Problem = null);

/// <summary>Verifies without the log: tlog-proof files, write receipts and evidence packs.</summary>
public sealed class AuditProof
{
    readonly AuditTrust trust;
    readonly ReadOnlyMemory<byte>? givenLeafHash;
    readonly PayloadCheck payloads = new();
    readonly List<ProvedEntry> proved = [];

    AuditProof(AuditTrust trust, ReadOnlyMemory<byte>? givenLeafHash) => (this.trust, this.givenLeafHash) = (trust, givenLeafHash);

    /// <summary>Verifies a file of any of the three kinds; its content tells which.</summary>
    /// <param name="file">A tlog-proof, a receipt, an answer with <c>receipts</c>, or an evidence pack.</param>
    /// <param name="trust">The log's keys and, for a quorum, its witnesses.</param>
    /// <param name="leafHash">
    /// Of the entry that the file is about (see <see cref="MerkleProof.LeafHash"/>): a tlog-proof needs it; where the
    /// file brings the entry, null, or it has to be the same one.
    /// </param>
    public static ProofReport Verify(ReadOnlyMemory<byte> file, AuditTrust trust, ReadOnlyMemory<byte>? leafHash = null)
    {
        ArgumentNullException.ThrowIfNull(trust);
        var proof = new AuditProof(trust, leafHash);
        try
        {
            proof.Verify(file);
            return new(AuditOutcome.Verified, proof.proved);
        }
        catch (AuditException e)
        {
            return new(e.Outcome, [], e.Message);
        }
    }

    void Verify(ReadOnlyMemory<byte> file)
    {
        if (file.Span.StartsWith(TlogProof.FirstLine))
        {
            if (givenLeafHash is not { } leafHash) throw AuditException.Usage("A tlog-proof does not bring its entry: give the entry or its leaf hash.");
            Add(Prove(file, leafHash.Span), payload: null);
            return;
        }

        using var document = JsonMembers.Parse(file, "proof file, which is no tlog-proof either,");
        var root = document.RootElement;
        if (root.TryMember("receipts", out var receipts)) VerifyReceipts(receipts.Value);
        else if (root.TryMember("v", out _)) VerifyPack(root);
        else VerifyReceipt(root, "receipt");
    }

    void VerifyReceipts(JsonElement receipts)
    {
        if (receipts.ValueKind == JsonValueKind.Array && receipts.GetArrayLength() == 0)
            throw AuditException.Malformed("The answer holds no receipts: the request recorded no event, as one that changes nothing.");
        if (receipts.ValueKind != JsonValueKind.Array)
            throw AuditException.Malformed("The answer holds no receipts: the write went through without one.");

        var number = 0;
        foreach (var receipt in receipts.EnumerateArray()) VerifyReceipt(receipt, $"receipt {++number}");
    }

    void VerifyReceipt(JsonElement receipt, string what)
    {
        var stated = new byte[Merkle.HashSize];
        receipt.Hash("leaf_hash", what, stated);
        var commit = new byte[Merkle.HashSize];
        var entry = VerifyEntry(receipt, what, commit, out _);
        if (!entry.LeafHash.AsSpan().SequenceEqual(stated)) throw AuditException.Refuted($"The `leaf_hash` of the {what} is not that of its entry.");

        payloads.VerifyData(receipt, commit, $"payload of the {what}");
        Add(entry, "INTACT");
    }

    void VerifyPack(JsonElement pack)
    {
        const string what = "evidence pack";
        if (pack.Integer("v", what) != 1) throw AuditException.Malformed("The evidence pack is of another version than 1.");

        var commit = new byte[Merkle.HashSize];
        var entry = VerifyEntry(pack, what, commit, out _);
        if (pack.Text("origin", what) != entry.Signed.Checkpoint.Origin) throw AuditException.Refuted("The evidence pack names another log than its checkpoint.");

        var state = payloads.Verify(pack, commit, $"payload of the {what}");
        if (state == PayloadState.Erased) VerifyTombstone(pack.Member("tombstone", what), entry);
        Add(entry, state == PayloadState.Erased ? "ERASED" : "INTACT");
    }

    /// <summary>Nothing but an erasure on record in the same log excuses a payload that is not there.</summary>
    void VerifyTombstone(JsonElement tombstone, Proof erased)
    {
        var entry = VerifyEntry(tombstone, "tombstone", new byte[Merkle.HashSize], out var isErasure);
        if (!isErasure || entry.Index <= erased.Index || entry.Signed.Checkpoint.Origin != erased.Signed.Checkpoint.Origin)
            throw AuditException.Refuted("The tombstone is not a later erasure in the same log.");
    }

    /// <summary>Verifies the members <c>position</c>, <c>entry</c> and <c>tlog_proof</c>.</summary>
    Proof VerifyEntry(JsonElement holder, string what, Span<byte> commit, out bool isErasure)
    {
        var position = holder.Integer("position", what);
        var bytes = Utf8(holder.Text("entry", what));
        var proof = Prove(Utf8(holder.Text("tlog_proof", what)), MerkleProof.LeafHash(bytes));
        if (proof.Index != position - 1) throw AuditException.Refuted($"The {what} states position {position}; its proof is for {proof.Index + 1}.");
        if (!AuditEntry.TryParse(bytes, out var entry, out var problem)) throw AuditException.Refuted($"The entry of the {what} {problem}.");

        Strict.TryBase64(entry.Commit, commit);
        isErasure = entry.IsErasure;
        return proof;
    }

    Proof Prove(ReadOnlyMemory<byte> tlogProof, ReadOnlySpan<byte> leafHash)
    {
        var proof = TlogProof.Parse(tlogProof);
        var signed = trust.Open(proof.Note);
        trust.RequireQuorum(signed);
        if (!MerkleProof.VerifyInclusion(proof.Index, signed.Checkpoint.Size, leafHash, signed.Checkpoint.Root, proof.Hashes))
            throw AuditException.Refuted($"The proof does not show that the entry is at position {proof.Index + 1} of {signed.Checkpoint.Size}.");

        return new(proof.Index, leafHash.ToArray(), signed);
    }

    void Add(Proof proof, string? payload)
    {
        if (givenLeafHash is { } given && !given.Span.SequenceEqual(proof.LeafHash))
            throw AuditException.Refuted("The file proves another entry than the one given.");

        proved.Add(new(proof.Signed.Checkpoint.Origin, proof.Index + 1, proof.Signed.Checkpoint.Size, Convert.ToBase64String(proof.LeafHash), payload));
    }

    static byte[] Utf8(string text) => Encoding.UTF8.GetBytes(text);

    sealed record Proof(long Index, byte[] LeafHash, SignedCheckpoint Signed);
}
