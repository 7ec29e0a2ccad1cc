using System.Collections.Concurrent;
using Npgsql;
using Stet.AuditLog;
using Stet.EventStore;
using static Stet.EventStore.NpgsqlBatchExtensions;

namespace Stet.Audit;

/// <summary>The tenants' logs, made when they are first needed and kept in memory, unwrapped, while they are in use.</summary>
/// <param name="connections">To the database.</param>
/// <param name="installation">Wraps and unwraps the secrets that salts are made with.</param>
/// <param name="signer">Makes signing keys.</param>
/// <param name="noted">The newest checkpoint of an origin that is known outside the database; null when there is none.</param>
/// <param name="options">Names the public host.</param>
/// <param name="clock">Tells when a log was made.</param>
public sealed class TenantLogs(
    StoreConnections connections, InstallationKeys installation, IAuditSigner signer, Func<string, SignedCheckpoint?> noted,
    AuditOptions options, TimeProvider clock)
    : IDisposable
{
    const int MostInMemory = 4_096;

    readonly ConcurrentDictionary<string, TenantLog> logs = new(StringComparer.Ordinal);
    readonly ConcurrentQueue<string> order = new();
    int connected;

    /// <summary>How often the writer has connected to the database: behind a new connection may be another database.</summary>
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

        var log = await ReadAsync(tenantId, cancel);
        if (log is null)
        {
            if (!await CreateAsync(tenantId, cancel)) return null;
            log = await ReadAsync(tenantId, cancel) ?? throw new InvalidOperationException($"the new log of {tenantId} is not there");
        }

        return Keep(log);
    }

    /// <summary>The writer has a new connection.</summary>
    internal void NoteConnection() => Interlocked.Increment(ref connected);

    /// <summary>A new secret for a tenant's salts, not stored.</summary>
    internal NewKey NewSecret(string tenantId) => NewKey.Salt(installation, tenantId);

    /// <summary>Forgets what is in memory of a log: its keys have changed.</summary>
    public void Forget(string tenantId)
    {
        if (logs.TryRemove(tenantId, out var log)) log.Dispose();
    }

    /// <inheritdoc />
    public void Dispose()
    {
        foreach (var tenantId in logs.Keys) Forget(tenantId);
    }

    TenantLog Keep(TenantLog log)
    {
        while (true)
        {
            if (!logs.TryGetValue(log.TenantId, out var known))
            {
                if (!logs.TryAdd(log.TenantId, log)) continue;
                order.Enqueue(log.TenantId);
                if (order.Count > MostInMemory && order.TryDequeue(out var oldest) && oldest != log.TenantId) Forget(oldest);
                return log;
            }

            if (!known.IsStale)
            {
                log.Dispose();
                return known;
            }

            log.Inherit(known);
            if (!logs.TryUpdate(log.TenantId, log, known)) continue;
            known.Dispose();
            return log;
        }
    }

    async Task<TenantLog?> ReadAsync(string tenantId, CancellationToken cancel)
    {
        await using var connection = await connections.Writer.OpenConnectionAsync(cancel);
        await using var batch = new NpgsqlBatch(connection);
        batch.Add("select set_config('stet.tenant', $1, true)", Scalar(tenantId));
        batch.Add("select epoch, origin, key_changes from stet.audit_log where tenant_id = $1 order by epoch desc limit 1", Scalar(tenantId));
        batch.Add("""
            select kind, key_id, epoch, public_key, wrapped, kek_id, from_position, until_position
            from stet.audit_key where tenant_id = $1 order by kind, from_position, key_id
            """, Scalar(tenantId));
        await using var rows = await batch.ExecuteReaderAsync(cancel);
        await rows.NextResultAsync(cancel);
        if (!await rows.ReadAsync(cancel)) return null;

        var origin = rows.GetString(1);
        var log = new TenantLog(tenantId, rows.GetInt32(0), origin, rows.GetInt32(2), isNew: noted(origin) is null);
        await rows.NextResultAsync(cancel);
        while (await rows.ReadAsync(cancel))
        {
            var (kind, keyId, epoch) = (rows.GetString(0), rows.GetString(1), rows.GetInt32(2));
            if (kind == "sign" && epoch != log.Epoch) continue;

            var (wrapped, kekId, from) = (rows.GetFieldValue<byte[]>(4), rows.GetString(5), rows.GetInt64(6));
            if (kind == "salt") log.Add(new SaltKey(keyId, installation.Unwrap(kekId, wrapped, new WrappedKeyName(tenantId, kind, keyId)), from));
            else log.SigningKeys.Add(new LogSigningKey(
                keyId, new VerifierKey(origin, SignatureType.Ed25519, rows.GetFieldValue<byte[]>(3)), wrapped, kekId, from,
                rows.IsDBNull(7) ? null : rows.GetInt64(7)));
        }

        return log;
    }

    /// <summary>Makes log and keys; false when there is no such tenant.</summary>
    async Task<bool> CreateAsync(string tenantId, CancellationToken cancel)
    {
        await using var connection = await connections.Writer.OpenConnectionAsync(cancel);
        await using var transaction = await connection.BeginTransactionAsync(cancel);
        await using (var batch = new NpgsqlBatch(connection))
        {
            // The head's lock makes instances take turns: the second finds what the first made, by a statement of its own,
            // whose snapshot is younger than the wait.
            batch.Add("select set_config('stet.tenant', $1, true)", Scalar(tenantId));
            batch.Add("select from stet.tenant_head where tenant_id = $1 for update", Scalar(tenantId));
            batch.Add("select exists (select from stet.audit_log where tenant_id = $1)", Scalar(tenantId));
            await using var rows = await batch.ExecuteReaderAsync(cancel);
            await rows.NextResultAsync(cancel);
            if (!await rows.ReadAsync(cancel)) return false;

            await rows.NextResultAsync(cancel);
            await rows.ReadAsync(cancel);
            if (rows.GetBoolean(0)) return true;
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
