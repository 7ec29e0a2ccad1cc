using System.Security.Cryptography;

namespace Stet.AuditLog;

/// <summary>Ed25519 after RFC 8032, 5.1.5 to 5.1.7, with no branch or table index that depends on a secret.</summary>
sealed class ManagedEd25519 : Ed25519
{
    private protected override void PublicKeyCore(ReadOnlySpan<byte> seed, Span<byte> publicKey)
    {
        Span<byte> expanded = stackalloc byte[64];
        Expand(seed, expanded);
        Ed25519Point.MultiplyBase(expanded[..32]).Encode(publicKey);
        CryptographicOperations.ZeroMemory(expanded);
    }

    private protected override Ed25519PrivateKey OpenCore(ReadOnlySpan<byte> seed) => new PrivateKey(seed);

    private protected override bool VerifyCore(
        ReadOnlySpan<byte> publicKey, ReadOnlySpan<byte> message, ReadOnlySpan<byte> signature)
    {
        if (Ed25519Point.Decode(publicKey) is not { } key) return false;

        Span<byte> challenge = stackalloc byte[32];
        Span<byte> expected = stackalloc byte[32];
        HashToScalar(signature[..32], publicKey, message, challenge);
        Ed25519Point.MultiplyBaseAdd(signature[32..], challenge, -key).Encode(expected);
        return expected.SequenceEqual(signature[..32]);
    }

    /// <summary>The secret scalar, clamped, and the prefix of nonces.</summary>
    static void Expand(ReadOnlySpan<byte> seed, Span<byte> expanded)
    {
        SHA512.HashData(seed, expanded);
        expanded[0] &= 0xF8;
        expanded[31] = (byte)((expanded[31] & 0x7F) | 0x40);
    }

    static void HashToScalar(
        ReadOnlySpan<byte> first, ReadOnlySpan<byte> second, ReadOnlySpan<byte> message, Span<byte> scalar)
    {
        Span<byte> hash = stackalloc byte[SHA512.HashSizeInBytes];
        using var sha = IncrementalHash.CreateHash(HashAlgorithmName.SHA512);
        sha.AppendData(first);
        sha.AppendData(second);
        sha.AppendData(message);
        sha.GetHashAndReset(hash);
        Ed25519Scalar.Reduce(hash, scalar);
        CryptographicOperations.ZeroMemory(hash);
    }

    sealed class PrivateKey : Ed25519PrivateKey
    {
        readonly byte[] expanded = new byte[64];
        readonly byte[] publicKey = new byte[PublicKeySize];
        readonly Lock gate = new();
        bool isDisposed;

        public PrivateKey(ReadOnlySpan<byte> seed)
        {
            Expand(seed, expanded);
            Ed25519Point.MultiplyBase(expanded.AsSpan(0, 32)).Encode(publicKey);
        }

        public override void Dispose()
        {
            lock (gate)
            {
                isDisposed = true;
                CryptographicOperations.ZeroMemory(expanded);
            }
        }

        private protected override void SignCore(ReadOnlySpan<byte> message, Span<byte> signature)
        {
            Span<byte> secret = stackalloc byte[64];
            Span<byte> nonce = stackalloc byte[32];
            Span<byte> challenge = stackalloc byte[32];
            lock (gate)
            {
                ObjectDisposedException.ThrowIf(isDisposed, this);
                expanded.CopyTo(secret);
            }

            HashToScalar(secret[32..], [], message, nonce);
            Ed25519Point.MultiplyBase(nonce).Encode(signature[..32]);
            HashToScalar(signature[..32], publicKey, message, challenge);
            Ed25519Scalar.MultiplyAdd(challenge, secret[..32], nonce, signature[32..]);

            CryptographicOperations.ZeroMemory(secret);
            CryptographicOperations.ZeroMemory(nonce);
        }
    }
}
