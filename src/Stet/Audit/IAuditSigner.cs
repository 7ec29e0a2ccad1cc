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

/// <summary>
/// Keys in the database, wrapped by the installation key. Those that have signed stay in memory, unwrapped; the oldest is
/// zeroed when there are too many.
/// </summary>
public sealed class WrappedSigner(InstallationKeys installation) : IAuditSigner, IDisposable
{
    const string Kind = "sign";
    const int MostInMemory = 1_024;

    readonly Dictionary<LogSigningKey, Ed25519PrivateKey> opened = new(ReferenceEqualityComparer.Instance);
    readonly Queue<LogSigningKey> order = new();
    readonly Lock gate = new();
    bool disposed;

    public ValueTask<NewKey> MakeAsync(string tenantId, CancellationToken cancel)
    {
        var seed = RandomNumberGenerator.GetBytes(Ed25519.SeedSize);
        var publicKey = Ed25519.Default.PublicKey(seed);
        return ValueTask.FromResult(NewKey.Wrap(installation, tenantId, Kind, NewKey.IdOf(publicKey), publicKey, seed));
    }

    public ValueTask<byte[]> SignAsync(string tenantId, LogSigningKey key, ReadOnlyMemory<byte> message, CancellationToken cancel)
    {
        while (true)
        {
            var ready = Open(tenantId, key);
            try
            {
                return ValueTask.FromResult(ready.Sign(message.Span));
            }
            catch (ObjectDisposedException)
            {
                // It has just had to make room for another one.
            }
        }
    }

    /// <summary>Zeroes the keys.</summary>
    public void Dispose()
    {
        lock (gate)
        {
            disposed = true;
            foreach (var key in opened.Values) key.Dispose();
            opened.Clear();
        }
    }

    Ed25519PrivateKey Open(string tenantId, LogSigningKey key)
    {
        lock (gate)
        {
            ObjectDisposedException.ThrowIf(disposed, this);
            if (opened.TryGetValue(key, out var known)) return known;

            var seed = installation.Unwrap(key.KekId, key.Wrapped, new WrappedKeyName(tenantId, Kind, key.KeyId));
            try
            {
                var fresh = opened[key] = Ed25519.Default.Open(seed);
                order.Enqueue(key);
                if (order.Count > MostInMemory && opened.Remove(order.Dequeue(), out var oldest)) oldest.Dispose();
                return fresh;
            }
            finally
            {
                CryptographicOperations.ZeroMemory(seed);
            }
        }
    }
}
