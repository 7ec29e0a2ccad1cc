using System.Diagnostics.CodeAnalysis;
using System.Globalization;

namespace Stet.AuditLog;

/// <summary>What a log signs (C2SP tlog-checkpoint): so many leaves, and this root over them.</summary>
/// <param name="Origin">Which log: not empty, one line. The name of the log's key.</param>
/// <param name="Size">How many leaves, 0 or more.</param>
/// <param name="Root">The root; of no leaves it is <see cref="LogHash.EmptyRoot"/>.</param>
public sealed record Checkpoint(string Origin, long Size, LogHash Root)
{
    /// <summary>Lines that others write behind the root, each with its line feed; we write none.</summary>
    public string Extensions { get; private init; } = "";

    /// <summary>The text of the note: three lines, and the extensions if it was read with such.</summary>
    public string Text => string.Create(CultureInfo.InvariantCulture, $"{Origin}\n{Size}\n{Root}\n{Extensions}");

    /// <summary>Reads the text of a note. Whether the log signed it is another matter.</summary>
    /// <exception cref="AuditLogFormatException">It is not a checkpoint; the message says why.</exception>
    public static Checkpoint Parse(string text)
    {
        var checkpoint = ParseWithAnyRoot(text);
        return checkpoint.HasImpossibleRoot
            ? throw new AuditLogFormatException("The checkpoint has no leaves and another root than that of none.")
            : checkpoint;
    }

    /// <summary>Checks that the log signed a checkpoint.</summary>
    /// <param name="note">The note.</param>
    /// <param name="known">Keys of logs, of which those named like the origin count, and of witnesses.</param>
    /// <param name="opened">The checkpoint and who signed it; only if it is accepted.</param>
    /// <param name="refusal">Why it is not: no signature of the log, or a wrong one of a known key.</param>
    /// <exception cref="AuditLogFormatException">The text is not a checkpoint.</exception>
    public static bool TryOpen(
        SignedNote note, IReadOnlyCollection<VerifierKey> known, [NotNullWhen(true)] out OpenedCheckpoint? opened,
        [NotNullWhen(false)] out string? refusal)
    {
        ArgumentNullException.ThrowIfNull(note);
        return TryOpenParsed(note, Parse(note.Text), known, out opened, out refusal);
    }

    /// <summary>Whether there are no leaves and a root that says otherwise.</summary>
    internal bool HasImpossibleRoot => Size == 0 && Root != LogHash.EmptyRoot;

    /// <summary>As <see cref="Parse"/>, but for the root of no leaves: a witness answers that differently.</summary>
    internal static Checkpoint ParseWithAnyRoot(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        if (!text.EndsWith('\n') || text[..^1].Split('\n') is not [var origin, var count, var hash, .. var extensions])
            throw new AuditLogFormatException("A checkpoint has three lines: origin, size and root.");
        if (origin.Length == 0)
            throw new AuditLogFormatException("The first line of the checkpoint, its origin, is empty.");
        if (!StrictText.TryDecimal(count, out var size))
            throw new AuditLogFormatException("The second line of the checkpoint is not a size in decimal digits.");
        if (!StrictText.TryHash(hash, out var root))
            throw new AuditLogFormatException("The third line of the checkpoint is not a root: base64 of 32 bytes.");
        if (extensions.Contains("")) throw new AuditLogFormatException("The checkpoint has an empty line.");

        return new Checkpoint(origin, size, root)
        {
            Extensions = string.Concat(extensions.Select(line => $"{line}\n")),
        };
    }

    /// <summary>As <see cref="TryOpen"/>, with the text parsed already.</summary>
    internal static bool TryOpenParsed(
        SignedNote note, Checkpoint checkpoint, IReadOnlyCollection<VerifierKey> known,
        [NotNullWhen(true)] out OpenedCheckpoint? opened, [NotNullWhen(false)] out string? refusal)
    {
        opened = null;
        if (!note.TryOpen(known, out var signed, out refusal)) return false;

        if (!signed.Verified.Any(signature =>
                signature.Key.Type == SignatureType.Ed25519 && signature.Key.Name == checkpoint.Origin))
        {
            refusal = $"The checkpoint of `{checkpoint.Origin}` is not signed by that log.";
            return false;
        }

        opened = new OpenedCheckpoint(checkpoint, signed);
        return true;
    }
}

/// <summary>A checkpoint that its log has signed.</summary>
/// <param name="Checkpoint">What it says.</param>
/// <param name="Note">Who signed: the log, and those of the known witnesses that did.</param>
public sealed record OpenedCheckpoint(Checkpoint Checkpoint, OpenedNote Note);
