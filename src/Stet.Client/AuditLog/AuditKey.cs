using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using Stet.Client.AuditLog.Formats;

namespace Stet.Client.AuditLog;

/// <summary>What the holder of a key signs: the signature type of C2SP signed-note.</summary>
public enum AuditKeyRole
{
    /// <summary>A log, its checkpoints: Ed25519 over the text.</summary>
    Log = 0x01,

    /// <summary>A witness, that it saw a checkpoint at a time: cosignature/v1.</summary>
    Witness = 0x04,
}

/// <summary>A public Ed25519 key, written as <c>name+id+base64</c> (C2SP signed-note, the "vkey").</summary>
public sealed class AuditKey
{
    readonly byte[] publicKey;

    AuditKey(string text, string name, uint id, AuditKeyRole role, byte[] publicKey)
    {
        (Text, Name, Id, Role) = (text, name, id, role);
        this.publicKey = publicKey;
    }

    /// <summary>As it was given.</summary>
    public string Text { get; }

    /// <summary>Of the holder; a log's name is the origin in its checkpoints.</summary>
    public string Name { get; }

    /// <summary>The first four bytes, big-endian, of SHA-256 over name, newline, type and key.</summary>
    public uint Id { get; }

    /// <summary>What it signs.</summary>
    public AuditKeyRole Role { get; }

    internal ReadOnlySpan<byte> PublicKey => publicKey;

    /// <summary>Reads a verifier key.</summary>
    /// <exception cref="AuditException">
    /// <see cref="AuditOutcome.Usage"/>: it is no verifier key of an Ed25519 log or witness, or damaged.
    /// </exception>
    public static AuditKey Parse(string text)
    {
        ArgumentNullException.ThrowIfNull(text);

        // Base64 may hold further plus signs.
        if (text.Split('+', 3) is not [var name, var id, var encoded] || !IsName(name)) throw Refuse("is no verifier key, `name+id+key`");

        Span<byte> given = stackalloc byte[4];
        if (!Strict.TryHex(Encoding.UTF8.GetBytes(id), given)) throw Refuse("has no key ID of eight lower-case hex digits");
        if (!Strict.TryBase64(Encoding.UTF8.GetBytes(encoded), out var typeAndKey)) throw Refuse("has no base64 key");
        if (typeAndKey.Length != 1 + Ed25519Verifier.KeySize || typeAndKey[0] is not (0x01 or 0x04))
            throw Refuse("is neither an Ed25519 key of a log (type 1) nor of a witness (type 4)");

        var hash = SHA256.HashData([.. Encoding.UTF8.GetBytes(name), (byte)'\n', .. typeAndKey]);
        if (!hash.AsSpan(0, 4).SequenceEqual(given)) throw Refuse("is damaged: its key ID is not that of name and key");
        if (!Ed25519Verifier.IsKey(typeAndKey.AsSpan(1))) throw Refuse("is no point of Ed25519");

        return new(text, name, BinaryPrimitives.ReadUInt32BigEndian(hash), (AuditKeyRole)typeAndKey[0], typeAndKey[1..]);

        AuditException Refuse(string why) => AuditException.Usage($"The key `{text}` {why}: copy it again from its holder.");
    }

    /// <summary>Not empty, no Unicode white space, no control character, no plus sign.</summary>
    internal static bool IsName(string name)
    {
        foreach (var c in name)
            if (c < ' ' || c == '+' || char.IsWhiteSpace(c)) return false;

        return name.Length > 0;
    }

    /// <inheritdoc/>
    public override string ToString() => Text;
}
