using System.Collections.Concurrent;
using Stet.Client.AuditLog.Formats;

namespace Stet.Client.AuditLog;

/// <summary>Event id and commitment of every entry, to hold payloads against: 68 bytes of memory for each; and the newest erasure.</summary>
sealed class Commitments(long size)
{
    const int IdLength = 36;
    const int Stride = IdLength + Merkle.HashSize;

    // Made as bundles are read: a size is signed by whoever has the key, with or without as many entries.
    readonly ConcurrentDictionary<long, byte[]> blocks = new();

    long newestErasure;

    public long Size => size;

    /// <summary>The position of the newest entry that says a person was erased; 0 when there is none.</summary>
    public long NewestErasure => Volatile.Read(ref newestErasure);

    /// <summary>The room of a bundle; bundles may be filled at the same time.</summary>
    public byte[] Block(long bundle) => blocks.GetOrAdd(bundle, static _ => new byte[TilePath.FullWidth * Stride]);

    public static void Put(byte[] block, int slot, AuditEntry entry)
    {
        var row = block.AsSpan(slot * Stride, Stride);
        entry.Id.CopyTo(row);
        _ = Strict.TryBase64(entry.Commit, row[IdLength..]);
    }

    /// <summary>Notes an erasure; several threads may.</summary>
    public void AddErasure(long position)
    {
        for (var known = NewestErasure; known < position;)
        {
            var found = Interlocked.CompareExchange(ref newestErasure, position, known);
            if (found == known) return;
            known = found;
        }
    }

    public ReadOnlySpan<byte> Id(long position) => Row(position)[..IdLength];

    public ReadOnlySpan<byte> Commit(long position) => Row(position)[IdLength..];

    ReadOnlySpan<byte> Row(long position)
    {
        var (block, slot) = Math.DivRem(position - 1, TilePath.FullWidth);
        return blocks[block].AsSpan((int)slot * Stride, Stride);
    }
}
