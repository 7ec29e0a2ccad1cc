using System.Text.Json;
using FsCheck;
using FsCheck.Fluent;

namespace Stet.AuditLog.Tests;

public class MerkleProofSpecs
{
    static readonly NaiveTree tree = NaiveTree.OfEntries;

    static readonly LogHash[] one = [LogHash.EmptyRoot];

    [Fact]
    public void The_proofs_of_the_small_leaves_are_accepted()
    {
        var small = TlogData.Read("rfc6962-ct.json");
        var roots = small.Items("roots").ToDictionary(root => root.Number("size"), root => root.Hash("root"));
        var leaves = small.Items("leaves").Select(leaf => leaf.Hash("leaf_hash")).ToList();

        foreach (var proof in small.Items("inclusion"))
        {
            MerkleProof.VerifyInclusion(
                proof.Number("index"), proof.Number("size"), leaves[(int)proof.Number("index")],
                proof.HashList("proof"), roots[proof.Number("size")]).ShouldBeTrue(proof.ToString());
        }

        foreach (var proof in small.Items("consistency"))
        {
            MerkleProof.VerifyConsistency(
                proof.Number("old_size"), proof.Number("new_size"), roots[proof.Number("old_size")],
                roots[proof.Number("new_size")], proof.HashList("proof")).ShouldBeTrue(proof.ToString());
        }
    }

    [Fact]
    public void The_proofs_of_the_entries_are_accepted()
    {
        var entries = TlogData.Read("entries-log.json");

        foreach (var proof in entries.Items("inclusion"))
        {
            LogHash.Leaf(Hashes.Entry(proof.Number("index"))).ShouldBe(proof.Hash("leaf_hash"));
            MerkleProof.VerifyInclusion(
                proof.Number("index"), proof.Number("size"), proof.Hash("leaf_hash"), proof.HashList("proof"),
                proof.Hash("root")).ShouldBeTrue(proof.ToString());
        }

        foreach (var proof in entries.Items("consistency"))
        {
            MerkleProof.VerifyConsistency(
                proof.Number("old_size"), proof.Number("new_size"), proof.Hash("old_root"), proof.Hash("new_root"),
                proof.HashList("proof")).ShouldBeTrue(proof.ToString());
        }
    }

    [Fact]
    public void Every_published_inclusion_case_is_decided_as_published()
    {
        var cases = TlogData.Read("merkle-proof-cases.json").Items("inclusion").ToList();
        cases.Count.ShouldBe(52);

        foreach (var given in cases)
        {
            IsAccepted(() => MerkleProof.VerifyInclusion(
                Number(given, "leafIdx"), Number(given, "treeSize"), Hash(given, "leafHash"), Proof(given),
                Hash(given, "root"))).ShouldBe(!given.Flag("wantErr"), given.Text("file"));
        }
    }

    [Fact]
    public void Every_published_consistency_case_is_decided_as_published()
    {
        var cases = TlogData.Read("merkle-proof-cases.json").Items("consistency").ToList();
        cases.Count.ShouldBe(52);

        foreach (var given in cases)
        {
            IsAccepted(() => MerkleProof.VerifyConsistency(
                Number(given, "size1"), Number(given, "size2"), Hash(given, "root1"), Hash(given, "root2"),
                Proof(given))).ShouldBe(!given.Flag("wantErr"), given.Text("file"));
        }
    }

    [Fact]
    public void Inclusion_proofs_of_any_tree_are_accepted_and_forged_ones_refused() =>
        Prop.ForAll(Pairs, pair =>
        {
            var (index, size) = (pair.Small, pair.Large);
            var (leaf, root, proof) = (tree.Leaves[index], tree.Root(size), tree.Inclusion(index, size));

            MerkleProof.VerifyInclusion(index, size, leaf, proof, root).ShouldBeTrue();
            foreach (var forged in Forged(proof))
                MerkleProof.VerifyInclusion(index, size, leaf, forged, root).ShouldBeFalse();
            MerkleProof.VerifyInclusion(index, size, one[0], proof, root).ShouldBeFalse();
            MerkleProof.VerifyInclusion(index, size, leaf, proof, one[0]).ShouldBeFalse();
            if (size > 1) MerkleProof.VerifyInclusion((index + 1) % size, size, leaf, proof, root).ShouldBeFalse();
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(100));

    [Fact]
    public void Consistency_proofs_of_any_trees_are_accepted_and_forged_ones_refused() =>
        Prop.ForAll(Pairs, pair =>
        {
            var (oldSize, newSize) = (pair.Small + 1, pair.Large);
            var (oldRoot, newRoot) = (tree.Root(oldSize), tree.Root(newSize));
            var proof = tree.Consistency(oldSize, newSize);

            MerkleProof.VerifyConsistency(oldSize, newSize, oldRoot, newRoot, proof).ShouldBeTrue();
            foreach (var forged in Forged(proof))
                MerkleProof.VerifyConsistency(oldSize, newSize, oldRoot, newRoot, forged).ShouldBeFalse();
            MerkleProof.VerifyConsistency(oldSize, newSize, one[0], newRoot, proof).ShouldBeFalse();
            MerkleProof.VerifyConsistency(oldSize, newSize, oldRoot, one[0], proof).ShouldBeFalse();
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(100));

    [Theory]
    [InlineData(-1, 1)]
    [InlineData(0, 0)]
    [InlineData(1, 1)]
    [InlineData(long.MaxValue, long.MaxValue)]
    [InlineData(0, -1)]
    [InlineData(long.MinValue, long.MinValue)]
    public void An_index_that_no_such_tree_has_is_refused(long index, long size) =>
        MerkleProof.VerifyInclusion(index, size, one[0], [], one[0]).ShouldBeFalse();

    [Theory]
    [InlineData(0, 0)]
    [InlineData(0, 1)]
    [InlineData(-1, 1)]
    [InlineData(2, 1)]
    [InlineData(1, long.MinValue)]
    public void Sizes_of_no_proof_are_refused(long oldSize, long newSize) =>
        MerkleProof.VerifyConsistency(oldSize, newSize, one[0], one[0], []).ShouldBeFalse();

    [Fact]
    public void The_same_size_takes_the_same_root_and_no_hashes()
    {
        MerkleProof.VerifyConsistency(7, 7, one[0], one[0], []).ShouldBeTrue();
        MerkleProof.VerifyConsistency(7, 7, one[0], one[0], one).ShouldBeFalse();
        MerkleProof.VerifyConsistency(7, 7, one[0], default, []).ShouldBeFalse();
    }

    [Fact]
    public void The_largest_tree_is_answered()
    {
        MerkleProof.VerifyInclusion(long.MaxValue - 1, long.MaxValue, one[0], new LogHash[63], one[0]).ShouldBeFalse();
        MerkleProof.VerifyConsistency(1L << 62, long.MaxValue, one[0], one[0], new LogHash[63]).ShouldBeFalse();
    }

    static Arbitrary<(int Small, int Large)> Pairs { get; } =
        (from large in Gen.OneOf(Gen.Choose(1, 40), Gen.Choose(1, 70_000), Gen.Elements(65_536, 65_537))
         from small in Gen.Choose(0, large - 1)
         select (small, large)).ToArbitrary();

    /// <summary>A hash more, at either end; one less, at either end; one altered.</summary>
    static IEnumerable<LogHash[]> Forged(LogHash[] proof)
    {
        yield return [.. proof, one[0]];
        yield return [one[0], .. proof];
        if (proof.Length == 0) yield break;

        yield return proof[1..];
        yield return proof[..^1];
        foreach (var i in Enumerable.Range(0, proof.Length))
            yield return [.. proof[..i], one[0], .. proof[(i + 1)..]];
    }

    /// <summary>Hashes of another length are refused before a verifier gets them.</summary>
    static bool IsAccepted(Func<bool> verify)
    {
        try
        {
            return verify();
        }
        catch (AuditLogFormatException)
        {
            return false;
        }
    }

    /// <summary>Numbers of 2^63 and more come out negative.</summary>
    static long Number(JsonElement given, string member) => unchecked((long)given.GetProperty(member).GetUInt64());

    static LogHash Hash(JsonElement given, string member) =>
        given.GetProperty(member) is { ValueKind: JsonValueKind.String } text
            ? new LogHash(text.GetBytesFromBase64())
            : new LogHash([]);

    static LogHash[] Proof(JsonElement given) =>
        given.GetProperty("proof").ValueKind == JsonValueKind.Null
            ? []
            : [.. given.Items("proof").Select(hash => new LogHash(hash.GetBytesFromBase64()))];
}
