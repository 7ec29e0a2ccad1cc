using System.Buffers.Binary;

namespace Stet.AuditLog;

/// <summary>A signature line of a note: whose, by which key, and the bytes that this key made.</summary>
public sealed class NoteSignature
{
    const string Dash = "\u2014 ";
    const int KeyIdSize = sizeof(uint);

    readonly byte[] signature;

    /// <param name="key">Whose signature.</param>
    /// <param name="signature">What it made of the text; with its time in front if it is a cosignature.</param>
    public NoteSignature(VerifierKey key, ReadOnlySpan<byte> signature)
    {
        ArgumentNullException.ThrowIfNull(key);
        (Name, KeyId, this.signature) = (key.Name, key.Id, signature.ToArray());
    }

    NoteSignature(string name, byte[] blob)
    {
        (Name, KeyId) = (name, BinaryPrimitives.ReadUInt32BigEndian(blob));
        signature = blob[KeyIdSize..];
    }

    /// <summary>The name of the key.</summary>
    public string Name { get; }

    /// <summary>See <see cref="VerifierKey.Id"/>. With the name it says which key; it proves nothing.</summary>
    public uint KeyId { get; }

    /// <summary>At least one byte; what they are depends on the type of the key.</summary>
    public ReadOnlySpan<byte> Signature => signature;

    /// <summary>Reads a line as <see cref="ToString"/> writes it, without a line feed.</summary>
    /// <exception cref="AuditLogFormatException">It is no such line.</exception>
    public static NoteSignature Parse(string line)
    {
        ArgumentNullException.ThrowIfNull(line);
        if (!line.StartsWith(Dash, StringComparison.Ordinal) ||
            line[Dash.Length..].Split(' ') is not [var name, var encoded] ||
            !StrictText.TryBase64(encoded, out var blob) || blob.Length <= KeyIdSize)
        {
            throw new AuditLogFormatException(
                "A signature line is an em dash, the key's name and base64 of ID and signature, parted by one space.");
        }

        RequireName(name);
        return new NoteSignature(name, blob);
    }

    /// <summary>The line without a line feed: an em dash, the key's name and base64 of key ID and signature.</summary>
    public override string ToString()
    {
        var blob = new byte[KeyIdSize + signature.Length];
        BinaryPrimitives.WriteUInt32BigEndian(blob, KeyId);
        signature.CopyTo(blob, KeyIdSize);
        return $"{Dash}{Name} {Convert.ToBase64String(blob)}";
    }

    /// <exception cref="AuditLogFormatException">No key can have this name.</exception>
    internal static void RequireName(string name)
    {
        if (name.Length == 0 || name.Any(character => char.IsWhiteSpace(character) || character is '+' or < ' '))
            throw new AuditLogFormatException("A key's name is not empty and holds no white space and no plus sign.");
    }
}
