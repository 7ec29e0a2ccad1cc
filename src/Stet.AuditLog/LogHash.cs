using System.Buffers;
using System.Buffers.Text;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Stet.AuditLog;

/// <summary>
/// A hash of the log's Merkle tree: 32 bytes of SHA-256 (RFC 6962, 2.1), compared by value. The default is 32 zero
/// bytes, the hash of nothing known.
/// </summary>
public readonly record struct LogHash
{
    /// <summary>Bytes of a hash.</summary>
    public const int Size = 32;

    internal const byte LeafPrefix = 0x00;
    const byte NodePrefix = 0x01;

    // As one value it is copied and compared in an instruction or two.
    readonly Vector256<byte> value;

    /// <param name="bytes">Exactly 32 bytes.</param>
    /// <exception cref="AuditLogFormatException">It is another number of bytes.</exception>
    public LogHash(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length != Size)
            throw new AuditLogFormatException($"A hash has {Size} bytes, not {bytes.Length}.");

        value = Vector256.Create(bytes);
    }

    /// <summary>The root of a tree without leaves: SHA-256 of nothing.</summary>
    public static LogHash EmptyRoot { get; } = Of([]);

    /// <summary>The hash of a leaf: SHA-256 of 0x00 and the entry.</summary>
    /// <param name="entry">Any bytes.</param>
    public static LogHash Leaf(ReadOnlySpan<byte> entry)
    {
        const int Stacked = 1024;

        var rented = entry.Length < Stacked ? null : ArrayPool<byte>.Shared.Rent(entry.Length + 1);
        Span<byte> buffer = rented ?? stackalloc byte[Stacked];
        buffer[0] = LeafPrefix;
        entry.CopyTo(buffer[1..]);
        var hash = Of(buffer[..(entry.Length + 1)]);

        if (rented is not null) ArrayPool<byte>.Shared.Return(rented);
        return hash;
    }

    /// <summary>The hash of an inner node: SHA-256 of 0x01, the left and the right child.</summary>
    public static LogHash Node(LogHash left, LogHash right)
    {
        Span<byte> buffer = stackalloc byte[1 + Size + Size];
        buffer[0] = NodePrefix;
        left.CopyTo(buffer[1..]);
        right.CopyTo(buffer[(1 + Size)..]);
        return Of(buffer);
    }

    /// <summary>The hashes of many leaves, which take less time together than one by one.</summary>
    /// <param name="entries">Any bytes each; long ones best beside others as long.</param>
    /// <param name="hashes">Receives a hash for each.</param>
    /// <exception cref="ArgumentException">There is less room than that.</exception>
    public static void Leaves(ReadOnlySpan<ReadOnlyMemory<byte>> entries, Span<LogHash> hashes)
    {
        if (hashes.Length < entries.Length) throw new ArgumentException("There are more entries than hashes.", nameof(hashes));

        var batch = new Sha256Batch(hashes);
        foreach (var entry in entries) batch.Add(LeafPrefix, entry.Span);
        batch.Complete();
    }

    /// <summary>The hashes of neighbouring inner nodes, which take less time together than one by one.</summary>
    /// <param name="children">The left and the right child of each, one after the other.</param>
    /// <param name="nodes">Receives a hash for each pair; may lie over the children, from the first or the second on.</param>
    /// <exception cref="ArgumentException">There is less room than that.</exception>
    public static void Nodes(ReadOnlySpan<LogHash> children, Span<LogHash> nodes)
    {
        const int Pair = 2 * Size;
        if (nodes.Length < children.Length / 2) throw new ArgumentException("There are more pairs than nodes.", nameof(nodes));

        var batch = new Sha256Batch(nodes);
        for (var pairs = MemoryMarshal.AsBytes(children); pairs.Length >= Pair; pairs = pairs[Pair..]) batch.Add(NodePrefix, pairs[..Pair]);
        batch.Complete();
    }

    /// <summary>Writes the 32 bytes.</summary>
    /// <exception cref="ArgumentException">There is less room than that.</exception>
    public void CopyTo(Span<byte> destination) => value.CopyTo(destination);

    /// <summary>The 32 bytes.</summary>
    public byte[] ToArray()
    {
        var bytes = new byte[Size];
        CopyTo(bytes);
        return bytes;
    }

    /// <summary>The 32 bytes in base64.</summary>
    public override string ToString()
    {
        Span<byte> bytes = stackalloc byte[Size];
        CopyTo(bytes);
        return Convert.ToBase64String(bytes);
    }

    /// <summary>Writes the 32 bytes in base64, and says how many characters that are: 44.</summary>
    internal int WriteBase64(Span<byte> destination)
    {
        Span<byte> bytes = stackalloc byte[Size];
        CopyTo(bytes);
        Base64.EncodeToUtf8(bytes, destination, out _, out var written);
        return written;
    }

    /// <summary>SHA-256 of bytes with whatever prefix they need.</summary>
    internal static LogHash Of(ReadOnlySpan<byte> prefixed)
    {
        Span<byte> hash = stackalloc byte[Size];
        Sha256.Hash(prefixed, hash);
        return new LogHash(hash);
    }
}
