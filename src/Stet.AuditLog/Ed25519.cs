using System.Security.Cryptography;

namespace Stet.AuditLog;

/// <summary>
/// Ed25519 signatures (RFC 8032, 5.1): deterministic, so every implementation makes the same ones. Instances may be
/// shared by threads.
/// </summary>
/// <remarks>
/// All implementations accept the same signatures: S must be below the group's order, the key the one canonical
/// encoding of a point, and [S]B - [h]A must encode to R, without the cofactor.
/// </remarks>
public abstract class Ed25519
{
    /// <summary>Bytes of a private key, called seed.</summary>
    public const int SeedSize = 32;

    /// <summary>Bytes of a public key.</summary>
    public const int PublicKeySize = 32;

    /// <summary>Bytes of a signature: R, then S.</summary>
    public const int SignatureSize = 64;

    private protected Ed25519()
    {
    }

    /// <summary>OpenSSL's libcrypto 3; null where the library or Ed25519 in it is missing.</summary>
    public static Ed25519? OpenSsl { get; } = OpenSslEd25519.TryLoad(LibCrypto.FileName);

    /// <summary>Managed code, which works everywhere.</summary>
    public static Ed25519 Managed { get; } = new ManagedEd25519();

    /// <summary><see cref="OpenSsl"/> where there is one, else <see cref="Managed"/>.</summary>
    public static Ed25519 Default => OpenSsl ?? Managed;

    /// <summary>The public key that belongs to a seed: 32 bytes.</summary>
    /// <param name="seed">32 secret bytes from a cryptographic random source.</param>
    /// <exception cref="ArgumentException">The seed has not 32 bytes.</exception>
    /// <exception cref="CryptographicException">The cryptographic library failed.</exception>
    public byte[] PublicKey(ReadOnlySpan<byte> seed)
    {
        RequireSeed(seed);
        var publicKey = new byte[PublicKeySize];
        PublicKeyCore(seed, publicKey);
        return publicKey;
    }

    /// <summary>The signature of a message: 64 bytes, the same every time.</summary>
    /// <param name="seed">The private key, 32 bytes.</param>
    /// <param name="message">Any bytes, none included.</param>
    /// <exception cref="ArgumentException">The seed has not 32 bytes.</exception>
    /// <exception cref="CryptographicException">The cryptographic library failed.</exception>
    public byte[] Sign(ReadOnlySpan<byte> seed, ReadOnlySpan<byte> message)
    {
        using var key = Open(seed);
        return key.Sign(message);
    }

    /// <summary>Makes a private key ready to sign: half of the work of a signature, for those who make many.</summary>
    /// <param name="seed">The private key, 32 bytes; it is copied.</param>
    /// <exception cref="ArgumentException">The seed has not 32 bytes.</exception>
    /// <exception cref="CryptographicException">The cryptographic library failed.</exception>
    public Ed25519PrivateKey Open(ReadOnlySpan<byte> seed)
    {
        RequireSeed(seed);
        return OpenCore(seed);
    }

    /// <summary>
    /// Whether the bytes are the canonical encoding of a point (RFC 8032, 5.1.3), without which there is no signature, and
    /// of one whose order is not small: of such a point anybody makes signatures.
    /// </summary>
    /// <param name="publicKey">Bytes from anywhere, of any length.</param>
    public static bool IsPublicKey(ReadOnlySpan<byte> publicKey) =>
        publicKey.Length == PublicKeySize && IsCanonicalPoint(publicKey) &&
        Ed25519Point.Decode(publicKey) is { } point && !point.HasSmallOrder();

    /// <summary>Whether the holder of the key signed exactly this message.</summary>
    /// <returns>False as well for a key or signature of another length and for a key that is no point.</returns>
    /// <exception cref="CryptographicException">The cryptographic library failed, whatever it was given.</exception>
    public bool Verify(ReadOnlySpan<byte> publicKey, ReadOnlySpan<byte> message, ReadOnlySpan<byte> signature) =>
        publicKey.Length == PublicKeySize && signature.Length == SignatureSize &&
        IsBelowOrder(signature[32..]) && IsCanonicalPoint(publicKey) &&
        VerifyCore(publicKey, message, signature);

    private protected abstract void PublicKeyCore(ReadOnlySpan<byte> seed, Span<byte> publicKey);

    private protected abstract Ed25519PrivateKey OpenCore(ReadOnlySpan<byte> seed);

    private protected abstract bool VerifyCore(
        ReadOnlySpan<byte> publicKey, ReadOnlySpan<byte> message, ReadOnlySpan<byte> signature);

    /// <summary>RFC 8032, 5.1.7, step 1: a larger S would be a second spelling of a signature.</summary>
    static bool IsBelowOrder(ReadOnlySpan<byte> scalar) => IsBelow(scalar, Ed25519Scalar.Order);

    /// <summary>
    /// RFC 8032, 5.1.3, steps 1 and 4: y is below p, and x = 0, which only y = 1 and y = -1 have, bears no sign.
    /// OpenSSL does not look. Whether there is an x for that y is left to the implementations.
    /// </summary>
    static bool IsCanonicalPoint(ReadOnlySpan<byte> point)
    {
        Span<byte> y = stackalloc byte[PublicKeySize];
        point.CopyTo(y);
        y[31] &= 0x7F;

        return IsBelow(y, Ed25519Field.Prime) &&
               !point.SequenceEqual(NegativeOne) && !point.SequenceEqual(NegativeMinusOne);
    }

    /// <summary>Of public numbers, little-endian and equally long.</summary>
    static bool IsBelow(ReadOnlySpan<byte> number, ReadOnlySpan<byte> limit)
    {
        var i = number.Length - 1;
        while (i > 0 && number[i] == limit[i]) i--;
        return number[i] < limit[i];
    }

    // y = 1 and y = p - 1, with the sign bit of x set.
    static ReadOnlySpan<byte> NegativeOne =>
        [1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x80];

    static ReadOnlySpan<byte> NegativeMinusOne =>
    [
        0xEC, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF,
        0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF,
    ];

    static void RequireSeed(ReadOnlySpan<byte> seed)
    {
        if (seed.Length != SeedSize) throw new ArgumentException("An Ed25519 seed has 32 bytes.", nameof(seed));
    }
}

/// <summary>A private key that is ready to sign; its memory is wiped when it is disposed. Safe for any number of threads.</summary>
public abstract class Ed25519PrivateKey : IDisposable
{
    private protected Ed25519PrivateKey()
    {
    }

    /// <summary>The signature of a message: 64 bytes, the same every time.</summary>
    /// <param name="message">Any bytes, none included.</param>
    /// <exception cref="CryptographicException">The cryptographic library failed.</exception>
    /// <exception cref="ObjectDisposedException">The key was wiped.</exception>
    public byte[] Sign(ReadOnlySpan<byte> message)
    {
        var signature = new byte[Ed25519.SignatureSize];
        SignCore(message, signature);
        return signature;
    }

    /// <summary>Wipes the key.</summary>
    public abstract void Dispose();

    private protected abstract void SignCore(ReadOnlySpan<byte> message, Span<byte> signature);
}
