using System.Security.Cryptography;
using System.Text;
using Npgsql;
using Stet.Audit;
using Stet.EventStore;
using static Stet.EventStore.NpgsqlBatchExtensions;

namespace Stet.Pcs.Service;

/// <summary>Secrets of tenants' keys, wrapped by the installation's key. They are in no event, log or answer.</summary>
sealed class PcsKeySecrets(StoreConnections connections, InstallationKeys installation)
{
    const string Kind = "pcs";

    /// <summary>Tells secrets of a tenant apart. Keyed, because a short secret could be guessed from a bare hash.</summary>
    public static string FingerprintOf(Tenant tenant, string secret) =>
        Convert.ToHexStringLower(HMACSHA256.HashData(tenant.StreamKey, Encoding.UTF8.GetBytes($"pcs-key\0{secret}")));

    /// <summary>
    /// Keeps a secret before the event that names its fingerprint: an event never lacks its secret. One that is kept already
    /// is the same, and mended by this if its row was damaged.
    /// </summary>
    public async Task KeepAsync(string tenantId, string fingerprint, string secret, CancellationToken cancel)
    {
        var wrapped = installation.Wrap(Encoding.UTF8.GetBytes(secret), new WrappedKeyName(tenantId, Kind, fingerprint));
        await ReachAsync(tenantId, batch => batch.Add("""
            insert into stet.pcs_key_secret (tenant_id, fingerprint, wrapped, kek_id) values ($1, $2, $3, $4)
            on conflict (tenant_id, fingerprint) do update set wrapped = excluded.wrapped, kek_id = excluded.kek_id
            """, Scalar(tenantId), Scalar(fingerprint), Scalar(wrapped), Scalar(installation.CurrentId)),
            static (_, _) => Task.FromResult(true), cancel);
    }

    /// <summary>Secrets of a tenant, by fingerprint; those that are missing are left out.</summary>
    /// <exception cref="UnusableKeyException">One cannot be opened.</exception>
    /// <exception cref="StoreUnavailableException">They cannot be read now: nothing is verified without them.</exception>
    public Task<Dictionary<string, string>> ReadAsync(string tenantId, IReadOnlyList<string> fingerprints, CancellationToken cancel) =>
        ReadAsync(tenantId, batch => batch.Add(
            "select fingerprint, wrapped, kek_id from stet.pcs_key_secret where tenant_id = $1 and fingerprint = any($2)",
            Scalar(tenantId), Column(fingerprints, f => f)), cancel);

    Task<Dictionary<string, string>> ReadAsync(string tenantId, Action<NpgsqlBatch> add, CancellationToken cancel) =>
        ReachAsync(
            tenantId, add,
            async (rows, cancel) =>
            {
                var secrets = new Dictionary<string, string>(StringComparer.Ordinal);
                while (await rows.ReadAsync(cancel))
                {
                    var fingerprint = rows.GetString(0);
                    var secret = installation.Unwrap(
                        rows.GetString(2), rows.GetFieldValue<byte[]>(1), new WrappedKeyName(tenantId, Kind, fingerprint));
                    secrets[fingerprint] = Encoding.UTF8.GetString(secret);
                    CryptographicOperations.ZeroMemory(secret);
                }

                return secrets;
            },
            cancel);

    /// <summary>Opens one secret for each installation key in use.</summary>
    /// <exception cref="InstallationKeyException">One cannot be opened: its key is not here, or it was altered.</exception>
    public async Task TryOpenAsync(CancellationToken cancel)
    {
        await using var command = connections.Writer.CreateCommand(
            "select tenant_id, fingerprint, wrapped, kek_id from stet.pcs_wrapped_secrets()");
        await using var rows = await command.ExecuteReaderAsync(cancel);
        while (await rows.ReadAsync(cancel))
        {
            CryptographicOperations.ZeroMemory(installation.Unwrap(
                rows.GetString(3), rows.GetFieldValue<byte[]>(2), new WrappedKeyName(rows.GetString(0), Kind, rows.GetString(1))));
        }
    }

    /// <summary>
    /// Wraps with the current installation key the secrets of all tenants that have some under another one; how many
    /// secrets these tenants have. It can be repeated.
    /// </summary>
    /// <exception cref="InstallationKeyException">A secret cannot be opened.</exception>
    public async Task<int> RewrapAsync(CancellationToken cancel)
    {
        await TryOpenAsync(cancel);
        await using var otherwise = connections.Writer.CreateCommand("select * from stet.pcs_wrapped_otherwise($1)")
            .With(Scalar(installation.CurrentId));
        var moved = 0;
        foreach (var tenantId in await otherwise.ReadTextsAsync(cancel)) moved += await RewrapAsync(tenantId, cancel);
        return moved;
    }

    async Task<int> RewrapAsync(string tenantId, CancellationToken cancel)
    {
        var secrets = await ReadAsync(tenantId, batch => batch.Add(
            "select fingerprint, wrapped, kek_id from stet.pcs_key_secret where tenant_id = $1", Scalar(tenantId)), cancel);
        foreach (var (fingerprint, secret) in secrets)
        {
            var wrapped = installation.Wrap(Encoding.UTF8.GetBytes(secret), new WrappedKeyName(tenantId, Kind, fingerprint));
            await ReachAsync(tenantId, batch => batch.Add("""
                update stet.pcs_key_secret set wrapped = $3, kek_id = $4 where tenant_id = $1 and fingerprint = $2
                """, Scalar(tenantId), Scalar(fingerprint), Scalar(wrapped), Scalar(installation.CurrentId)),
                static (_, _) => Task.FromResult(true), cancel);
        }

        return secrets.Count;
    }

    async Task<T> ReachAsync<T>(
        string tenantId, Action<NpgsqlBatch> add, Func<NpgsqlDataReader, CancellationToken, Task<T>> read,
        CancellationToken cancel)
    {
        try
        {
            await using var connection = await connections.Writer.OpenConnectionAsync(cancel);
            await using var batch = connection.BatchFor(tenantId);
            add(batch);
            await using var rows = await batch.ExecuteReaderAsync(cancel);
            await rows.NextResultAsync(cancel);
            return await read(rows, cancel);
        }
        catch (InstallationKeyException e)
        {
            throw new UnusableKeyException(e.Message, e);
        }
        catch (NpgsqlException e)
        {
            throw new StoreUnavailableException("the secrets of a tenant's keys cannot be read", TimeSpan.FromSeconds(2), e);
        }
    }
}

/// <summary>
/// A key of a tenant cannot be used. Without it a document of that key looks like a forgery, which its sender would give up
/// for good: so the tenant's submissions are answered with 503 until the key is mended, whichever key signed them.
/// </summary>
/// <param name="message">What is the matter, for the log; no secret.</param>
/// <param name="inner">What it comes from.</param>
sealed class UnusableKeyException(string message, Exception? inner = null)
    : StoreUnavailableException(message, TimeSpan.FromSeconds(60), inner);

/// <summary>
/// Refuses to start without an installation key that wraps secrets: no signature of any of their keys could be verified. One
/// damaged secret is found when it is used, and stops its tenant alone.
/// </summary>
sealed class PcsStart(PcsKeySecrets secrets, PcsMetrics metrics) : IHostedService
{
    public Task StartAsync(CancellationToken cancellationToken)
    {
        metrics.Begin();
        return secrets.TryOpenAsync(cancellationToken);
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
