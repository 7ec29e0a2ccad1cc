using System.Security.Cryptography;
using Npgsql;
using Stet.AuditLog;
using static Stet.EventStore.NpgsqlBatchExtensions;

namespace Stet.Audit.SelfCheck;

/// <summary>The secrets that salts of one log are made with. Unlike <see cref="TenantLogs"/>, it makes none and takes lost ones for lost.</summary>
sealed class SaltKeys : IDisposable
{
    readonly List<(byte[]? Secret, long FromPosition)> secrets = [];
    readonly InstallationKeys installation;
    readonly string tenantId;

    SaltKeys(InstallationKeys installation, string tenantId) => (this.installation, this.tenantId) = (installation, tenantId);

    /// <exception cref="InstallationKeyException">A secret is wrapped by a key that this installation was not given.</exception>
    public static async Task<SaltKeys> ReadAsync(
        NpgsqlConnection connection, InstallationKeys installation, string tenantId, CancellationToken cancel)
    {
        var keys = new SaltKeys(installation, tenantId);
        await using var batch = connection.BatchFor(tenantId);
        batch.Add("""
            select key_id, wrapped, kek_id, from_position from stet.audit_key
            where tenant_id = $1 and kind = 'salt' order by from_position, key_id
            """, Scalar(tenantId));
        await using var rows = await batch.ExecuteReaderAsync(cancel);
        await rows.NextResultAsync(cancel);
        while (await rows.ReadAsync(cancel))
        {
            var secret = keys.Unwrap(new WrappedKeyName(tenantId, "salt", rows.GetString(0)), rows.GetFieldValue<byte[]>(1), rows.GetString(2));
            keys.secrets.Add((secret, rows.GetInt64(3)));
        }

        return keys;
    }

    /// <summary>The salt of an event under the log's own secret.</summary>
    /// <returns>Whether the secret is there.</returns>
    public bool TryWriteSalt(long position, Guid eventId, Span<byte> salt)
    {
        // As the writer chooses: the newest secret from that position or before it, else the first.
        var i = secrets.Count - 1;
        while (i > 0 && secrets[i].FromPosition > position) i--;
        if (i < 0 || secrets[i].Secret is not { } secret) return false;

        Commitment.WriteSalt(secret, eventId, salt);
        return true;
    }

    /// <summary>The salt of an event under the key of the person it is about.</summary>
    /// <param name="keyId">As the event's header names it.</param>
    /// <param name="wrapped">The stored key; null when there is none any more.</param>
    /// <param name="kekId">The installation key that wraps it.</param>
    /// <param name="eventId">The event.</param>
    /// <param name="salt">Receives the salt.</param>
    /// <returns>Whether the key is there.</returns>
    public bool TryWriteSubjectSalt(string keyId, byte[]? wrapped, string? kekId, Guid eventId, Span<byte> salt)
    {
        if (wrapped is null || kekId is null || Unwrap(new WrappedKeyName(tenantId, "subject", keyId), wrapped, kekId) is not { } secret)
            return false;

        Commitment.WriteSalt(secret, eventId, salt);
        CryptographicOperations.ZeroMemory(secret);
        return true;
    }

    /// <inheritdoc />
    public void Dispose()
    {
        foreach (var (secret, _) in secrets) CryptographicOperations.ZeroMemory(secret);
    }

    /// <summary>Null when what was stored is not what was wrapped: nobody gets the key back.</summary>
    byte[]? Unwrap(WrappedKeyName name, byte[] wrapped, string kekId)
    {
        if (!installation.Knows(kekId)) throw InstallationKeys.Unknown(kekId);

        try
        {
            var secret = installation.Unwrap(kekId, wrapped, name);
            return secret.Length == Commitment.KeySize ? secret : null;
        }
        catch (InstallationKeyException)
        {
            return null;
        }
    }
}
