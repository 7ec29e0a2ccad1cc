using System.Text;

namespace Stet.Client.AuditLog.Formats;

/// <summary>The body of a C2SP tlog-checkpoint: what a log says it holds.</summary>
/// <param name="Origin">Names the log, and its keys.</param>
/// <param name="Size">Entries.</param>
/// <param name="Root">Of the tree over them.</param>
sealed record Checkpoint(string Origin, long Size, byte[] Root)
{
    /// <exception cref="AuditException"><see cref="AuditOutcome.Malformed"/>.</exception>
    public static Checkpoint Parse(ReadOnlySpan<byte> text)
    {
        if (!Strict.TryLine(ref text, out var origin) || !Strict.TryLine(ref text, out var size) || !Strict.TryLine(ref text, out var root))
            throw Refuse("has fewer than three lines");

        if (origin.IsEmpty) throw Refuse("has no origin");
        if (!Strict.TryDecimal(size, out var leaves)) throw Refuse("has a size that is no plain decimal up to 2^63 - 1");

        var hash = new byte[Merkle.HashSize];
        if (!Strict.TryBase64(root, hash)) throw Refuse("has a root that is not base64 of 32 bytes");
        if (leaves == 0 && !Merkle.EmptyRoot.SequenceEqual(hash)) throw Refuse("has size 0 and another root than that of no entries");

        while (Strict.TryLine(ref text, out var extension))
            if (extension.IsEmpty) throw Refuse("has an empty extension line");

        return new(Encoding.UTF8.GetString(origin), leaves, hash);

        static AuditException Refuse(string why) => AuditException.Malformed($"The checkpoint {why}.");
    }
}
