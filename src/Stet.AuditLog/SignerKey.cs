using System.Security.Cryptography;

namespace Stet.AuditLog;

/// <summary>A private key that signs notes. Its memory is wiped when it is disposed.</summary>
public sealed class SignerKey : IDisposable
{
    const string PrivatePrefix = "PRIVATE+KEY+";

    readonly byte[] seed;
    readonly Ed25519 ed25519;
    bool isDisposed;

    /// <param name="name">Whose key: not empty, no white space, no <c>+</c>. A log's origin.</param>
    /// <param name="type">What it signs.</param>
    /// <param name="seed">32 secret bytes from a cryptographic random source.</param>
    /// <param name="ed25519">Makes the signatures; by default <see cref="Ed25519.Default"/>.</param>
    /// <exception cref="AuditLogFormatException">The name, type or length of the seed is none of these.</exception>
    public SignerKey(string name, SignatureType type, ReadOnlySpan<byte> seed, Ed25519? ed25519 = null)
    {
        if (seed.Length != Ed25519.SeedSize)
            throw new AuditLogFormatException($"An Ed25519 private key has {Ed25519.SeedSize} bytes.");

        (this.seed, this.ed25519) = (seed.ToArray(), ed25519 ?? Ed25519.Default);
        Verifier = new VerifierKey(name, type, this.ed25519.PublicKey(seed), this.ed25519);
    }

    /// <summary>The public key.</summary>
    public VerifierKey Verifier { get; }

    /// <summary>Reads a private key as <see cref="ToPrivateText"/> writes it.</summary>
    /// <param name="privateText"><c>PRIVATE+KEY+name+ID+base64</c>, the ID being that of the public key.</param>
    /// <param name="ed25519">Makes the signatures; by default <see cref="Ed25519.Default"/>.</param>
    /// <exception cref="AuditLogFormatException">It is no such text. The message quotes none of it.</exception>
    public static SignerKey Parse(string privateText, Ed25519? ed25519 = null)
    {
        ArgumentNullException.ThrowIfNull(privateText);
        if (!privateText.StartsWith(PrivatePrefix, StringComparison.Ordinal) ||
            !VerifierKey.TrySplit(privateText[PrivatePrefix.Length..], out var name, out var id, out var typed))
        {
            throw new AuditLogFormatException(
                $"A private key is written `{PrivatePrefix}name+ID+base64`, the ID in eight lower-case hex digits.");
        }

        try
        {
            var key = new SignerKey(name, (SignatureType)typed[0], typed.AsSpan(1), ed25519);
            return key.Verifier.Id == id
                ? key
                : throw new AuditLogFormatException("The private key has another ID than the one written with it.");
        }
        finally
        {
            CryptographicOperations.ZeroMemory(typed);
        }
    }

    /// <summary>The secret itself, for a key file: <c>PRIVATE+KEY+name+ID+base64</c>.</summary>
    /// <exception cref="ObjectDisposedException">The secret was wiped.</exception>
    public string ToPrivateText()
    {
        ObjectDisposedException.ThrowIf(isDisposed, this);
        var typed = Convert.ToBase64String([(byte)Verifier.Type, .. seed]);
        return $"{PrivatePrefix}{Verifier.Name}+{Verifier.Id:x8}+{typed}";
    }

    /// <summary>Signs a text.</summary>
    /// <param name="text">The text of a note, see <see cref="SignedNote.Text"/>.</param>
    /// <exception cref="InvalidOperationException">It is the key of a witness.</exception>
    /// <exception cref="AuditLogFormatException">The text holds half a surrogate pair.</exception>
    /// <exception cref="ObjectDisposedException">The secret was wiped.</exception>
    public NoteSignature Sign(string text)
    {
        Require(SignatureType.Ed25519);
        return new NoteSignature(Verifier, ed25519.Sign(seed, StrictText.ToUtf8(text, "text")));
    }

    /// <summary>Cosigns a checkpoint.</summary>
    /// <param name="text">The text of the checkpoint with all its lines.</param>
    /// <param name="unixSeconds">When, from 0 on.</param>
    /// <exception cref="InvalidOperationException">It is not the key of a witness.</exception>
    /// <exception cref="AuditLogFormatException">The text holds half a surrogate pair.</exception>
    /// <exception cref="ObjectDisposedException">The secret was wiped.</exception>
    public NoteSignature Cosign(string text, long unixSeconds)
    {
        Require(SignatureType.Cosignature);
        ArgumentOutOfRangeException.ThrowIfNegative(unixSeconds);
        var message = Cosignature.Message(StrictText.ToUtf8(text, "text"), unixSeconds);
        return new NoteSignature(Verifier, Cosignature.Write(unixSeconds, ed25519.Sign(seed, message)));
    }

    /// <summary>Wipes the secret.</summary>
    public void Dispose()
    {
        isDisposed = true;
        CryptographicOperations.ZeroMemory(seed);
    }

    void Require(SignatureType type)
    {
        ObjectDisposedException.ThrowIf(isDisposed, this);
        if (Verifier.Type != type)
        {
            throw new InvalidOperationException(
                $"The key of `{Verifier.Name}` has the type {Verifier.Type}, not {type}.");
        }
    }
}
