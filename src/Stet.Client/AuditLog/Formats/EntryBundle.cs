using System.Buffers.Binary;

namespace Stet.Client.AuditLog.Formats;

/// <summary>Walks a bundle of C2SP tlog-tiles: a length of two big-endian bytes before each entry.</summary>
ref struct EntryBundle(Span<byte> bytes)
{
    readonly Span<byte> bytes = bytes;
    int start;
    int end;

    /// <summary>Whether the bytes are so many entries, and no more unless more may follow.</summary>
    public static bool IsWellFramed(Span<byte> bytes, int count, bool mayHaveMore)
    {
        var bundle = new EntryBundle(bytes);
        for (var i = 0; i < count; i++)
            if (!bundle.MoveNext()) return false;

        return mayHaveMore || bundle.end == bytes.Length;
    }

    /// <summary>Goes on to the next entry.</summary>
    /// <returns>False at the end, or where a length runs past it.</returns>
    public bool MoveNext()
    {
        var rest = bytes[end..];
        if (rest.Length < 2) return false;

        var length = BinaryPrimitives.ReadUInt16BigEndian(rest);
        if (length > rest.Length - 2) return false;

        start = end + 2;
        end = start + length;
        return true;
    }

    public readonly ReadOnlySpan<byte> Entry => bytes[start..end];

    /// <summary>Overwrites the length before the entry, which has been read, instead of copying the entry.</summary>
    public readonly void HashLeaf(Span<byte> hash) => Merkle.LeafInPlace(bytes[(start - 1)..end], hash);
}
