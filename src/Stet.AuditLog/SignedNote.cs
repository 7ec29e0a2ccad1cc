using System.Diagnostics.CodeAnalysis;

namespace Stet.AuditLog;

/// <summary>
/// A text and signatures of it (C2SP signed-note). What it says counts for nothing until it was opened with known keys.
/// </summary>
public sealed class SignedNote
{
    /// <summary>The most signature lines taken: nobody shall make us check as many as he likes.</summary>
    public const int MaxSignatures = 100;

    readonly byte[] textBytes;
    byte[]? utf8;

    /// <param name="text">One or more lines, the last one ended too; no control characters.</param>
    /// <param name="signatures">At least one, at most <see cref="MaxSignatures"/>.</param>
    /// <exception cref="AuditLogFormatException">Text or number of signatures are none of these.</exception>
    public SignedNote(string text, IReadOnlyList<NoteSignature> signatures)
    {
        ArgumentNullException.ThrowIfNull(text);
        ArgumentNullException.ThrowIfNull(signatures);
        if (!text.EndsWith('\n')) throw new AuditLogFormatException("The text of a note ends with a line feed.");
        if (text.Any(character => character < ' ' && character != '\n'))
        {
            throw new AuditLogFormatException(
                "A note holds no control characters but line feeds: remove tabs and carriage returns.");
        }

        if (signatures.Count is 0 or > MaxSignatures)
            throw new AuditLogFormatException($"A note has 1 to {MaxSignatures} signatures, not {signatures.Count}.");

        (Text, Signatures, textBytes) = (text, signatures, StrictText.ToUtf8(text, "text"));
    }

    /// <summary>What was signed, with its final line feed.</summary>
    public string Text { get; }

    /// <summary>All signature lines in their order, checked by nobody yet.</summary>
    public IReadOnlyList<NoteSignature> Signatures { get; }

    /// <summary>Reads a note. No signature is checked.</summary>
    /// <exception cref="AuditLogFormatException">It is not a note; the message says why.</exception>
    public static SignedNote Parse(ReadOnlySpan<byte> note)
    {
        var all = StrictText.FromUtf8(note, "note");

        // The last empty line: those before it belong to the text.
        var end = all.LastIndexOf("\n\n", StringComparison.Ordinal);
        if (end < 0) throw new AuditLogFormatException("The note has no empty line between text and signatures.");
        if (!all.EndsWith('\n')) throw new AuditLogFormatException("The note does not end with a line feed.");

        var lines = all[(end + 2)..].Split('\n', MaxSignatures + 2)[..^1];
        return new SignedNote(all[..(end + 1)], [.. lines.Select(NoteSignature.Parse)]);
    }

    /// <summary>Signs a text with one key or, while keys are changed, with several.</summary>
    /// <param name="text">One or more lines, the last one ended too; no control characters.</param>
    /// <param name="keys">Whose lines to write, in this order.</param>
    /// <exception cref="AuditLogFormatException">The text is not one that a note can have.</exception>
    public static SignedNote Sign(string text, params IReadOnlyCollection<SignerKey> keys) =>
        new(text, [.. keys.Select(key => key.Sign(text))]);

    /// <summary>The same text with further signature lines behind those it has.</summary>
    public SignedNote With(params IReadOnlyCollection<NoteSignature> more) => new(Text, [.. Signatures, .. more]);

    /// <summary>Checks the signatures of known keys. Lines of others are kept and ignored.</summary>
    /// <param name="known">Keys whose signatures count.</param>
    /// <param name="opened">Who signed; only if the note is accepted.</param>
    /// <param name="refusal">Why it is not: a known key's signature is wrong, or there is none of a known key.</param>
    public bool TryOpen(
        IReadOnlyCollection<VerifierKey> known, [NotNullWhen(true)] out OpenedNote? opened,
        [NotNullWhen(false)] out string? refusal)
    {
        ArgumentNullException.ThrowIfNull(known);
        (opened, refusal) = (null, null);
        var (verified, ignored) = (new List<VerifiedSignature>(), new List<NoteSignature>());

        foreach (var signature in Signatures)
        {
            if (!known.Any(key => key.IsNamedBy(signature)))
            {
                ignored.Add(signature);
            }
            else if (Verified(signature, known) is { } good)
            {
                verified.Add(good);
            }
            else
            {
                refusal = $"The signature of `{signature.Name}` by the key {signature.KeyId:x8} is wrong.";
                return false;
            }
        }

        if (verified.Count == 0)
        {
            refusal = "The note is signed by no known key.";
            return false;
        }

        opened = new OpenedNote(verified, ignored);
        return true;
    }

    /// <summary>The note in UTF-8.</summary>
    public byte[] ToArray() => Utf8.ToArray();

    // Proofs of many events end in one note.
    internal ReadOnlySpan<byte> Utf8 => utf8 ??= StrictText.ToUtf8(ToString(), "note");

    /// <summary>The note: text, empty line, signature lines.</summary>
    public override string ToString() => $"{Text}\n{string.Concat(Signatures.Select(signature => $"{signature}\n"))}";

    VerifiedSignature? Verified(NoteSignature signature, IEnumerable<VerifierKey> known)
    {
        foreach (var key in known)
            if (key.Verifies(textBytes, signature, out var cosignedAt)) return new(key, signature, cosignedAt);

        return null;
    }
}

/// <summary>A note that known keys have signed.</summary>
/// <param name="Verified">Their signatures, at least one.</param>
/// <param name="Ignored">Signatures of keys that are not known, about which nothing is known.</param>
public sealed record OpenedNote(IReadOnlyList<VerifiedSignature> Verified, IReadOnlyList<NoteSignature> Ignored);

/// <summary>A signature that was checked and is good.</summary>
/// <param name="Key">Whose.</param>
/// <param name="Signature">The line.</param>
/// <param name="CosignedAt">The time in Unix seconds that a cosignature vouches for; null for other signatures.</param>
public sealed record VerifiedSignature(VerifierKey Key, NoteSignature Signature, long? CosignedAt);
