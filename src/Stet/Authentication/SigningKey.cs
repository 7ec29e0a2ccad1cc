using System.Security.Cryptography;

namespace Stet.Authentication;

/// <summary>Whether an Ed25519 signature (RFC 8032) of 64 bytes is good under a public key of 32 bytes.</summary>
public delegate bool Ed25519Verify(
    ReadOnlySpan<byte> publicKey, ReadOnlySpan<byte> message, ReadOnlySpan<byte> signature);

/// <summary>A public key of the issuer, good for exactly one algorithm whatever a token's header says.</summary>
/// <param name="id">The key's <c>kid</c>; null when the issuer gives it none.</param>
/// <param name="algorithm">The only <c>alg</c> it verifies.</param>
abstract class SigningKey(string? id, string algorithm)
{
    public const string Rs256 = "RS256";
    public const string Es256 = "ES256";
    public const string EdDsa = "EdDSA";

    public string? Id { get; } = id;

    public string Algorithm { get; } = algorithm;

    public abstract bool Verify(ReadOnlySpan<byte> message, ReadOnlySpan<byte> signature);
}

/// <summary>RSASSA-PKCS1-v1_5 with SHA-256 (RFC 7518, section 3.3).</summary>
sealed class RsaKey(string? id, RSA key) : SigningKey(id, Rs256)
{
    // RSA and ECDsa objects make no promise about concurrent use; one token in thousands gets here.
    readonly Lock gate = new();

    public override bool Verify(ReadOnlySpan<byte> message, ReadOnlySpan<byte> signature)
    {
        lock (gate)
            return key.VerifyData(message, signature, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
    }
}

/// <summary>ECDSA on P-256 with SHA-256, the signature being R and S of 32 bytes each (RFC 7518, section 3.4).</summary>
sealed class EcKey(string? id, ECDsa key) : SigningKey(id, Es256)
{
    readonly Lock gate = new();

    public override bool Verify(ReadOnlySpan<byte> message, ReadOnlySpan<byte> signature)
    {
        lock (gate)
            return key.VerifyData(
                message, signature, HashAlgorithmName.SHA256, DSASignatureFormat.IeeeP1363FixedFieldConcatenation);
    }
}

/// <summary>Ed25519 (RFC 8037, section 3.1).</summary>
sealed class EdKey(string? id, byte[] key, Ed25519Verify verify) : SigningKey(id, EdDsa)
{
    public override bool Verify(ReadOnlySpan<byte> message, ReadOnlySpan<byte> signature) =>
        signature.Length == 64 && verify(key, message, signature);
}
