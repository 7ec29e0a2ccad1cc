using System.Numerics;
using System.Runtime.InteropServices;

namespace Stet.AuditLog;

/// <summary>
/// Which hashes of a tree make a proof. The plan names the tiles it takes, the caller fetches them as he likes, and
/// <see cref="Compute"/> makes the hashes: there is no input or output in here.
/// </summary>
/// <example>
/// <code>
/// var plan = ProofPlan.Inclusion(index, peaks.Size, peaks);
/// var tiles = await ReadTilesAsync(plan.Tiles, cancel);
/// var proof = plan.Compute(tile => tiles[tile]);
/// </code>
/// </example>
public sealed class ProofPlan
{
    readonly long size;
    readonly IReadOnlyList<LeafRange> ranges;
    readonly List<Part> parts = [];
    readonly List<Tile> tiles = [];

    ProofPlan(long size, Peaks? peaks, IReadOnlyList<LeafRange> ranges, SubtreeCache? cache = null, FullTile? leaves = null)
    {
        if (peaks is not null && peaks.Size != size)
            throw new ArgumentException($"The peaks are those of size {peaks.Size}, not {size}.", nameof(peaks));

        (this.size, this.ranges) = (size, ranges);
        for (var range = 0; range < ranges.Count; range++)
        {
            for (var rest = ranges[range]; rest.Count > 0; rest = rest with { Start = rest.Start + parts[^1].Subtree.Leaves.Count })
            {
                var subtree = rest.Largest();
                var isKnown = TryPeak(peaks, subtree, out var root)
                    || leaves?.TryGet(subtree.Height, subtree.Number, out root) == true
                    || cache?.TryGet(subtree.Height, subtree.Number, out root) == true;
                parts.Add(new Part(range, subtree, isKnown, root));
                if (!isKnown && TileOf(subtree) is var tile && !tiles.Contains(tile)) tiles.Add(tile);
            }
        }
    }

    /// <summary>
    /// The tiles to fetch, each once and as wide as the size implies. With the peaks at hand an inclusion proof takes
    /// one of each tile level: three for a million leaves; only that of its leaf once a cache knows the rest.
    /// </summary>
    public IReadOnlyList<Tile> Tiles => tiles;

    /// <summary>The proof that a leaf is in a tree (RFC 6962, 2.1.1), from its sibling up.</summary>
    /// <param name="index">Of the leaf, from 0 and below the size.</param>
    /// <param name="size">How many leaves the tree has; the log may have more by now.</param>
    /// <param name="peaks">Those of that size, which save reading its partial tiles; not changed meanwhile.</param>
    /// <param name="cache">Of the log: what it knows is not read; see <see cref="Keep"/>.</param>
    /// <param name="leaves">The tile that holds the leaf, if it is at hand: then it is not read either.</param>
    /// <exception cref="ArgumentOutOfRangeException">There is no such leaf in the tree.</exception>
    /// <exception cref="ArgumentException">The peaks are those of another size.</exception>
    public static ProofPlan Inclusion(
        long index, long size, Peaks? peaks = null, SubtreeCache? cache = null, FullTile? leaves = null)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(index);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(index, size);

        var (whole, ranges) = (new LeafRange(0, size), new List<LeafRange>());
        while (whole.Count > 1)
        {
            var (left, right) = whole.Split();
            (whole, var beside) = index < right.Start ? (left, right) : (right, left);
            ranges.Add(beside);
        }

        ranges.Reverse();
        return new ProofPlan(size, peaks, ranges, cache, leaves);
    }

    /// <summary>
    /// The proof that a tree goes on from a smaller one (RFC 6962, 2.1.2): no hashes if that has no leaves or as many.
    /// </summary>
    /// <param name="oldSize">How many leaves the smaller tree has, from 0 on.</param>
    /// <param name="newSize">How many leaves the larger tree has; the log may have more by now.</param>
    /// <param name="peaks">Those of the new size, which save reading its partial tiles; not changed meanwhile.</param>
    /// <exception cref="ArgumentOutOfRangeException">The old size is negative or above the new one.</exception>
    /// <exception cref="ArgumentException">The peaks are those of another size.</exception>
    public static ProofPlan Consistency(long oldSize, long newSize, Peaks? peaks = null)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(oldSize);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(oldSize, newSize);

        var (whole, ranges) = (new LeafRange(0, newSize), new List<LeafRange>());
        while (oldSize > 0 && oldSize < whole.End)
        {
            var (left, right) = whole.Split();
            (whole, var beside) = oldSize <= right.Start ? (left, right) : (right, left);
            ranges.Add(beside);
        }

        // A subtree that begins with the first leaf is all of the old tree, whose root the verifier has.
        if (oldSize > 0 && whole.Start > 0) ranges.Add(whole);

        ranges.Reverse();
        return new ProofPlan(newSize, peaks, ranges);
    }

    /// <summary>The peaks of a tree, of which <see cref="AuditLog.Peaks"/> and hence the root can be made.</summary>
    /// <param name="size">How many leaves the tree has, from 0 on; the log may have more by now.</param>
    /// <exception cref="ArgumentOutOfRangeException">The size is negative.</exception>
    public static ProofPlan Peaks(long size)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(size);
        var perfect = new List<LeafRange>();
        for (var rest = new LeafRange(0, size); rest.Count > 0; rest = rest with { Start = perfect[^1].End })
            perfect.Add(rest.Largest().Leaves);

        return new ProofPlan(size, null, perfect);
    }

    /// <summary>Makes the hashes.</summary>
    /// <param name="tiles">
    /// Gives the hashes of one of <see cref="Tiles"/>, 32 bytes each; more than asked for are as good, such as those of
    /// the full tile.
    /// </param>
    /// <exception cref="AuditLogFormatException">A tile has too few bytes.</exception>
    public LogHash[] Compute(Func<Tile, ReadOnlyMemory<byte>> tiles)
    {
        ArgumentNullException.ThrowIfNull(tiles);
        return Fold(subtree => InTile(subtree, tiles));
    }

    /// <summary>Keeps what later proofs can take from this one.</summary>
    /// <param name="cache">Of the same log.</param>
    /// <param name="hashes">What <see cref="Compute"/> made, and was found to lead to the root.</param>
    public void Keep(SubtreeCache cache, IReadOnlyList<LogHash> hashes)
    {
        ArgumentNullException.ThrowIfNull(cache);
        ArgumentNullException.ThrowIfNull(hashes);
        foreach (var part in parts)
        {
            if (!part.IsKnown && part.Subtree.Leaves == ranges[part.Range])
                cache.Add(part.Subtree.Height, part.Subtree.Number, hashes[part.Range]);
        }
    }

    /// <summary>Makes the hashes of a proof about one of the newest leaves.</summary>
    /// <param name="newest">The leaves, up to the size of the plan.</param>
    /// <exception cref="ArgumentException">They do not make up that size, or the plan is about an older leaf.</exception>
    public LogHash[] ComputeForNewest(NewestLeaves newest)
    {
        ArgumentNullException.ThrowIfNull(newest);
        if (newest.Size != size) throw new ArgumentException($"The newest leaves make up {newest.Size}, not the {size} of the plan.", nameof(newest));

        return Fold(subtree => newest.TryGet(subtree.Height, subtree.Number, out var root)
            ? root
            : throw new ArgumentException("The plan is about an older leaf.", nameof(newest)));
    }

    LogHash[] Fold(Func<Subtree, LogHash> rootOf)
    {
        var hashes = new LogHash[ranges.Count];
        Span<LogHash> roots = stackalloc LogHash[MerkleProof.MaxHashes];
        for (var part = 0; part < parts.Count;)
        {
            var (range, count) = (parts[part].Range, 0);
            for (; part < parts.Count && parts[part].Range == range; part++)
                roots[count++] = parts[part] is { IsKnown: true } known ? known.Root : rootOf(parts[part].Subtree);

            hashes[range] = AuditLog.Peaks.Fold(roots[..count]);
        }

        return hashes;
    }

    Tile TileOf(Subtree subtree) => Tile.Holding(subtree.TileLevel, subtree.FirstHash, size);

    static bool TryPeak(Peaks? peaks, Subtree subtree, out LogHash root)
    {
        root = default;
        if (peaks is null || subtree.Number + 1 != peaks.Size >> subtree.Height || ((peaks.Size >> subtree.Height) & 1) == 0)
            return false;

        root = peaks.Hashes[BitOperations.PopCount((ulong)peaks.Size >> subtree.Height) - 1];
        return true;
    }

    LogHash InTile(Subtree subtree, Func<Tile, ReadOnlyMemory<byte>> tiles)
    {
        var tile = TileOf(subtree);
        var bytes = tiles(tile).Span;
        var slot = (int)(subtree.FirstHash % Tile.FullWidth);
        if (bytes.Length < LogHash.Size * (slot + subtree.HashCount))
        {
            throw new AuditLogFormatException(
                $"The tile `{tile.Path}` has {bytes.Length} bytes instead of {LogHash.Size * tile.Width}.");
        }

        Span<LogHash> hashes = stackalloc LogHash[Tile.FullWidth / 2];
        hashes = hashes[..subtree.HashCount];
        MemoryMarshal.Cast<byte, LogHash>(bytes).Slice(slot, hashes.Length).CopyTo(hashes);

        for (; hashes.Length > 1; hashes = hashes[..(hashes.Length / 2)]) LogHash.Nodes(hashes, hashes);

        return hashes[0];
    }

    /// <summary>Leaves from one to before another.</summary>
    [StructLayout(LayoutKind.Auto)]
    readonly record struct LeafRange(long Start, long End)
    {
        public long Count => End - Start;

        /// <summary>Where RFC 6962 parts it: behind the largest power of two below the count.</summary>
        public (LeafRange Left, LeafRange Right) Split()
        {
            var middle = Start + (1L << BitOperations.Log2((ulong)Count - 1));
            return (new LeafRange(Start, middle), new LeafRange(middle, End));
        }

        /// <summary>The largest of the perfect subtrees it consists of, one for each 1-bit of the count: the first one.</summary>
        public Subtree Largest()
        {
            var height = BitOperations.Log2((ulong)Count);
            return new Subtree(height, Start >> height);
        }
    }

    /// <summary>The leaves from Number · 2^Height on, 2^Height of them.</summary>
    [StructLayout(LayoutKind.Auto)]
    readonly record struct Subtree(int Height, long Number)
    {
        public LeafRange Leaves => new(Number << Height, (Number + 1) << Height);

        public int TileLevel => Height / Tile.Height;

        /// <summary>How many neighbouring hashes of the tile level it spans: 1 to 128, all in one tile.</summary>
        public int HashCount => 1 << (Height % Tile.Height);

        public long FirstHash => Number << (Height % Tile.Height);
    }

    /// <summary>A perfect subtree of one of the ranges; its root, if that is known already.</summary>
    [StructLayout(LayoutKind.Auto)]
    readonly record struct Part(int Range, Subtree Subtree, bool IsKnown, LogHash Root);
}
