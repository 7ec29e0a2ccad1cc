using System.Buffers.Binary;
using System.Text;
using System.Text.Unicode;

namespace Stet.Client.AuditLog.Formats;

/// <summary>A text and who signed it (C2SP signed-note); nothing is verified yet.</summary>
/// <param name="Bytes">As received.</param>
/// <param name="Text">What is signed: the part before the last empty line, with its newline.</param>
/// <param name="Signatures">At least one.</param>
sealed record SignedNote(ReadOnlyMemory<byte> Bytes, ReadOnlyMemory<byte> Text, IReadOnlyList<NoteSignature> Signatures)
{
    /// <exception cref="AuditException"><see cref="AuditOutcome.Malformed"/>.</exception>
    public static SignedNote Parse(ReadOnlyMemory<byte> note)
    {
        var bytes = note.Span;
        if (!Utf8.IsValid(bytes)) throw Refuse("is not valid UTF-8");
        foreach (var b in bytes)
            if (b < 0x20 && b != '\n') throw Refuse("holds a control character");

        var split = bytes.LastIndexOf("\n\n"u8);
        if (split < 0) throw Refuse("has no empty line between text and signatures");

        var lines = bytes[(split + 2)..];
        var signatures = new List<NoteSignature>();
        while (Strict.TryLine(ref lines, out var line)) signatures.Add(NoteSignature.Parse(line));

        if (!lines.IsEmpty) throw Refuse("does not end in a newline");
        if (signatures.Count == 0) throw Refuse("has no signature line");
        return new(note, note[..(split + 1)], signatures);
    }

    internal static AuditException Refuse(string why) => AuditException.Malformed($"The signed note {why}.");
}

/// <summary>One line under a note.</summary>
/// <param name="Name">Of the key.</param>
/// <param name="KeyId">Tells keys of one name apart.</param>
/// <param name="Blob">What follows the key ID; its form depends on the key's type.</param>
readonly record struct NoteSignature(string Name, uint KeyId, ReadOnlyMemory<byte> Blob)
{
    public static NoteSignature Parse(ReadOnlySpan<byte> line)
    {
        var prefix = "— "u8;
        if (!line.StartsWith(prefix)) throw SignedNote.Refuse("has a signature line that does not start with an em dash and a space");

        line = line[prefix.Length..];
        var space = line.IndexOf((byte)' ');
        if (space < 0) throw SignedNote.Refuse("has a signature line without a signature");

        var name = Encoding.UTF8.GetString(line[..space]);
        if (!AuditKey.IsName(name)) throw SignedNote.Refuse("has a signature line with a malformed key name");
        if (!Strict.TryBase64(line[(space + 1)..], out var blob) || blob.Length < 5)
            throw SignedNote.Refuse("has a signature that is not base64 of a key ID and a signature");

        return new(name, BinaryPrimitives.ReadUInt32BigEndian(blob), blob.AsMemory(4));
    }

    /// <summary>Verifies against the key of this name and ID.</summary>
    /// <param name="key">Says what form the signature has.</param>
    /// <param name="text">Of the note.</param>
    /// <param name="time">When a witness cosigned, in Unix seconds; null for a log.</param>
    public bool IsBy(AuditKey key, ReadOnlySpan<byte> text, out long? time)
    {
        time = null;
        if (key.Role == AuditKeyRole.Log) return Ed25519Verifier.Verify(key.PublicKey, text, Blob.Span);

        if (Blob.Length != sizeof(ulong) + Ed25519Verifier.SignatureSize) return false;
        var seconds = BinaryPrimitives.ReadUInt64BigEndian(Blob.Span);
        byte[] message = [.. Encoding.ASCII.GetBytes($"cosignature/v1\ntime {seconds}\n"), .. text];
        if (!Ed25519Verifier.Verify(key.PublicKey, message, Blob.Span[sizeof(ulong)..])) return false;

        time = (long)Math.Min(seconds, long.MaxValue);
        return true;
    }
}
