namespace Stet.AuditLog.Tests;

public class NewestLeavesLaws
{
    [Fact]
    public void A_proof_about_a_new_leaf_needs_only_the_edge_before_and_the_new_hashes()
    {
        for (var before = 0; before <= 70; before++)
        {
            for (var added = 1; added <= 40; added += 3) ShouldProve(before, added);
        }

        ShouldProve(65_535, 300);
    }

    [Fact]
    public void Leaves_that_do_not_make_up_the_size_are_refused() =>
        Should.Throw<ArgumentException>(() => ProofPlan.Inclusion(4, 6).ComputeForNewest(new NewestLeaves(Tree(4), [Leaf(4)])));

    [Fact]
    public void About_an_older_leaf_they_prove_nothing()
    {
        for (var index = 0; index < 4; index++)
        {
            Should.Throw<ArgumentException>(() => ProofPlan.Inclusion(index, 7).ComputeForNewest(new NewestLeaves(Tree(5), [Leaf(5), Leaf(6)])))
                .Message.ShouldContain("older leaf");
        }
    }

    static void ShouldProve(int before, int added)
    {
        var (edge, whole) = (Tree(before), Tree(before + added));
        var newest = new NewestLeaves(edge, Enumerable.Range(before, added).Select(Leaf));

        for (var index = before; index < before + added; index++)
        {
            var proof = ProofPlan.Inclusion(index, whole.Size).ComputeForNewest(newest);
            MerkleProof.VerifyInclusion(index, whole.Size, Leaf(index), proof, whole.Root).ShouldBeTrue($"{index} of {before} + {added}");
        }
    }

    static Peaks Tree(int size)
    {
        var tree = new Peaks();
        for (var i = 0; i < size; i++) tree.Append(Leaf(i));
        return tree;
    }

    static LogHash Leaf(int index) => LogHash.Leaf(BitConverter.GetBytes(index));
}
