using System.Security.Cryptography;
using Stet.AuditLog;

namespace Stet.Audit;

/// <summary>
/// Makes the keys that sign logs, and signs with them. <see cref="WrappedSigner"/> keeps them in the database; a key
/// management service takes its place by an implementation that is registered instead. Instances are shared by threads.
/// </summary>
public interface IAuditSigner
{
    /// <summary>Makes an Ed25519 key for a log.</summary>
    /// <param name="tenantId">Whose log.</param>
    /// <param name="cancel">Ends the wait.</param>
    /// <returns>What the key's row will hold: instead of the wrapped key, it may be a name that finds it again.</returns>
    ValueTask<NewKey> MakeAsync(string tenantId, CancellationToken cancel);

    /// <summary>Signs as RFC 8032 has it, so that all instances give the same 64 bytes.</summary>
    /// <param name="tenantId">Whose log.</param>
    /// <param name="key">One of its keys, as its row has it.</param>
    /// <param name="message">What is signed.</param>
    /// <param name="cancel">Ends the wait.</param>
    /// <exception cref="IOException">It cannot sign now: the checkpoint is refused, and asked for again later.</exception>
    /// <exception cref="InstallationKeyException">The key is out of reach for good.</exception>
    ValueTask<byte[]> SignAsync(string tenantId, LogSigningKey key, ReadOnlyMemory<byte> message, CancellationToken cancel);
}

/// <summary>Keys in the database, wrapped by the installation key. They are unwrapped for a signature and zeroed after it.</summary>
public sealed class WrappedSigner(InstallationKeys installation) : IAuditSigner
{
    const string Kind = "sign";

    public ValueTask<NewKey> MakeAsync(string tenantId, CancellationToken cancel)
    {
        var seed = RandomNumberGenerator.GetBytes(Ed25519.SeedSize);
        var publicKey = Ed25519.Default.PublicKey(seed);
        return ValueTask.FromResult(NewKey.Wrap(installation, tenantId, Kind, NewKey.IdOf(publicKey), publicKey, seed));
    }

    public ValueTask<byte[]> SignAsync(string tenantId, LogSigningKey key, ReadOnlyMemory<byte> message, CancellationToken cancel)
    {
        var seed = installation.Unwrap(key.KekId, key.Wrapped, new WrappedKeyName(tenantId, Kind, key.KeyId));
        try
        {
            return ValueTask.FromResult(Ed25519.Default.Sign(seed, message.Span));
        }
        finally
        {
            CryptographicOperations.ZeroMemory(seed);
        }
    }
}
