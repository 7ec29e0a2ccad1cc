using System.Security.Cryptography;
using Npgsql;
using Stet.EventStore;
using static Stet.EventStore.NpgsqlBatchExtensions;

namespace Stet.Audit;

/// <summary>Moves the keys of tenants' logs and stream ids from older installation keys to the current one.</summary>
public sealed class Rewrapping(StoreConnections connections, InstallationKeys installation)
{
    // Where wrapped secrets are, and what the names that they are bound to are made of. Other contexts move their own.
    static readonly Place[] places =
    [
        new("stet.audit_key", Kind: "kind", KeyId: "key_id"),
        new("stet.tenant_key", Kind: "kind", KeyId: "kind"),
    ];

    /// <summary>Wraps every secret that another installation key wraps; how many there were. It can be repeated.</summary>
    /// <exception cref="InstallationKeyException">A secret cannot be unwrapped.</exception>
    public async Task<int> RunAsync(CancellationToken cancel)
    {
        var moved = 0;
        foreach (var tenantId in await TenantsAsync(cancel)) moved += await RewrapAsync(tenantId, cancel);
        return moved;
    }

    async Task<List<string>> TenantsAsync(CancellationToken cancel)
    {
        await using var command = connections.Writer.CreateCommand("select * from stet.audit_wrapped_otherwise($1)")
            .With(Scalar(installation.CurrentId));
        return await command.ReadTextsAsync(cancel);
    }

    async Task<int> RewrapAsync(string tenantId, CancellationToken cancel)
    {
        await using var connection = await connections.Writer.OpenConnectionAsync(cancel);
        await using var transaction = await connection.BeginTransactionAsync(cancel);
        var secrets = await ReadAsync(connection, tenantId, cancel);
        await using (var batch = new NpgsqlBatch(connection))
        {
            foreach (var (place, name, kek, wrapped) in secrets)
            {
                var secret = installation.Unwrap(kek, wrapped, name);
                batch.Add(
                    $"""
                    update {place.Table} set wrapped = $5, kek_id = $6
                    where tenant_id = $1 and {place.Kind} = $2 and {place.KeyId} = $3 and kek_id = $4
                    """,
                    Scalar(tenantId), Scalar(name.Kind), Scalar(name.KeyId), Scalar(kek), Scalar(installation.Wrap(secret, name)),
                    Scalar(installation.CurrentId));
                CryptographicOperations.ZeroMemory(secret);
            }

            if (secrets.Count > 0) await batch.ExecuteNonQueryAsync(cancel);
        }

        await transaction.CommitAsync(cancel);
        return secrets.Count;
    }

    async Task<List<WrappedSecret>> ReadAsync(NpgsqlConnection connection, string tenantId, CancellationToken cancel)
    {
        await using var batch = connection.BatchFor(tenantId);
        foreach (var place in places)
        {
            batch.Add(
                $"select {place.Kind}, {place.KeyId}, kek_id, wrapped from {place.Table} where tenant_id = $1 and kek_id not in ('', $2)",
                Scalar(tenantId), Scalar(installation.CurrentId));
        }

        await using var rows = await batch.ExecuteReaderAsync(cancel);
        var secrets = new List<WrappedSecret>();
        foreach (var place in places)
        {
            await rows.NextResultAsync(cancel);
            while (await rows.ReadAsync(cancel))
            {
                secrets.Add(new WrappedSecret(
                    place, new WrappedKeyName(tenantId, rows.GetString(0), rows.GetString(1)), rows.GetString(2), rows.GetFieldValue<byte[]>(3)));
            }
        }

        return secrets;
    }

    /// <summary>A table of wrapped secrets, and its columns.</summary>
    sealed record Place(string Table, string Kind, string KeyId);

    sealed record WrappedSecret(Place Place, WrappedKeyName Name, string KekId, byte[] Wrapped);
}
