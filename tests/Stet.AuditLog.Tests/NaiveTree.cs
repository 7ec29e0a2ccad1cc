using System.Collections.Concurrent;

namespace Stet.AuditLog.Tests;

/// <summary>The definitions of RFC 6962, 2.1, as they stand there. It remembers roots, for speed.</summary>
sealed class NaiveTree(IReadOnlyList<LogHash> leaves)
{
    readonly ConcurrentDictionary<(int Start, int End), LogHash> roots = new();

    /// <summary>70,000 leaves of the entries <c>entry-0</c>, <c>entry-1</c> …, shared by all tests.</summary>
    public static NaiveTree OfEntries { get; } =
        new([.. Enumerable.Range(0, 70_000).Select(i => Hashes.Leaf(Hashes.Entry(i)))]);

    public IReadOnlyList<LogHash> Leaves => leaves;

    /// <summary>MTH of the first leaves.</summary>
    public LogHash Root(int size) => size == 0 ? Hashes.Hex(Empty) : Root(0, size);

    /// <summary>The roots of the perfect subtrees, largest first, one for each 1-bit of the size.</summary>
    public LogHash[] Peaks(int size)
    {
        var peaks = new List<LogHash>();
        for (var (bit, start) = (1 << 20, 0); bit > 0; bit >>= 1)
        {
            if ((size & bit) == 0) continue;
            peaks.Add(Root(start, start + bit));
            start += bit;
        }

        return [.. peaks];
    }

    /// <summary>PATH(m, D[n]).</summary>
    public LogHash[] Inclusion(int index, int size) => [.. Path(index, 0, size)];

    /// <summary>PROOF(m, D[n]); empty for m = 0.</summary>
    public LogHash[] Consistency(int oldSize, int newSize) =>
        oldSize == 0 ? [] : [.. SubProof(oldSize, 0, newSize, isWhole: true)];

    /// <summary>The hash tile, cut to what a tree of that size has.</summary>
    public byte[] TileOf(int level, int index, int size)
    {
        var leavesPerHash = 1 << (8 * level);
        var first = 256 * index;
        var count = Math.Min(256, (size / leavesPerHash) - first);
        return
        [
            .. Enumerable.Range(first, count)
                .SelectMany(hash => Root(hash * leavesPerHash, (hash + 1) * leavesPerHash).ToArray()),
        ];
    }

    const string Empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

    LogHash Root(int start, int end)
    {
        if (end - start == 1) return leaves[start];
        if (roots.TryGetValue((start, end), out var known)) return known;

        var split = start + Split(end - start);
        return roots[(start, end)] = Hashes.Node(Root(start, split), Root(split, end));
    }

    IEnumerable<LogHash> Path(int index, int start, int end)
    {
        if (end - start == 1) return [];

        var split = start + Split(end - start);
        return index < split
            ? [.. Path(index, start, split), Root(split, end)]
            : [.. Path(index, split, end), Root(start, split)];
    }

    IEnumerable<LogHash> SubProof(int oldSize, int start, int end, bool isWhole)
    {
        if (oldSize == end) return isWhole ? [] : [Root(start, end)];

        var split = start + Split(end - start);
        return oldSize <= split
            ? [.. SubProof(oldSize, start, split, isWhole), Root(split, end)]
            : [.. SubProof(oldSize, split, end, isWhole: false), Root(start, split)];
    }

    /// <summary>The largest power of two smaller than the count.</summary>
    static int Split(int count)
    {
        var split = 1;
        while (split * 2 < count) split *= 2;
        return split;
    }
}
