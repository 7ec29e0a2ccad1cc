using System.Security.Cryptography;
using Stet.AuditLog;

namespace Stet.Audit;

/// <summary>The audit log of one tenant: its name, its keys, and how much of it this process has seen to be sound.</summary>
/// <param name="tenantId">Whose log.</param>
/// <param name="epoch">1, and one more for every new beginning after a restore.</param>
/// <param name="origin">The log's name in checkpoints, which is the name of its keys, too.</param>
public sealed class TenantLog(string tenantId, int epoch, string origin) : IDisposable
{
    readonly List<SaltKey> salts = [];
    readonly Lock gate = new();
    bool disposed;
    (long Size, byte[] Peaks) verified = (0, []);

    /// <summary>Whose log.</summary>
    public string TenantId { get; } = tenantId;

    /// <summary>Counts the log's beginnings, from 1.</summary>
    public int Epoch { get; } = epoch;

    /// <summary>The log's name in checkpoints.</summary>
    public string Origin { get; } = origin;

    /// <summary>The keys that have signed in this epoch, oldest first.</summary>
    public List<LogSigningKey> SigningKeys { get; } = [];

    /// <summary>A size and its peaks that this process wrote or folded itself.</summary>
    public (long Size, byte[] Peaks) Verified
    {
        get
        {
            lock (gate) return verified;
        }

        set
        {
            lock (gate) verified = value;
        }
    }

    internal void Add(SaltKey key) => salts.Add(key);

    /// <summary>The salt of the event at a position.</summary>
    /// <exception cref="ObjectDisposedException">The log has left the cache: take it again.</exception>
    internal void WriteSalt(long position, Guid eventId, Span<byte> salt)
    {
        lock (gate)
        {
            ObjectDisposedException.ThrowIf(disposed, this);
            Commitment.WriteSalt(KeyAt(position).Secret, eventId, salt);
        }
    }

    /// <summary>A signature by one of the log's keys.</summary>
    /// <exception cref="ObjectDisposedException">The log has left the cache: take it again.</exception>
    internal byte[] Sign(LogSigningKey key, ReadOnlySpan<byte> message)
    {
        lock (gate)
        {
            ObjectDisposedException.ThrowIf(disposed, this);
            return Ed25519.Default.Sign(key.Seed, message);
        }
    }

    /// <summary>Zeroes the keys.</summary>
    public void Dispose()
    {
        lock (gate)
        {
            disposed = true;
            foreach (var salt in salts) CryptographicOperations.ZeroMemory(salt.Secret);
            foreach (var key in SigningKeys) CryptographicOperations.ZeroMemory(key.Seed);
        }
    }

    // A leaked secret is replaced from a position on; older entries keep theirs.
    SaltKey KeyAt(long position)
    {
        for (var i = salts.Count - 1; i > 0; i--)
        {
            if (salts[i].FromPosition <= position) return salts[i];
        }

        return salts[0];
    }
}

/// <summary>A signing key of a log.</summary>
/// <param name="KeyId">Its id among the tenant's.</param>
/// <param name="PublicKey">32 bytes.</param>
/// <param name="Seed">The private key; a secret.</param>
/// <param name="FromPosition">It signs from this size on.</param>
/// <param name="UntilPosition">It no longer signs from this size on; null while it does.</param>
public sealed record LogSigningKey(string KeyId, byte[] PublicKey, byte[] Seed, long FromPosition, long? UntilPosition)
{
    /// <summary>Keys stay out of logs.</summary>
    public override string ToString() => KeyId;
}

/// <summary>The secret that salts are made with, from a position on.</summary>
sealed record SaltKey(byte[] Secret, long FromPosition)
{
    public override string ToString() => $"from {FromPosition}";
}
