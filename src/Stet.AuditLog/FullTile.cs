namespace Stet.AuditLog;

/// <summary>
/// A full tile of leaf hashes with the roots of all perfect subtrees in it: whoever makes proofs about its leaves again
/// and again hashes it once. Such a tile never changes. Safe for any number of threads.
/// </summary>
public sealed class FullTile
{
    /// <summary>Bytes of memory that it takes.</summary>
    public const int Size = LogHash.Size * NodeCount;

    const int NodeCount = (2 * Tile.FullWidth) - 1;

    // Level by level, the leaves first: the children of the node at 256 + i are at 2 i and 2 i + 1.
    readonly LogHash[] nodes = new LogHash[NodeCount];

    /// <param name="index">Which tile of level 0.</param>
    /// <param name="hashes">Those of its 256 leaves, 32 bytes each.</param>
    /// <exception cref="AuditLogFormatException">They are not as many bytes as that.</exception>
    public FullTile(long index, ReadOnlySpan<byte> hashes)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(index);
        if (hashes.Length != Tile.FullWidth * LogHash.Size)
            throw new AuditLogFormatException($"A full tile has {Tile.FullWidth * LogHash.Size} bytes, not {hashes.Length}.");

        Index = index;
        for (var i = 0; i < Tile.FullWidth; i++) nodes[i] = new LogHash(hashes.Slice(i * LogHash.Size, LogHash.Size));
        for (var (below, width) = (0, Tile.FullWidth); width > 1; (below, width) = (below + width, width / 2))
            LogHash.Nodes(nodes.AsSpan(below, width), nodes.AsSpan(below + width));
    }

    /// <summary>Which tile of level 0.</summary>
    public long Index { get; }

    /// <summary>The hash of one of its leaves.</summary>
    /// <param name="index">Of the leaf in the log.</param>
    /// <exception cref="ArgumentOutOfRangeException">The leaf is in another tile.</exception>
    public LogHash Leaf(long index)
    {
        return index / Tile.FullWidth == Index
            ? nodes[index % Tile.FullWidth]
            : throw new ArgumentOutOfRangeException(nameof(index), index, $"The leaf is not in tile {Index}.");
    }

    /// <summary>Whether a perfect subtree of the log is part of it, and its root then.</summary>
    internal bool TryGet(int height, long number, out LogHash root)
    {
        root = default;
        if (height >= Tile.Height || number >> (Tile.Height - height) != Index) return false;

        var levelStart = (2 * Tile.FullWidth) - (2 * Tile.FullWidth >> height);
        root = nodes[levelStart + (number - (Index << (Tile.Height - height)))];
        return true;
    }
}
