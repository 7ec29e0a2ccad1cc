using System.Collections.Concurrent;
using System.Security.Cryptography;
using Stet.AuditLog;

namespace Stet.Audit;

/// <summary>A key that was made and is not stored yet.</summary>
/// <param name="Kind"><c>sign</c> or <c>salt</c>.</param>
/// <param name="KeyId">Its id among the tenant's keys of that kind.</param>
/// <param name="PublicKey">Null for a secret that has none.</param>
/// <param name="Wrapped">The key as it is stored.</param>
/// <param name="KekId">The installation key that wraps it; empty for a key that is kept elsewhere.</param>
public sealed record NewKey(string Kind, string KeyId, byte[]? PublicKey, byte[] Wrapped, string KekId)
{
    /// <summary>The id of a signing key: the first 8 hex digits of the SHA-256 of its public half.</summary>
    public static string IdOf(ReadOnlySpan<byte> publicKey) => Convert.ToHexStringLower(SHA256.HashData(publicKey))[..8];

    /// <summary>A new secret that salts are made with.</summary>
    internal static NewKey Salt(InstallationKeys installation, string tenantId) => Wrap(
        installation, tenantId, "salt", Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(4)), null,
        RandomNumberGenerator.GetBytes(Commitment.KeySize));

    /// <summary>Wraps a secret and zeroes it.</summary>
    internal static NewKey Wrap(InstallationKeys installation, string tenantId, string kind, string keyId, byte[]? publicKey, byte[] secret)
    {
        var wrapped = installation.Wrap(secret, new WrappedKeyName(tenantId, kind, keyId));
        CryptographicOperations.ZeroMemory(secret);
        return new NewKey(kind, keyId, publicKey, wrapped, installation.CurrentId);
    }
}

/// <summary>
/// New keys on their way to the database. The transaction with the event that names a key stores it, so that a key whose
/// event was refused leaves nothing behind.
/// </summary>
sealed class NewKeys
{
    readonly ConcurrentDictionary<(string TenantId, string KeyId), NewKey> offered = new();

    /// <summary>Holds a key ready until the command that brings its event has been answered.</summary>
    public IDisposable Offer(string tenantId, NewKey key)
    {
        offered[(tenantId, key.KeyId)] = key;
        return new Withdrawal(offered, (tenantId, key.KeyId));
    }

    /// <summary>The key that an event names.</summary>
    public NewKey Find(string tenantId, string keyId) =>
        offered.TryGetValue((tenantId, keyId), out var key)
            ? key
            : throw new InvalidOperationException($"an event names the key {keyId} of {tenantId}, which nobody has made");

    sealed class Withdrawal(ConcurrentDictionary<(string, string), NewKey> offered, (string, string) key) : IDisposable
    {
        public void Dispose() => offered.TryRemove(key, out _);
    }
}
