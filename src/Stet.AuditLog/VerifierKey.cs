using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Security.Cryptography;

namespace Stet.AuditLog;

/// <summary>What a key signs and how; the numbers are those of C2SP signed-note.</summary>
public enum SignatureType
{
    /// <summary>Ed25519 over the text of a note: a log's own key.</summary>
    Ed25519 = 0x01,

    /// <summary>Ed25519 over time and checkpoint (C2SP tlog-cosignature, cosignature/v1): a witness's key.</summary>
    Cosignature = 0x04,
}

/// <summary>The public key of somebody who signs notes, known by a name and an ID made from name and key.</summary>
public sealed class VerifierKey
{
    readonly byte[] publicKey;
    readonly Ed25519 ed25519;

    /// <param name="name">Whose key: not empty, no white space, no <c>+</c>. A log's origin.</param>
    /// <param name="type">What it signs.</param>
    /// <param name="publicKey">32 bytes.</param>
    /// <param name="ed25519">Checks the signatures; by default <see cref="Ed25519.Default"/>.</param>
    /// <exception cref="AuditLogFormatException">The name or the length of the key is none of these.</exception>
    public VerifierKey(string name, SignatureType type, ReadOnlySpan<byte> publicKey, Ed25519? ed25519 = null)
    {
        ArgumentNullException.ThrowIfNull(name);
        NoteSignature.RequireName(name);
        if (type is not (SignatureType.Ed25519 or SignatureType.Cosignature))
        {
            throw new AuditLogFormatException(
                $"Signatures of type 0x{(int)type:x2} are not supported: use an Ed25519 key.");
        }

        if (publicKey.Length != Ed25519.PublicKeySize)
        {
            throw new AuditLogFormatException(
                $"An Ed25519 key has {Ed25519.PublicKeySize} bytes, not {publicKey.Length}.");
        }

        (Name, Type) = (name, type);
        (this.publicKey, this.ed25519) = (publicKey.ToArray(), ed25519 ?? Ed25519.Default);
        Id = IdOf(name, type, publicKey);
    }

    /// <summary>Whose key.</summary>
    public string Name { get; }

    /// <summary>What it signs.</summary>
    public SignatureType Type { get; }

    /// <summary>The first four bytes, big-endian, of SHA-256 over name, line feed, type and key.</summary>
    public uint Id { get; }

    /// <summary>32 bytes.</summary>
    public ReadOnlySpan<byte> PublicKey => publicKey;

    /// <summary>Reads a key as <see cref="ToString"/> writes it.</summary>
    /// <param name="vkey"><c>name+ID+base64</c>, the ID being that of the key.</param>
    /// <param name="ed25519">Checks the signatures; by default <see cref="Ed25519.Default"/>.</param>
    /// <exception cref="AuditLogFormatException">It is no such text, or a key of another type.</exception>
    public static VerifierKey Parse(string vkey, Ed25519? ed25519 = null)
    {
        ArgumentNullException.ThrowIfNull(vkey);
        if (!TrySplit(vkey, out var name, out var id, out var typed))
        {
            throw new AuditLogFormatException(
                "A verifier key is written `name+ID+base64`, the ID in eight lower-case hex digits.");
        }

        var key = new VerifierKey(name, (SignatureType)typed[0], typed.AsSpan(1), ed25519);
        return key.Id == id
            ? key
            : throw new AuditLogFormatException($"The key of `{name}` has the ID {key.Id:x8}, not {id:x8}.");
    }

    /// <summary>The key as verifiers are given it (<c>vkey</c>): <c>name+ID+base64</c>.</summary>
    public override string ToString() => $"{Name}+{Id:x8}+{Convert.ToBase64String([(byte)Type, .. publicKey])}";

    /// <summary>Whether a signature line names this key. That says nothing about the signature.</summary>
    internal bool IsNamedBy(NoteSignature signature) => signature.KeyId == Id && signature.Name == Name;

    /// <summary>Whether the holder of this key signed exactly this text.</summary>
    /// <param name="text">The text of the note.</param>
    /// <param name="signature">The signature, of this key or any other.</param>
    /// <param name="cosignedAt">Unix seconds that a cosignature vouches for; null for other signatures.</param>
    internal bool Verifies(ReadOnlySpan<byte> text, NoteSignature signature, out long? cosignedAt)
    {
        cosignedAt = null;
        if (!IsNamedBy(signature)) return false;
        if (Type == SignatureType.Ed25519) return ed25519.Verify(publicKey, text, signature.Signature);

        if (!Cosignature.TryRead(signature.Signature, out var time, out var cosignature)) return false;

        cosignedAt = time;
        return ed25519.Verify(publicKey, Cosignature.Message(text, time), cosignature);
    }

    /// <summary>Parts <c>name+ID+base64</c>, for public and private keys alike.</summary>
    /// <param name="text">The text.</param>
    /// <param name="name">What stands before the first plus sign.</param>
    /// <param name="id">The four bytes.</param>
    /// <param name="typed">The type's byte and the key: base64 may hold further plus signs.</param>
    internal static bool TrySplit(
        string text, out string name, out uint id, [NotNullWhen(true)] out byte[]? typed)
    {
        (name, id, typed) = ("", 0, null);
        if (text.Split('+', 3) is not [var first, { Length: 8 } hex, var encoded]) return false;

        name = first;
        return hex.All(char.IsAsciiHexDigitLower) &&
            uint.TryParse(hex, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out id) &&
            StrictText.TryBase64(encoded, out typed) && typed.Length > 0;
    }

    static uint IdOf(string name, SignatureType type, ReadOnlySpan<byte> publicKey)
    {
        byte[] named = [.. StrictText.ToUtf8(name, "key name"), (byte)'\n', (byte)type, .. publicKey];
        return BinaryPrimitives.ReadUInt32BigEndian(SHA256.HashData(named));
    }
}
