using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Stet.AuditLog;

/// <summary>
/// The right edge of a growing tree: the roots of its perfect subtrees, one for each 1-bit of its size, largest first.
/// It is all that appending and the root take. Not safe for use by several threads.
/// </summary>
public sealed class Peaks
{
    const int MostPeaks = 63;

    readonly LogHash[] peaks = new LogHash[MostPeaks];

    /// <summary>Of a tree without leaves.</summary>
    public Peaks()
    {
    }

    /// <summary>Of a tree that is there.</summary>
    /// <param name="size">How many leaves it has, 0 or more.</param>
    /// <param name="hashes">What <see cref="Hashes"/> was for that size.</param>
    /// <exception cref="ArgumentOutOfRangeException">The size is negative.</exception>
    /// <exception cref="AuditLogFormatException">A tree of that size has another number of peaks.</exception>
    public Peaks(long size, ReadOnlySpan<LogHash> hashes)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(size);
        if (hashes.Length != CountOf(size))
        {
            throw new AuditLogFormatException(
                $"A tree of {size} leaves has {CountOf(size)} peaks, not {hashes.Length}.");
        }

        hashes.CopyTo(peaks);
        Size = size;
    }

    /// <summary>How many leaves the tree has.</summary>
    public long Size { get; private set; }

    /// <summary>The peaks, largest subtree first. They change with the next append.</summary>
    public ReadOnlySpan<LogHash> Hashes => peaks.AsSpan(0, CountOf(Size));

    /// <summary>The root of the tree: the peaks folded from the right.</summary>
    public LogHash Root => Fold(Hashes);

    /// <summary>Reads what <see cref="ToArray"/> made.</summary>
    /// <param name="size">How many leaves the tree has, 0 or more.</param>
    /// <param name="bytes">32 bytes for each 1-bit of the size.</param>
    /// <exception cref="ArgumentOutOfRangeException">The size is negative.</exception>
    /// <exception cref="AuditLogFormatException">They are not as many bytes as that.</exception>
    public static Peaks Read(long size, ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length % LogHash.Size != 0)
            throw new AuditLogFormatException($"Peaks have {LogHash.Size} bytes each; {bytes.Length} bytes are none.");

        return new Peaks(size, MemoryMarshal.Cast<byte, LogHash>(bytes));
    }

    /// <summary>32 bytes for each peak, largest subtree first.</summary>
    public byte[] ToArray() => MemoryMarshal.AsBytes(Hashes).ToArray();

    /// <summary>Adds a leaf on the right.</summary>
    /// <param name="leaf">Its hash, see <see cref="LogHash.Leaf"/>.</param>
    /// <param name="filled">
    /// Gets the tiles that this leaf made full, lowest level first: their roots are known here and nowhere else.
    /// </param>
    public void Append(LogHash leaf, ICollection<FilledTile>? filled = null)
    {
        if (Size == long.MaxValue) throw Full();

        var hash = leaf;
        var count = CountOf(Size);
        var height = 0;

        for (var rest = Size; (rest & 1) == 1; rest >>= 1)
        {
            hash = LogHash.Node(peaks[--count], hash);
            height++;
            if (height % Tile.Height == 0)
                filled?.Add(new FilledTile((height / Tile.Height) - 1, Size >> height, hash));
        }

        peaks[count] = hash;
        Size++;
    }

    /// <summary>Adds leaves on the right, in their order: level by level, which is faster than one by one.</summary>
    /// <param name="leaves">Their hashes.</param>
    /// <param name="filled">Gets the tiles that they made full, in the order that they were.</param>
    public void Append(ReadOnlySpan<LogHash> leaves, ICollection<FilledTile>? filled = null)
    {
        if (leaves.Length > long.MaxValue - Size) throw Full();

        while (!leaves.IsEmpty)
        {
            // Tiles get full with the last leaf of a part only, and so in their order.
            var part = (int)Math.Min(leaves.Length, Tile.FullWidth - (Size % Tile.FullWidth));
            AppendInTile(leaves[..part], filled);
            leaves = leaves[part..];
        }
    }

    [SkipLocalsInit]
    void AppendInTile(ReadOnlySpan<LogHash> leaves, ICollection<FilledTile>? filled)
    {
        Span<LogHash> edge = stackalloc LogHash[MostPeaks];
        Span<LogHash> row = stackalloc LogHash[Tile.FullWidth];
        var (first, end, kept) = (Size, Size + leaves.Length, CountOf(Size));
        leaves.CopyTo(row[(int)(first & 1)..]);

        // The new hashes of each height are those from first to before end; an odd one's left sibling is a peak.
        for (var height = 0; first < end; height++)
        {
            var isOdd = (int)(first & 1);
            if (height > 0 && height % Tile.Height == 0) filled?.Add(new FilledTile((height / Tile.Height) - 1, first, row[isOdd]));
            if (isOdd == 1) row[0] = peaks[--kept];
            if ((end & 1) == 1) edge[CountOf(end) - 1] = row[(int)(end - 1 - (first - isOdd))];

            (first, end) = (first >> 1, end >> 1);
            LogHash.Nodes(row[..(2 * (int)(end - first))], row[(int)(first & 1)..]);
        }

        Size += leaves.Length;
        edge[kept..CountOf(Size)].CopyTo(peaks.AsSpan(kept));
    }

    static InvalidOperationException Full() => new("The tree is full: it has 2^63 - 1 leaves.");

    /// <summary>How many peaks a tree of that size has.</summary>
    internal static int CountOf(long size) => BitOperations.PopCount((ulong)size);

    /// <summary>The root over subtrees that stand side by side, each larger than those to its right together.</summary>
    internal static LogHash Fold(ReadOnlySpan<LogHash> subtrees)
    {
        if (subtrees.IsEmpty) return LogHash.EmptyRoot;

        var root = subtrees[^1];
        for (var i = subtrees.Length - 2; i >= 0; i--)
            root = LogHash.Node(subtrees[i], root);

        return root;
    }
}

/// <summary>A hash tile that got its 256th hash and will never change again.</summary>
/// <param name="Level">0 for a tile of leaf hashes.</param>
/// <param name="Index">Which tile of that level, from 0.</param>
/// <param name="Root">The hash over all of the tile, which is also a hash of the tile level above.</param>
[StructLayout(LayoutKind.Auto)]
public readonly record struct FilledTile(int Level, long Index, LogHash Root);
