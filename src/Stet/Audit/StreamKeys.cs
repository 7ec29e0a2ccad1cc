using System.Security.Cryptography;
using Npgsql;
using Stet.EventStore;
using static Stet.EventStore.NpgsqlBatchExtensions;

namespace Stet.Audit;

/// <summary>The keys of tenants' stream ids, wrapped like those of their logs.</summary>
public sealed class StreamKeys(InstallationKeys installation) : ITenantKeyWrap
{
    /// <inheritdoc />
    public (byte[] Wrapped, string KekId) Wrap(string tenantId, ReadOnlySpan<byte> streamKey) =>
        (installation.Wrap(streamKey, NameOf(tenantId)), installation.CurrentId);

    /// <inheritdoc />
    public byte[] Unwrap(string tenantId, byte[] wrapped, string kekId) => installation.Unwrap(kekId, wrapped, NameOf(tenantId));

    /// <summary>Wraps keys that an earlier version stored as they are; how many there were.</summary>
    public async Task<int> WrapStoredAsync(StoreConnections connections, CancellationToken cancel)
    {
        await using var command = connections.Writer.CreateCommand("select * from stet.tenants_with_open_keys()");
        var tenants = await command.ReadTextsAsync(cancel);
        foreach (var tenantId in tenants) await WrapStoredAsync(connections, tenantId, cancel);
        return tenants.Count;
    }

    async Task WrapStoredAsync(StoreConnections connections, string tenantId, CancellationToken cancel)
    {
        await using var connection = await connections.Writer.OpenConnectionAsync(cancel);
        byte[] key;
        await using (var batch = connection.BatchFor(tenantId))
        {
            batch.Add("select key from stet.tenant_key where tenant_id = $1 and kind = 'stream' and key is not null", Scalar(tenantId));
            await using var rows = await batch.ExecuteReaderAsync(cancel);
            await rows.NextResultAsync(cancel);
            if (!await rows.ReadAsync(cancel)) return; // another instance was faster
            key = rows.GetFieldValue<byte[]>(0);
        }

        // The key never changes: if another instance wraps it meanwhile, that one stands.
        var (wrapped, kekId) = Wrap(tenantId, key);
        CryptographicOperations.ZeroMemory(key);
        await using var command = new NpgsqlCommand("select stet.wrap_tenant_key($1, $2, $3)", connection)
            .With(Scalar(tenantId), Scalar(wrapped), Scalar(kekId));
        await command.ExecuteNonQueryAsync(cancel);
    }

    static WrappedKeyName NameOf(string tenantId) => new(tenantId, "stream", "stream");
}
