using Stet.AuditLog;

namespace Stet.Audit;

/// <summary>A size of a log that was signed, as the signed note (C2SP tlog-checkpoint) that everybody gets.</summary>
/// <param name="Checkpoint">Origin, size and root.</param>
/// <param name="Note">The note: the log's own signatures, then those of witnesses who cosigned exactly this size.</param>
public sealed record SignedCheckpoint(Checkpoint Checkpoint, SignedNote Note)
{
    /// <summary>The log.</summary>
    public string Origin => Checkpoint.Origin;

    /// <summary>How many leaves.</summary>
    public long Size => Checkpoint.Size;

    /// <summary>Of the tree of that size.</summary>
    public LogHash Root => Checkpoint.Root;

    /// <summary>The note with the lines of witnesses.</summary>
    /// <param name="lines">Signature lines, each with its line feed; may be empty.</param>
    internal SignedCheckpoint With(string lines) =>
        lines.Length == 0
            ? this
            : this with { Note = Note.With([.. lines.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(NoteSignature.Parse)]) };

    /// <summary>Signs a size with every key that signs there, older ones first.</summary>
    /// <exception cref="ObjectDisposedException">The log has left the cache: take it again.</exception>
    internal static SignedCheckpoint Sign(TenantLog log, long size, LogHash root)
    {
        var checkpoint = new Checkpoint(log.Origin, size, root);
        var text = checkpoint.Text;
        return new SignedCheckpoint(
            checkpoint, new SignedNote(text, [.. log.SigningKeys.Where(k => k.SignsAt(size)).Select(k => log.Sign(k, text))]));
    }

    /// <summary>Reads a note that this service signed.</summary>
    /// <exception cref="AuditLogFormatException">It is no checkpoint.</exception>
    internal static SignedCheckpoint Parse(ReadOnlySpan<byte> note)
    {
        var parsed = SignedNote.Parse(note);
        return new SignedCheckpoint(Checkpoint.Parse(parsed.Text), parsed);
    }
}
