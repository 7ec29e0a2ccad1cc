using System.Runtime.CompilerServices;
using Stet.Client.AuditLog.Formats;

namespace Stet.Client.AuditLog;

/// <summary>
/// The hashes of one signed tree. None is given out before it is known to belong there: the partial tiles of the size
/// fold to the signed root, and each full tile to its slot in its parent, which was found the same way.
/// </summary>
/// <remarks>Not for use by several threads at a time.</remarks>
sealed class AuthenticatedTree
{
    readonly AuditLogSource source;
    readonly IReadOnlyList<ReadOnlyMemory<byte>> edge;

    // One full tile of each level: those on the way to the tile used last.
    readonly (long Index, byte[] Hashes)?[] recent;

    AuthenticatedTree(AuditLogSource source, long size, IReadOnlyList<ReadOnlyMemory<byte>> edge)
    {
        (this.source, this.edge, Size) = (source, edge, size);
        recent = new (long, byte[])?[edge.Count];
    }

    public long Size { get; }

    /// <summary>The hashes of the leaves after the last full tile of level 0; 0 to 255 of them.</summary>
    public ReadOnlyMemory<byte> LastLeaves => edge.Count == 0 ? default : edge[0];

    /// <summary>Reads the partial tiles of a size and holds them against the root.</summary>
    /// <exception cref="AuditException">As reading does; <see cref="AuditOutcome.Refuted"/> for another root.</exception>
    public static async Task<AuthenticatedTree> OpenAsync(AuditLogSource source, long size, ReadOnlyMemory<byte> root, CancellationToken cancel)
    {
        var partial = new List<ReadOnlyMemory<byte>>();
        for (var level = 0; Hashes(size, level) > 0; level++) partial.Add(await ReadEdgeAsync(source, size, level, cancel));

        if (!Merkle.RootOfEdge(partial).AsSpan().SequenceEqual(root.Span))
            throw AuditException.Refuted($"The partial tiles of size {size} do not fold to the root in the checkpoint.");

        return new(source, size, partial);
    }

    /// <summary>The root that the tree had when it was smaller.</summary>
    public async Task<byte[]> RootAtAsync(long size, CancellationToken cancel)
    {
        var smaller = new List<ReadOnlyMemory<byte>>();
        for (var level = 0; Hashes(size, level) > 0; level++)
        {
            var hashes = Hashes(size, level);
            var width = (int)(hashes % TilePath.FullWidth);
            var tile = width == 0 ? default : await TileAsync(level, hashes / TilePath.FullWidth, cancel);
            smaller.Add(tile[..(width * Merkle.HashSize)]);
        }

        return Merkle.RootOfEdge(smaller);
    }

    /// <summary>The full tiles of level 0, in order, each as its index and the root that it must have.</summary>
    /// <param name="first">Index to start from.</param>
    /// <param name="cancel">Ends the reading.</param>
    public async IAsyncEnumerable<(long Index, ReadOnlyMemory<byte> Root)> FullTilesAsync(
        long first, [EnumeratorCancellation] CancellationToken cancel)
    {
        for (var index = first; index < Size / TilePath.FullWidth; index++)
        {
            var parent = await TileAsync(1, index / TilePath.FullWidth, cancel);
            yield return (index, parent.Slice((int)(index % TilePath.FullWidth) * Merkle.HashSize, Merkle.HashSize));
        }
    }

    async Task<ReadOnlyMemory<byte>> TileAsync(int level, long index, CancellationToken cancel)
    {
        if (index == Hashes(Size, level) / TilePath.FullWidth) return edge[level];
        if (recent[level] is { } last && last.Index == index) return last.Hashes;

        var parent = await TileAsync(level + 1, index / TilePath.FullWidth, cancel);
        var path = TilePath.Hashes(level, index);
        using var bytes = await source.ReadTileAsync(path, cancel);
        RequireRoot(path, bytes.Span, Merkle.At(parent.Span, (int)(index % TilePath.FullWidth)));

        var hashes = bytes.Span.ToArray();
        recent[level] = (index, hashes);
        return hashes;
    }

    /// <exception cref="AuditException"><see cref="AuditOutcome.Refuted"/>.</exception>
    public static void RequireRoot(TilePath path, ReadOnlySpan<byte> fullTile, ReadOnlySpan<byte> root)
    {
        Span<byte> actual = stackalloc byte[Merkle.HashSize];
        Merkle.FoldPerfect(fullTile, actual);
        if (!actual.SequenceEqual(root)) throw AuditException.Refuted($"`{path}` does not fold to its slot in its parent tile.");
    }

    static async Task<ReadOnlyMemory<byte>> ReadEdgeAsync(AuditLogSource source, long size, int level, CancellationToken cancel)
    {
        var (index, width) = Math.DivRem(Hashes(size, level), TilePath.FullWidth);
        if (width == 0) return default;

        using var bytes = await source.ReadTileAsync(TilePath.Hashes(level, index, (int)width), cancel);
        return bytes.Span.ToArray();
    }

    /// <summary>How many hashes a level has: one for each full tile below, level 0 one for each leaf.</summary>
    static long Hashes(long size, int level) => level < sizeof(long) ? size >> (8 * level) : 0;
}
