using System.Buffers;
using System.Buffers.Binary;

namespace Stet.AuditLog;

/// <summary>
/// The entries under one tile of leaf hashes (C2SP tlog-tiles): each as two big-endian bytes of length, then itself.
/// </summary>
public static class EntryBundle
{
    /// <summary>The most bytes an entry can have in a bundle.</summary>
    public const int MaxEntrySize = ushort.MaxValue;

    /// <summary>Adds an entry to a bundle.</summary>
    /// <param name="bundle">The entries before it.</param>
    /// <param name="entry">At most <see cref="MaxEntrySize"/> bytes.</param>
    /// <exception cref="ArgumentException">It is longer than that.</exception>
    public static void Append(IBufferWriter<byte> bundle, ReadOnlySpan<byte> entry)
    {
        ArgumentNullException.ThrowIfNull(bundle);
        if (entry.Length > MaxEntrySize)
            throw new ArgumentException($"A bundle takes entries of at most {MaxEntrySize} bytes.", nameof(entry));

        var room = bundle.GetSpan(sizeof(ushort) + entry.Length);
        BinaryPrimitives.WriteUInt16BigEndian(room, (ushort)entry.Length);
        entry.CopyTo(room[sizeof(ushort)..]);
        bundle.Advance(sizeof(ushort) + entry.Length);
    }

    /// <summary>Parts a bundle into its entries, which are not copied.</summary>
    /// <param name="bundle">All of the bundle.</param>
    /// <param name="width">How many entries it has to have, see <see cref="Tile.Width"/>.</param>
    /// <exception cref="AuditLogFormatException">It has another number of entries or ends within one.</exception>
    public static IReadOnlyList<ReadOnlyMemory<byte>> Parse(ReadOnlyMemory<byte> bundle, int width)
    {
        var entries = new List<ReadOnlyMemory<byte>>();
        for (var rest = bundle; !rest.IsEmpty;)
        {
            if (rest.Length < sizeof(ushort))
                throw new AuditLogFormatException("The bundle ends within the length of an entry.");

            var length = BinaryPrimitives.ReadUInt16BigEndian(rest.Span);
            rest = rest[sizeof(ushort)..];
            if (rest.Length < length)
                throw new AuditLogFormatException("The bundle ends within an entry.");

            entries.Add(rest[..length]);
            rest = rest[length..];
        }

        return entries.Count == width
            ? entries
            : throw new AuditLogFormatException($"The bundle has {entries.Count} entries instead of {width}.");
    }
}
