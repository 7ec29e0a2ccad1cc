using System.Text;
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

    /// <summary>Whether a witness has cosigned it.</summary>
    internal bool IsCosigned => Note.Signatures.Any(s => s.Name != Origin);

    /// <summary>Signs a size with every key that signs there, older ones first.</summary>
    internal static async ValueTask<SignedCheckpoint> SignAsync(
        TenantLog log, IAuditSigner signer, long size, LogHash root, CancellationToken cancel)
    {
        var checkpoint = new Checkpoint(log.Origin, size, root);
        var message = Encoding.UTF8.GetBytes(checkpoint.Text);
        var signatures = new List<NoteSignature>(2);
        foreach (var key in log.SigningKeys)
        {
            if (key.SignsAt(size))
                signatures.Add(new NoteSignature(key.Verifier, await signer.SignAsync(log.TenantId, key, message, cancel)));
        }

        return new SignedCheckpoint(checkpoint, new SignedNote(checkpoint.Text, signatures));
    }

    /// <summary>Reads a note that this service signed.</summary>
    /// <exception cref="AuditLogFormatException">It is no checkpoint.</exception>
    internal static SignedCheckpoint Parse(ReadOnlySpan<byte> note)
    {
        var parsed = SignedNote.Parse(note);
        return new SignedCheckpoint(Checkpoint.Parse(parsed.Text), parsed);
    }
}
