using FsCheck;
using FsCheck.Fluent;

namespace Stet.AuditLog.Tests;

public class ProofPlanSpecs
{
    static readonly NaiveTree tree = NaiveTree.OfEntries;

    [Fact]
    public void Inclusion_proofs_are_those_of_the_definition() =>
        Prop.ForAll(Pairs, Flags, (pair, withPeaks) =>
        {
            var (index, size) = (pair.Small, pair.Large);
            Made(ProofPlan.Inclusion(index, size, withPeaks ? PeaksOf(size) : null), size)
                .ShouldBe(tree.Inclusion(index, size));
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(100));

    [Fact]
    public void What_proofs_have_shown_saves_later_ones_the_upper_tiles() =>
        Prop.ForAll(Pairs, pair =>
        {
            var (index, size) = (pair.Small, pair.Large);
            var cache = new SubtreeCache(1_000);
            var first = ProofPlan.Inclusion(index, size, PeaksOf(size), cache);
            first.Keep(cache, Made(first, size));

            var second = ProofPlan.Inclusion(index, size, PeaksOf(size), cache);

            second.Tiles.ShouldAllBe(tile => tile.Level == 0);
            Made(second, size).ShouldBe(tree.Inclusion(index, size));
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(100));

    [Fact]
    public void A_cache_that_is_full_begins_anew()
    {
        const int Size = 65_536;
        var cache = new SubtreeCache(3);
        for (var index = 0; index < Size; index += 5_000)
        {
            var plan = ProofPlan.Inclusion(index, Size, cache: cache);
            var hashes = Made(plan, Size);
            hashes.ShouldBe(tree.Inclusion(index, Size));
            plan.Keep(cache, hashes);
        }
    }

    [Fact]
    public void Consistency_proofs_are_those_of_the_definition() =>
        Prop.ForAll(Pairs, Flags, (pair, withPeaks) =>
        {
            var (oldSize, newSize) = (pair.Small, pair.Large);
            Made(ProofPlan.Consistency(oldSize, newSize, withPeaks ? PeaksOf(newSize) : null), newSize)
                .ShouldBe(tree.Consistency(oldSize, newSize));
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(100));

    [Fact]
    public void All_proofs_of_small_trees_are_those_of_the_definition()
    {
        for (var size = 1; size <= 40; size++)
        {
            for (var other = 0; other <= size; other++)
            {
                Made(ProofPlan.Consistency(other, size), size).ShouldBe(tree.Consistency(other, size));
                if (other < size) Made(ProofPlan.Inclusion(other, size), size).ShouldBe(tree.Inclusion(other, size));
            }
        }
    }

    [Fact]
    public void The_peaks_of_an_older_size_are_read_from_the_tiles() =>
        Prop.ForAll(Pairs, pair =>
        {
            var (oldSize, newSize) = (pair.Small, pair.Large);

            var peaks = new Peaks(oldSize, Made(ProofPlan.Peaks(oldSize), newSize));

            peaks.Root.ShouldBe(tree.Root(oldSize));
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(100));

    [Fact]
    public void The_vectors_of_the_entries_are_made_byte_for_byte()
    {
        var entries = TlogData.Read("entries-log.json");

        foreach (var proof in entries.Items("inclusion").Where(proof => proof.Number("size") <= 70_000))
        {
            var plan = ProofPlan.Inclusion(proof.Number("index"), proof.Number("size"));
            Made(plan, (int)proof.Number("size")).ShouldBe(proof.HashList("proof"));
        }

        foreach (var proof in entries.Items("consistency").Where(proof => proof.Number("new_size") <= 70_000))
        {
            var plan = ProofPlan.Consistency(proof.Number("old_size"), proof.Number("new_size"));
            Made(plan, (int)proof.Number("new_size")).ShouldBe(proof.HashList("proof"));
        }
    }

    [Fact]
    public void With_the_peaks_a_proof_of_a_million_leaves_takes_three_tiles_and_another_does_not_take_many()
    {
        const int Size = 1_000_000;
        var peaks = new Peaks(Size, new LogHash[7]);

        for (var index = 0; index < Size; index += 997)
        {
            ProofPlan.Inclusion(index, Size, peaks).Tiles.Count.ShouldBeLessThanOrEqualTo(3);
            ProofPlan.Inclusion(index, Size).Tiles.Count.ShouldBeLessThanOrEqualTo(5);
            ProofPlan.Consistency(index, Size, peaks).Tiles.Count.ShouldBeLessThanOrEqualTo(3);
        }
    }

    [Fact]
    public void A_plan_of_the_largest_tree_names_tiles_that_it_has()
    {
        var plan = ProofPlan.Inclusion(long.MaxValue - 1, long.MaxValue);

        plan.Tiles.ShouldAllBe(tile => tile.IsWithin(long.MaxValue));
        ProofPlan.Peaks(long.MaxValue).Tiles.Count.ShouldBe(8);
    }

    [Fact]
    public void A_tile_that_ends_early_is_refused_by_its_path()
    {
        var plan = ProofPlan.Inclusion(0, 300);

        plan.Tiles.ShouldBe([new Tile(0, 0, 256), new Tile(0, 1, 44)]);
        Should.Throw<AuditLogFormatException>(() => plan.Compute(_ => new byte[100]))
            .Message.ShouldBe("The tile `tile/0/000` has 100 bytes instead of 8192.");
    }

    [Fact]
    public void Peaks_of_another_size_are_a_mistake_of_the_program()
    {
        Should.Throw<ArgumentException>(() => ProofPlan.Inclusion(0, 300, PeaksOf(299)));
        Should.Throw<ArgumentException>(() => ProofPlan.Consistency(1, 300, PeaksOf(299)));
    }

    [Theory]
    [InlineData(-1, 1)]
    [InlineData(1, 1)]
    [InlineData(0, 0)]
    public void A_leaf_outside_the_tree_is_a_mistake_of_the_program(long index, long size) =>
        Should.Throw<ArgumentOutOfRangeException>(() => ProofPlan.Inclusion(index, size));

    [Theory]
    [InlineData(-1, 1)]
    [InlineData(2, 1)]
    public void Sizes_in_the_wrong_order_are_a_mistake_of_the_program(long oldSize, long newSize) =>
        Should.Throw<ArgumentOutOfRangeException>(() => ProofPlan.Consistency(oldSize, newSize));

    [Fact]
    public void The_peaks_of_a_negative_size_are_a_mistake_of_the_program() =>
        Should.Throw<ArgumentOutOfRangeException>(() => ProofPlan.Peaks(-1));

    static Arbitrary<bool> Flags { get; } = Gen.Elements(true, false).ToArbitrary();

    static Arbitrary<(int Small, int Large)> Pairs { get; } =
        (from large in Gen.OneOf(Gen.Choose(1, 600), Gen.Choose(1, 70_000), Gen.Elements(65_536, 65_537, 65_792))
         from small in Gen.Choose(0, large - 1)
         select (small, large)).ToArbitrary();

    static Peaks PeaksOf(int size) => new(size, tree.Peaks(size));

    /// <summary>From the tiles of a tree that has grown to a size, which may be wider than asked for.</summary>
    static LogHash[] Made(ProofPlan plan, int size)
    {
        var asked = plan.Tiles.ToHashSet();
        return plan.Compute(tile =>
        {
            asked.ShouldContain(tile);
            return tree.TileOf(tile.Level, (int)tile.Index, size);
        });
    }
}
