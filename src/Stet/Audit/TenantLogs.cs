using System.Collections.Concurrent;
using System.Security.Cryptography;
using Npgsql;
using Stet.AuditLog;
using Stet.EventStore;
using static Stet.EventStore.NpgsqlBatchExtensions;

namespace Stet.Audit;

/// <summary>
/// The tenants' logs, made when they are first needed; so many of them are kept in memory, unwrapped. One that has made room
/// for others, or was replaced when its keys changed, goes on serving whoever works with it, and is zeroed after that.
/// </summary>
/// <param name="connections">To the database.</param>
/// <param name="installation">Wraps and unwraps the secrets that salts are made with.</param>
/// <param name="signer">Makes signing keys.</param>
/// <param name="noted">The newest checkpoint of an origin that is known outside the database; null when there is none.</param>
/// <param name="options">Names the public host.</param>
/// <param name="clock">Tells when a log was made.</param>
/// <param name="mostInMemory">How many are kept.</param>
public sealed class TenantLogs(
    StoreConnections connections, InstallationKeys installation, IAuditSigner signer, Func<string, SignedCheckpoint?> noted,
    AuditOptions options, TimeProvider clock, int mostInMemory = 4_096)
    : IDisposable
{
    const int MostTaken = 1_000;

    readonly ConcurrentDictionary<string, TenantLog> logs = new(StringComparer.Ordinal);
    readonly ConcurrentQueue<string> order = new();
    int connected;

    /// <summary>How often the writer has connected to what may be another database.</summary>
    internal int Connected => Volatile.Read(ref connected);

    /// <summary>Keys that events are about to name.</summary>
    internal NewKeys NewKeys { get; } = new();

    /// <summary>A log that is in memory.</summary>
    public TenantLog? InMemory(string tenantId) => logs.GetValueOrDefault(tenantId);

    /// <summary>A tenant's log, made if there is none; null when there is no such tenant.</summary>
    /// <exception cref="InstallationKeyException">Its keys cannot be unwrapped.</exception>
    public async ValueTask<TenantLog?> FindAsync(string tenantId, CancellationToken cancel)
    {
        if (logs.TryGetValue(tenantId, out var known) && !known.IsStale) return known;

        return await connections.AsWriterAsync(connection => FindAsync(connection, tenantId, cancel), cancel);
    }

    /// <summary>The writer has connected to what may be another database: every log is read again when it is next needed.</summary>
    internal void NoteConnection()
    {
        Interlocked.Increment(ref connected);
        foreach (var log in logs.Values) log.IsStale = true;
    }

    /// <summary>A new secret for a tenant's salts, not stored.</summary>
    internal NewKey NewSecret(string tenantId) => NewKey.Salt(installation, tenantId);

    /// <summary>Zeroes the secrets.</summary>
    public void Dispose()
    {
        foreach (var log in logs.Values) log.Dispose();
    }

    async Task<TenantLog?> FindAsync(NpgsqlConnection connection, string tenantId, CancellationToken cancel)
    {
        var log = await ReadAsync(connection, tenantId, cancel);
        if (log is null)
        {
            if (!await CreateAsync(connection, tenantId, cancel)) return null;
            log = await ReadAsync(connection, tenantId, cancel) ?? throw new InvalidOperationException($"the new log of {tenantId} is not there");
        }

        return Keep(log);
    }

    TenantLog Keep(TenantLog log)
    {
        while (true)
        {
            if (!logs.TryGetValue(log.TenantId, out var known))
            {
                if (!logs.TryAdd(log.TenantId, log)) continue;
                order.Enqueue(log.TenantId);
                if (order.Count > mostInMemory && order.TryDequeue(out var oldest) && oldest != log.TenantId) logs.TryRemove(oldest, out _);
                return log;
            }

            if (!known.IsStale)
            {
                log.Dispose();
                return known;
            }

            log.Inherit(known);
            if (logs.TryUpdate(log.TenantId, log, known)) return log;
        }
    }

    async Task<TenantLog?> ReadAsync(NpgsqlConnection connection, string tenantId, CancellationToken cancel)
    {
        await using var batch = connection.BatchFor(tenantId);
        batch.Add("select epoch, origin, key_changes, created_at from stet.audit_log where tenant_id = $1 order by epoch desc limit 1", Scalar(tenantId));
        batch.Add("""
            select kind, key_id, epoch, public_key, wrapped, kek_id, from_position, until_position
            from stet.audit_key where tenant_id = $1 and kind in ('sign', 'salt') order by kind, from_position, key_id
            """, Scalar(tenantId));

        // One statement: of one snapshot, no guard row is ahead of its head.
        batch.Add("""
            select s.size from stet.tenant_head h join stet.audit_signed s on s.tenant_id = $1 and s.size >= h.position
            where h.tenant_id = $1 and (s.size > h.position or s.peaks is distinct from h.audit_peaks) order by s.size limit $2
            """, Scalar(tenantId), Scalar(MostTaken));
        await using var rows = await batch.ExecuteReaderAsync(cancel);
        await rows.NextResultAsync(cancel);
        if (!await rows.ReadAsync(cancel)) return null;

        var origin = rows.GetString(1);
        var log = new TenantLog(tenantId, rows.GetInt32(0), origin, rows.GetInt32(2), isNew: noted(origin) is null)
        {
            CreatedAt = rows.GetFieldValue<DateTimeOffset>(3),
        };

        await rows.NextResultAsync(cancel);
        while (await rows.ReadAsync(cancel))
        {
            var (kind, keyId, epoch) = (rows.GetString(0), rows.GetString(1), rows.GetInt32(2));
            if (kind == "sign" && epoch != log.Epoch) continue;

            var (wrapped, kekId, from) = (rows.GetFieldValue<byte[]>(4), rows.GetString(5), rows.GetInt64(6));
            if (kind == "salt")
            {
                var secret = installation.Unwrap(kekId, wrapped, new WrappedKeyName(tenantId, kind, keyId));
                log.Add(new SaltKey(keyId, secret, from));
                CryptographicOperations.ZeroMemory(secret);
            }
            else
            {
                log.SigningKeys.Add(new LogSigningKey(
                    keyId, new VerifierKey(origin, SignatureType.Ed25519, rows.GetFieldValue<byte[]>(3)), wrapped, kekId, from,
                    rows.IsDBNull(7) ? null : rows.GetInt64(7)));
            }
        }

        await rows.NextResultAsync(cancel);
        while (await rows.ReadAsync(cancel)) log.Take(rows.GetInt64(0));
        return log;
    }

    /// <summary>Makes log and keys; false when there is no such tenant.</summary>
    async Task<bool> CreateAsync(NpgsqlConnection connection, string tenantId, CancellationToken cancel)
    {
        await using var transaction = await connection.BeginTransactionAsync(cancel);
        await using (var batch = new NpgsqlBatch(connection))
        {
            // The head's lock makes instances take turns. The second finds what the first made in a statement of its own:
            // the one that waited for the lock sees what was there before.
            batch.EnterTenant(tenantId);
            batch.Add("select from stet.tenant_head where tenant_id = $1 for update", Scalar(tenantId));
            batch.Add("select from stet.audit_log where tenant_id = $1 limit 1", Scalar(tenantId));
            await using var rows = await batch.ExecuteReaderAsync(cancel);
            await rows.NextResultAsync(cancel);
            if (!await rows.ReadAsync(cancel)) return false;
            await rows.NextResultAsync(cancel);
            if (await rows.ReadAsync(cancel)) return true;
        }

        var signing = await signer.MakeAsync(tenantId, cancel);
        await using (var batch = new NpgsqlBatch(connection))
        {
            batch.Add(
                "insert into stet.audit_log (tenant_id, epoch, origin, created_at) values ($1, 1, $2, $3)",
                Scalar(tenantId), Scalar($"{options.PublicHost}/v1/tenants/{tenantId}/audit"), Scalar(clock.GetUtcNow().UtcDateTime));
            AuditTables.AddKey(tenantId, epoch: 1, signing, fromPosition: 0, batch);
            AuditTables.AddKey(tenantId, epoch: 1, NewSecret(tenantId), fromPosition: 0, batch);
            await batch.ExecuteNonQueryAsync(cancel);
        }

        await transaction.CommitAsync(cancel);
        return true;
    }
}
