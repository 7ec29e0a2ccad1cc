using System.Security.Cryptography;
using Npgsql;
using Stet.EventStore;
using static Stet.EventStore.NpgsqlBatchExtensions;

namespace Stet.Audit;

/// <summary>Moves the keys of tenants from older installation keys to the current one.</summary>
public sealed class Rewrapping(StoreConnections connections, InstallationKeys installation)
{
    /// <summary>Wraps every key that another installation key wraps; how many there were. It can be repeated.</summary>
    /// <exception cref="InstallationKeyException">A key cannot be unwrapped.</exception>
    public async Task<int> RunAsync(CancellationToken cancel)
    {
        var moved = 0;
        foreach (var tenantId in await TenantsAsync(cancel)) moved += await RewrapAsync(tenantId, cancel);
        return moved;
    }

    async Task<List<string>> TenantsAsync(CancellationToken cancel)
    {
        await using var command = connections.Writer.CreateCommand("select * from stet.audit_wrapped_otherwise($1)");
        command.Parameters.Add(Scalar(installation.CurrentId));
        await using var rows = await command.ExecuteReaderAsync(cancel);
        var tenants = new List<string>();
        while (await rows.ReadAsync(cancel)) tenants.Add(rows.GetString(0));
        return tenants;
    }

    async Task<int> RewrapAsync(string tenantId, CancellationToken cancel)
    {
        await using var connection = await connections.Writer.OpenConnectionAsync(cancel);
        await using var transaction = await connection.BeginTransactionAsync(cancel);
        var keys = new List<(string Kind, string Id, string Kek, byte[] Wrapped)>();
        await using (var batch = new NpgsqlBatch(connection))
        {
            batch.Add("select set_config('stet.tenant', $1, true)", Scalar(tenantId));
            batch.Add("""
                select kind, key_id, kek_id, wrapped from stet.audit_key where tenant_id = $1 and kek_id <> $2 for update
                """, Scalar(tenantId), Scalar(installation.CurrentId));
            await using var rows = await batch.ExecuteReaderAsync(cancel);
            await rows.NextResultAsync(cancel);
            while (await rows.ReadAsync(cancel))
                keys.Add((rows.GetString(0), rows.GetString(1), rows.GetString(2), rows.GetFieldValue<byte[]>(3)));
        }

        await using (var batch = new NpgsqlBatch(connection))
        {
            foreach (var (kind, id, kek, wrapped) in keys)
            {
                var name = new WrappedKeyName(tenantId, kind, id);
                var secret = installation.Unwrap(kek, wrapped, name);
                batch.Add("""
                    update stet.audit_key set wrapped = $4, kek_id = $5 where tenant_id = $1 and kind = $2 and key_id = $3
                    """,
                    Scalar(tenantId), Scalar(kind), Scalar(id), Scalar(installation.Wrap(secret, name)), Scalar(installation.CurrentId));
                CryptographicOperations.ZeroMemory(secret);
            }

            if (keys.Count > 0) await batch.ExecuteNonQueryAsync(cancel);
        }

        await transaction.CommitAsync(cancel);
        return keys.Count;
    }
}
