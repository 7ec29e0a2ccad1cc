using System.Buffers;
using System.Numerics;
using System.Security.Cryptography;

namespace Stet.Client.AuditLog.Formats;

/// <summary>The hashes of RFC 6962, 2.1.</summary>
static class Merkle
{
    public const int HashSize = 32;

    /// <summary>SHA-256 of nothing.</summary>
    public static ReadOnlySpan<byte> EmptyRoot =>
    [
        0xe3, 0xb0, 0xc4, 0x42, 0x98, 0xfc, 0x1c, 0x14, 0x9a, 0xfb, 0xf4, 0xc8, 0x99, 0x6f, 0xb9, 0x24,
        0x27, 0xae, 0x41, 0xe4, 0x64, 0x9b, 0x93, 0x4c, 0xa4, 0x95, 0x99, 0x1b, 0x78, 0x52, 0xb8, 0x55,
    ];

    public static byte[] Leaf(ReadOnlySpan<byte> entry)
    {
        var prefixed = ArrayPool<byte>.Shared.Rent(entry.Length + 1);
        entry.CopyTo(prefixed.AsSpan(1));
        var hash = new byte[HashSize];
        LeafInPlace(prefixed.AsSpan(0, entry.Length + 1), hash);
        ArrayPool<byte>.Shared.Return(prefixed);
        return hash;
    }

    /// <summary>Hashes an entry that has a byte to spare in front of it; that byte is overwritten.</summary>
    public static void LeafInPlace(Span<byte> spareByteAndEntry, Span<byte> hash)
    {
        spareByteAndEntry[0] = 0x00;
        SHA256.HashData(spareByteAndEntry, hash);
    }

    /// <summary>The destination may be one of the children.</summary>
    public static void Node(ReadOnlySpan<byte> left, ReadOnlySpan<byte> right, Span<byte> hash)
    {
        Span<byte> input = stackalloc byte[1 + HashSize + HashSize];
        input[0] = 0x01;
        left.CopyTo(input[1..]);
        right.CopyTo(input[(1 + HashSize)..]);
        SHA256.HashData(input, hash);
    }

    /// <summary>The root of a perfect tree over 1, 2, 4 … 256 hashes.</summary>
    public static void FoldPerfect(ReadOnlySpan<byte> hashes, Span<byte> root)
    {
        Span<byte> row = stackalloc byte[hashes.Length];
        hashes.CopyTo(row);
        for (var length = row.Length / HashSize; length > 1; length /= 2)
        {
            for (var i = 0; i < length / 2; i++)
                Node(At(row, 2 * i), At(row, (2 * i) + 1), At(row, i));
        }

        At(row, 0).CopyTo(root);
    }

    /// <summary>
    /// The root of a tree from its right edge: the hashes of its partial tiles, level 0 first. Their widths, 0 to 255,
    /// are the bytes of the tree's size, and their perfect subtrees its peaks.
    /// </summary>
    public static byte[] RootOfEdge(IReadOnlyList<ReadOnlyMemory<byte>> partialTiles)
    {
        byte[]? root = null;
        Span<byte> peak = stackalloc byte[HashSize];

        // From the right: the lowest peaks first, each new one to the left of what is folded.
        foreach (var tile in partialTiles)
        {
            var end = tile.Length / HashSize;
            while (end > 0)
            {
                var width = 1 << BitOperations.TrailingZeroCount(end);
                FoldPerfect(tile.Span[((end - width) * HashSize)..(end * HashSize)], peak);
                if (root is null) root = peak.ToArray();
                else Node(peak, root, root);
                end -= width;
            }
        }

        return root ?? EmptyRoot.ToArray();
    }

    public static Span<byte> At(Span<byte> hashes, int index) => hashes.Slice(index * HashSize, HashSize);

    public static ReadOnlySpan<byte> At(ReadOnlySpan<byte> hashes, int index) =>
        hashes.Slice(index * HashSize, HashSize);
}
