using FsCheck;
using FsCheck.Fluent;

namespace Stet.AuditLog.Tests;

public class PeaksSpecs
{
    static readonly NaiveTree tree = NaiveTree.OfEntries;

    [Fact]
    public void The_roots_of_the_small_leaves_are_those_of_the_vectors()
    {
        var small = TlogData.Read("rfc6962-ct.json");
        var roots = small.Items("roots").ToDictionary(root => root.Number("size"), root => root.Hash("root"));
        var peaks = new Peaks();

        peaks.Root.ShouldBe(roots[0]);
        foreach (var leaf in small.Items("leaves"))
        {
            peaks.Append(LogHash.Leaf(leaf.Bytes("entry_hex")));
            peaks.Root.ShouldBe(roots[peaks.Size]);
        }

        peaks.Size.ShouldBe(8);
    }

    [Fact]
    public void The_roots_of_the_entries_are_those_of_the_vectors()
    {
        var peaks = new Peaks();
        foreach (var root in TlogData.Read("entries-log.json").Items("roots"))
        {
            while (peaks.Size < root.Number("size")) peaks.Append(LogHash.Leaf(Hashes.Entry(peaks.Size)));
            peaks.Root.ShouldBe(root.Hash("root"));
        }

        peaks.Size.ShouldBeGreaterThan(131_072);
    }

    [Fact]
    public void Any_number_of_leaves_has_the_root_and_the_peaks_of_the_definition() =>
        Prop.ForAll(Sizes, size =>
        {
            var peaks = new Peaks();
            peaks.Append(LeavesTo(size));

            peaks.Size.ShouldBe(size);
            peaks.Root.ShouldBe(tree.Root(size));
            peaks.Hashes.ToArray().ShouldBe(tree.Peaks(size));
            peaks.ToArray().Length.ShouldBe(32 * peaks.Hashes.Length);
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(40));

    [Fact]
    public void Going_on_from_stored_peaks_is_the_same_as_never_having_stopped() =>
        Prop.ForAll(Sizes, Sizes, (one, other) =>
        {
            var (first, all) = (Math.Min(one, other), Math.Max(one, other));
            var before = new Peaks(first, tree.Peaks(first));

            var after = Peaks.Read(first, before.ToArray());
            after.Append(LeavesTo(all).AsSpan(first));

            after.Hashes.ToArray().ShouldBe(tree.Peaks(all));
            after.Root.ShouldBe(tree.Root(all));
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(30));

    [Theory]
    [InlineData(0, 70_000)]
    [InlineData(0, 255)]
    [InlineData(255, 256)]
    [InlineData(256, 257)]
    [InlineData(65_000, 65_535)]
    [InlineData(65_535, 65_536)]
    [InlineData(100, 65_600)]
    public void Every_tile_is_reported_once_with_its_root_when_it_gets_full(int start, int end)
    {
        var before = new Peaks();
        before.Append(LeavesTo(start));
        var filled = new List<FilledTile>();

        before.Append(LeavesTo(end).AsSpan(start), filled);

        filled.ShouldBe(
            from size in Enumerable.Range(start + 1, end - start)
            from level in new[] { 0, 1 }
            let leaves = 256 << (8 * level)
            where size % leaves == 0
            select new FilledTile(level, (size / leaves) - 1, Expected(level, (size / leaves) - 1)));
    }

    [Fact]
    public void Leaves_added_together_and_one_by_one_come_to_the_same() =>
        Prop.ForAll(Sizes, Gen.Choose(0, 700).ListOf(4).ToArbitrary(), (start, parts) =>
        {
            var (together, single) = (new Peaks(start, tree.Peaks(start)), new Peaks(start, tree.Peaks(start)));
            var (filledTogether, filledSingle) = (new List<FilledTile>(), new List<FilledTile>());

            foreach (var part in parts)
            {
                var leaves = tree.Leaves.Skip((int)together.Size % 65_000).Take(part).ToArray();
                together.Append(leaves, filledTogether);
                foreach (var leaf in leaves) single.Append(leaf, filledSingle);

                together.Size.ShouldBe(single.Size);
                together.Hashes.ToArray().ShouldBe(single.Hashes.ToArray());
                filledTogether.ShouldBe(filledSingle);
            }
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(100));

    [Fact]
    public void A_tree_takes_no_leaves_beyond_its_largest_size()
    {
        var peaks = new Peaks(long.MaxValue - 1, new LogHash[62]);

        Should.Throw<InvalidOperationException>(() => peaks.Append(new LogHash[2]));
        peaks.Append([LogHash.EmptyRoot]);

        var single = new Peaks(long.MaxValue - 1, new LogHash[62]);
        single.Append(LogHash.EmptyRoot);
        peaks.Hashes.ToArray().ShouldBe(single.Hashes.ToArray());
    }

    [Theory]
    [InlineData(0, 32)]
    [InlineData(1, 0)]
    [InlineData(3, 32)]
    [InlineData(3, 96)]
    [InlineData(4, 31)]
    [InlineData(7, 95)]
    [InlineData(long.MaxValue, 64)]
    public void Peaks_that_do_not_belong_to_the_size_are_refused(long size, int bytes) =>
        Should.Throw<AuditLogFormatException>(() => Peaks.Read(size, new byte[bytes]));

    [Fact]
    public void A_negative_size_is_a_mistake_of_the_program() =>
        Should.Throw<ArgumentOutOfRangeException>(() => Peaks.Read(-1, []));

    [Fact]
    public void The_largest_tree_takes_no_more_leaves()
    {
        var peaks = new Peaks(long.MaxValue - 1, new LogHash[62]);
        peaks.Append(LogHash.EmptyRoot);

        Should.Throw<InvalidOperationException>(() => peaks.Append(LogHash.EmptyRoot));
        peaks.Size.ShouldBe(long.MaxValue);
        peaks.Hashes.Length.ShouldBe(63);
    }

    [Fact]
    public void Appending_allocates_nothing_for_a_leaf()
    {
        var (peaks, leaves) = (new Peaks(), LeavesTo(1000));
        peaks.Append(leaves);

        var before = GC.GetAllocatedBytesForCurrentThread();
        peaks.Append(leaves);

        (GC.GetAllocatedBytesForCurrentThread() - before).ShouldBe(0);
    }

    static Arbitrary<int> Sizes { get; } =
        Gen.OneOf(Gen.Choose(0, 600), Gen.Choose(0, 70_000), Gen.Elements(65_535, 65_536, 65_537, 65_792))
            .ToArbitrary();

    static LogHash[] LeavesTo(int size) => [.. tree.Leaves.Take(size)];

    static LogHash Expected(int level, int index)
    {
        var peaks = new Peaks();
        foreach (var hash in tree.TileOf(level, index, 70_000).Chunk(32)) peaks.Append(new LogHash(hash));
        return peaks.Root;
    }
}
