using FsCheck;
using FsCheck.Fluent;

namespace Stet.AuditLog.Tests;

public class FullTileSpecs
{
    static readonly NaiveTree tree = NaiveTree.OfEntries;

    [Fact]
    public void With_the_tile_of_its_leaf_a_proof_takes_no_other_of_that_level() =>
        Prop.ForAll(Leaves, leaf =>
        {
            var (index, size) = leaf;
            var tile = Of(index / 256);

            var plan = ProofPlan.Inclusion(index, size, new Peaks(size, tree.Peaks(size)), leaves: tile);

            plan.Tiles.ShouldAllBe(needed => needed.Level > 0);
            plan.Compute(needed => tree.TileOf(needed.Level, (int)needed.Index, size)).ShouldBe(tree.Inclusion(index, size));
            tile.Leaf(index).ShouldBe(tree.Leaves[index]);
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(100));

    [Fact]
    public void Another_tile_than_that_of_the_leaf_helps_nothing_and_does_no_harm()
    {
        const int Size = 1_000;
        var plan = ProofPlan.Inclusion(3, Size, leaves: Of(2));

        plan.Tiles.ShouldContain(new Tile(0, 0, 256));
        plan.Compute(tile => tree.TileOf(tile.Level, (int)tile.Index, Size)).ShouldBe(tree.Inclusion(3, Size));
        Should.Throw<ArgumentOutOfRangeException>(() => Of(2).Leaf(3));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(8_191)]
    [InlineData(8_224)]
    public void A_tile_of_another_width_is_not_full(int length) =>
        Should.Throw<AuditLogFormatException>(() => new FullTile(0, new byte[length])).Message.ShouldContain($"not {length}");

    static FullTile Of(int index) => new(index, tree.TileOf(0, index, 256 * (index + 1)));

    /// <summary>Leaves of full tiles, with the size of the tree.</summary>
    static Arbitrary<(int Index, int Size)> Leaves { get; } =
        (from size in Gen.OneOf(Gen.Choose(256, 1_300), Gen.Choose(256, 70_000), Gen.Elements(256, 257, 65_536, 65_537))
         from index in Gen.Choose(0, (size / 256 * 256) - 1)
         select (index, size)).ToArbitrary();
}
