using System.Security.Cryptography;
using System.Text;

namespace Stet.Pcs;

/// <summary>The Merkle root over chunks of a stream, leaf after leaf; keeps one hash per level.</summary>
/// <remarks>
/// 0.1 hashes the hexadecimal text of hashes and pairs an odd node with itself; 1.0 is the tree of RFC 6962, 2.1.
/// </remarks>
public sealed class MerkleTree(PcsVersion version)
{
    const int Size = SHA256.HashSizeInBytes;

    // Level by level the node that waits for its right neighbour; levels without one hold null.
    readonly List<byte[]?> waiting = [];

    /// <summary>How many leaves there are.</summary>
    public long LeafCount { get; private set; }

    /// <summary>Adds a leaf.</summary>
    /// <param name="chunk">Its bytes; none are allowed too.</param>
    public void AddLeaf(ReadOnlySpan<byte> chunk)
    {
        LeafCount++;
        Add(version == PcsVersion.V01 ? SHA256.HashData(chunk) : Hash(0, chunk, []), level: 0, waiting);
    }

    /// <summary>The root over the leaves so far, 64 lower-case hexadecimal digits. More may follow.</summary>
    public string Root() => Convert.ToHexStringLower(version == PcsVersion.V01 ? RootOfV01() : RootOfV10());

    byte[] RootOfV01()
    {
        if (LeafCount == 0) return new byte[Size];

        var nodes = new List<byte[]?>(waiting);
        for (var level = 0; ; level++)
        {
            if (nodes[level] is not { } last) continue;
            if (level == nodes.Count - 1) return last;
            nodes[level] = null;
            Add(Parent(last, last), level + 1, nodes);
        }
    }

    byte[] RootOfV10()
    {
        byte[]? root = null;
        foreach (var node in waiting)
            if (node is not null) root = root is null ? node : Parent(node, root);

        return root ?? SHA256.HashData([]);
    }

    void Add(byte[] node, int level, List<byte[]?> nodes)
    {
        for (; level < nodes.Count && nodes[level] is { } left; level++)
        {
            nodes[level] = null;
            node = Parent(left, node);
        }

        if (level == nodes.Count) nodes.Add(node);
        else nodes[level] = node;
    }

    byte[] Parent(byte[] left, byte[] right)
    {
        if (version == PcsVersion.V10) return Hash(1, left, right);

        Span<char> hex = stackalloc char[4 * Size];
        Span<byte> text = stackalloc byte[4 * Size];
        Convert.TryToHexStringLower(left, hex, out var half);
        Convert.TryToHexStringLower(right, hex[half..], out _);
        Encoding.ASCII.GetBytes(hex, text);
        return SHA256.HashData(text);
    }

    /// <summary>SHA-256 of the bytes behind the prefix that keeps leaves and nodes apart.</summary>
    static byte[] Hash(byte prefix, ReadOnlySpan<byte> first, ReadOnlySpan<byte> second)
    {
        var text = new TextBuffer(stackalloc byte[1025]);
        text.Add(prefix);
        text.Add(first);
        text.Add(second);
        var hash = SHA256.HashData(text.Written);
        text.Dispose();
        return hash;
    }
}
