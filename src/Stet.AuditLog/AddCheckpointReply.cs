using System.Diagnostics.CodeAnalysis;

namespace Stet.AuditLog;

/// <summary>What a witness answers, as the log reads it (C2SP tlog-witness).</summary>
public static class AddCheckpointReply
{
    /// <summary>Reads the body of a 200: signature lines, of which those of the witness have to be good.</summary>
    /// <param name="body">The body.</param>
    /// <param name="checkpoint">The note that was sent.</param>
    /// <param name="witness">The key that the witness is known by.</param>
    /// <param name="cosignatures">Good lines of that key; lines of other keys are dropped.</param>
    /// <param name="refusal">Why the reply counts for nothing: a wrong line of that key, or none.</param>
    /// <exception cref="AuditLogFormatException">The body does not consist of signature lines.</exception>
    public static bool TryReadCosignatures(
        ReadOnlySpan<byte> body, SignedNote checkpoint, VerifierKey witness,
        [NotNullWhen(true)] out IReadOnlyList<VerifiedSignature>? cosignatures,
        [NotNullWhen(false)] out string? refusal)
    {
        ArgumentNullException.ThrowIfNull(checkpoint);
        var lines = StrictText.FromUtf8(body, "reply").Split('\n', SignedNote.MaxSignatures + 2);
        if (lines[^1].Length > 0)
            throw new AuditLogFormatException("The reply does not end with a line feed, or has too many lines.");

        var cosigned = new SignedNote(checkpoint.Text, [.. lines[..^1].Select(NoteSignature.Parse)]);
        cosignatures = cosigned.TryOpen([witness], out var opened, out refusal) ? opened.Verified : null;
        return cosignatures is not null;
    }

    /// <summary>Reads the body of a 409: the size that the witness has cosigned last.</summary>
    /// <exception cref="AuditLogFormatException">The body is not a size in decimal digits and a line feed.</exception>
    public static long ReadSize(ReadOnlySpan<byte> body)
    {
        var text = StrictText.FromUtf8(body, "reply");
        return text.EndsWith('\n') && StrictText.TryDecimal(text.AsSpan(0, text.Length - 1), out var size)
            ? size
            : throw new AuditLogFormatException("The reply is not a size in decimal digits and a line feed.");
    }
}
