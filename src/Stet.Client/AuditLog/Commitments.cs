using Stet.Client.AuditLog.Formats;

namespace Stet.Client.AuditLog;

/// <summary>Event id and commitment of every entry, to hold payloads against: 68 bytes of memory for each.</summary>
sealed class Commitments(long size)
{
    const int IdLength = 36;
    const int Stride = IdLength + Merkle.HashSize;

    readonly byte[]?[] blocks = new byte[]?[(size + TilePath.FullWidth - 1) / TilePath.FullWidth];

    public long Size => size;

    /// <summary>The room of a bundle; bundles may be filled at the same time.</summary>
    public byte[] Block(long bundle) => blocks[bundle] ??= new byte[TilePath.FullWidth * Stride];

    public static void Put(byte[] block, int slot, AuditEntry entry)
    {
        var row = block.AsSpan(slot * Stride, Stride);
        entry.Id.CopyTo(row);
        _ = Strict.TryBase64(entry.Commit, row[IdLength..]);
    }

    public ReadOnlySpan<byte> Id(long position) => Row(position)[..IdLength];

    public ReadOnlySpan<byte> Commit(long position) => Row(position)[IdLength..];

    ReadOnlySpan<byte> Row(long position)
    {
        var (block, slot) = Math.DivRem(position - 1, TilePath.FullWidth);
        return blocks[block].AsSpan((int)slot * Stride, Stride);
    }
}
