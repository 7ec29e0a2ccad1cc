using System.Security.Cryptography;
using static Stet.AuditLog.LibCrypto;

namespace Stet.AuditLog;

/// <summary>Ed25519 of OpenSSL 3.</summary>
sealed class OpenSslEd25519 : Ed25519
{
    OpenSslEd25519()
    {
    }

    /// <returns>Null where libcrypto 3 is missing or its configuration, FIPS for one, offers no Ed25519.</returns>
    public static OpenSslEd25519? TryLoad(string fileName)
    {
        if (!LibCrypto.TryLoad(fileName)) return null;

        using var probe = EVP_PKEY_new_raw_private_key(Ed25519KeyType, 0, stackalloc byte[SeedSize], SeedSize);
        using var context = NewContext();
        if (!probe.IsInvalid && EVP_DigestSignInit(context, 0, 0, 0, probe) == 1) return new OpenSslEd25519();

        ERR_clear_error();
        return null;
    }

    private protected override void PublicKeyCore(ReadOnlySpan<byte> seed, Span<byte> publicKey)
    {
        using var key = HandleOf(seed);
        var length = (nuint)publicKey.Length;
        Require(EVP_PKEY_get_raw_public_key(key, publicKey, ref length) == 1);
    }

    private protected override Ed25519PrivateKey OpenCore(ReadOnlySpan<byte> seed) => new PrivateKey(HandleOf(seed));

    private protected override bool VerifyCore(
        ReadOnlySpan<byte> publicKey, ReadOnlySpan<byte> message, ReadOnlySpan<byte> signature)
    {
        using var key = EVP_PKEY_new_raw_public_key(Ed25519KeyType, 0, publicKey, (nuint)publicKey.Length);
        Require(!key.IsInvalid);
        using var context = NewContext();
        Require(EVP_DigestVerifyInit(context, 0, 0, 0, key) == 1);

        // 0 is a wrong signature, below 0 an error: only 1 is a yes.
        if (EVP_DigestVerify(context, signature, (nuint)signature.Length, message, (nuint)message.Length) == 1)
            return true;

        ERR_clear_error();
        return false;
    }

    static KeyHandle HandleOf(ReadOnlySpan<byte> seed)
    {
        var key = EVP_PKEY_new_raw_private_key(Ed25519KeyType, 0, seed, (nuint)seed.Length);
        Require(!key.IsInvalid);
        return key;
    }

    static ContextHandle NewContext()
    {
        var context = EVP_MD_CTX_new();
        Require(!context.IsInvalid);
        return context;
    }

    static void Require(bool succeeded)
    {
        if (succeeded) return;

        // The thread's error queue is shared with TLS, which would read our entries as its own.
        ERR_clear_error();
        throw new CryptographicException(
            "OpenSSL failed in an Ed25519 operation: check its configuration and free memory.");
    }

    sealed class PrivateKey(KeyHandle key) : Ed25519PrivateKey
    {
        public override void Dispose() => key.Dispose();

        private protected override void SignCore(ReadOnlySpan<byte> message, Span<byte> signature)
        {
            using var context = NewContext();
            var length = (nuint)signature.Length;
            Require(EVP_DigestSignInit(context, 0, 0, 0, key) == 1);
            Require(EVP_DigestSign(context, signature, ref length, message, (nuint)message.Length) == 1);
        }
    }
}
