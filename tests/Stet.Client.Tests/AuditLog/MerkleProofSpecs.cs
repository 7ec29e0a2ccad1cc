using System.Text.Json;
using Stet.Client.AuditLog;

namespace Stet.Client.Tests.AuditLog;

public class MerkleProofSpecs
{
    [SharedDataFact]
    public void The_inclusion_cases_come_out_as_they_say()
    {
        foreach (var c in SharedData.Json("merkle-proof-cases.json").GetProperty("inclusion").EnumerateArray())
        {
            MerkleProof.VerifyInclusion(
                Size(c, "leafIdx"), Size(c, "treeSize"), Base64(c.GetProperty("leafHash")), Base64(c.GetProperty("root")), Hashes(c))
                .ShouldBe(!c.GetProperty("wantErr").GetBoolean(), c.Text("file"));
        }
    }

    [SharedDataFact]
    public void The_consistency_cases_come_out_as_they_say()
    {
        foreach (var c in SharedData.Json("merkle-proof-cases.json").GetProperty("consistency").EnumerateArray())
        {
            MerkleProof.VerifyConsistency(
                Size(c, "size1"), Size(c, "size2"), Base64(c.GetProperty("root1")), Base64(c.GetProperty("root2")), Hashes(c))
                .ShouldBe(!c.GetProperty("wantErr").GetBoolean(), c.Text("file"));
        }
    }

    [SharedDataFact]
    public void The_proofs_of_the_entries_log_verify_and_fail_with_one_hash_more_or_less()
    {
        foreach (var c in SharedData.Json("entries-log.json").GetProperty("inclusion").EnumerateArray())
        {
            var (index, size, proof) = (c.GetProperty("index").GetInt64(), c.GetProperty("size").GetInt64(), HexHashes(c));
            var leaf = MerkleProof.LeafHash(c.Bytes("entry"));

            leaf.ShouldBe(c.Hex("leaf_hash"));
            MerkleProof.VerifyInclusion(index, size, leaf, c.Hex("root"), proof).ShouldBeTrue();
            MerkleProof.VerifyInclusion(index, size, leaf, c.Hex("root"), [.. proof, leaf]).ShouldBeFalse();
            if (proof.Length > 0) MerkleProof.VerifyInclusion(index, size, leaf, c.Hex("root"), proof[1..]).ShouldBeFalse();
        }

        foreach (var c in SharedData.Json("entries-log.json").GetProperty("consistency").EnumerateArray())
        {
            var (old, size, proof) = (c.GetProperty("old_size").GetInt64(), c.GetProperty("new_size").GetInt64(), HexHashes(c));

            MerkleProof.VerifyConsistency(old, size, c.Hex("old_root"), c.Hex("new_root"), proof).ShouldBeTrue();
            MerkleProof.VerifyConsistency(old, size, c.Hex("old_root"), c.Hex("new_root"), [.. proof, c.Hex("old_root")]).ShouldBeFalse();
            if (proof.Length > 0) MerkleProof.VerifyConsistency(old, size, c.Hex("old_root"), c.Hex("new_root"), proof[..^1]).ShouldBeFalse();
        }
    }

    [Fact]
    public void A_consistency_with_nothing_is_refused() =>
        MerkleProof.VerifyConsistency(0, 1, new byte[32], new byte[32], []).ShouldBeFalse();

    [Fact]
    public void A_leaf_beyond_the_tree_is_refused()
    {
        var leaf = MerkleProof.LeafHash("entry-0"u8);

        MerkleProof.VerifyInclusion(0, 1, leaf, leaf, []).ShouldBeTrue();
        MerkleProof.VerifyInclusion(1, 1, leaf, leaf, []).ShouldBeFalse();
        MerkleProof.VerifyInclusion(-1, 1, leaf, leaf, []).ShouldBeFalse();
    }

    // Sizes and indexes of the cases reach beyond 2^63: those no signed long holds, and are out of any tree.
    static long Size(JsonElement c, string name) => c.GetProperty(name).TryGetInt64(out var value) ? value : -1;

    static byte[] Base64(JsonElement value) => value.ValueKind == JsonValueKind.Null ? [] : value.GetBytesFromBase64();

    static byte[][] Hashes(JsonElement c) =>
        c.GetProperty("proof") is { ValueKind: JsonValueKind.Array } proof ? [.. proof.EnumerateArray().Select(Base64)] : [];

    static byte[][] HexHashes(JsonElement c) => [.. c.GetProperty("proof").EnumerateArray().Select(h => Convert.FromHexString(h.GetString()!))];
}
