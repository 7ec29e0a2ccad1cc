using System.Collections.Concurrent;
using Npgsql;
using Stet.EventStore;
using static Stet.EventStore.NpgsqlBatchExtensions;

namespace Stet.Pcs.Service;

/// <summary>What verification goes by, as of one version of a tenant's registry.</summary>
/// <param name="Version">Of the registry's stream; 0: the tenant has said nothing.</param>
/// <param name="Registry">The registry.</param>
/// <param name="Verification">The same for the verifier, with the keys' material.</param>
/// <param name="RegistryStream">The registry's stream.</param>
sealed record PcsSettings(long Version, PcsRegistry Registry, PcsTenant Verification, Guid RegistryStream)
{
    // For the version alone: a registry may hold hundreds of keys.
    static readonly StateType<NoState> guarded = StateType.Stateless(PcsModule.RegistryName);

    /// <summary>For callers whose only credential is the signature: without one nothing is admitted.</summary>
    public PcsTenant SignedOnly { get; } = Verification with { Policy = PcsSignaturePolicy.Required };

    /// <summary>
    /// A command that goes through only while the registry is at this version. It is appended with what was verified by
    /// it, so that a key that is revoked, here or by another instance, verifies nothing from then on.
    /// </summary>
    public StreamCommand Guard() =>
        new StreamCommand<NoState>(guarded, RegistryStream, static (_, _) => []) { ExpectedVersion = Version };
}

/// <summary>Tenants' settings in memory: replaced when they change here, and read anew when they are a second old.</summary>
sealed partial class PcsTenants
{
    readonly Store store;
    readonly PcsKeySecrets secrets;
    readonly ILogger<PcsTenants> logger;
    readonly FreshByTenant<PcsSettings> known;

    /// <summary>Tenants whose keys cannot be used, which has been said.</summary>
    readonly ConcurrentDictionary<string, bool> unusable = new(StringComparer.Ordinal);

    public PcsTenants(Store store, PcsKeySecrets secrets, ILogger<PcsTenants> logger)
    {
        (this.store, this.secrets, this.logger) = (store, secrets, logger);
        known = new FreshByTenant<PcsSettings>(ReadAsync, settings => settings.Version, () => store.Generation);
    }

    /// <summary>The settings of a tenant that exists.</summary>
    /// <exception cref="StoreUnavailableException">They cannot be read: nothing is verified without them.</exception>
    public ValueTask<PcsSettings> CurrentAsync(Tenant tenant, CancellationToken cancel) =>
        known.GetAsync(tenant.Id, cancel)!;

    /// <summary>
    /// The settings that the store has now, for what would be refused otherwise. Anybody can send such documents, so
    /// that there is one read in 100 ms for each tenant, for which all of them wait.
    /// </summary>
    /// <exception cref="StoreUnavailableException">They cannot be read: nothing is verified without them.</exception>
    public Task<PcsSettings> AgainAsync(Tenant tenant, CancellationToken cancel) => known.AgainAsync(tenant.Id, cancel)!;

    /// <summary>The settings have changed, or are not what the store has.</summary>
    public void Forget(string tenantId) => known.Forget(tenantId);

    async Task<PcsSettings?> ReadAsync(string tenantId, PcsSettings? before)
    {
        if (await store.FindTenantAsync(tenantId, CancellationToken.None) is not { } tenant) return null;

        var stream = tenant.StreamId(PcsModule.RegistryName);
        // The state may be large, and is read by tenants that submit every second: only where it is another one.
        var (version, changed) = await store.QueryAsync(
            tenant.Id,
            "select version, case when version <> $3 then state end from stet.pcs_registry where tenant_id = $1 and stream_id = $2",
            [Scalar(tenant.Id), Scalar(stream), Scalar(before?.Version ?? 0)], RegistryAsync, CancellationToken.None);

        if (before?.Version == version) return before;
        var registry = changed ?? PcsRegistry.Empty;
        try
        {
            var settings = new PcsSettings(version, registry, await VerificationAsync(tenant.Id, registry), stream);
            unusable.TryRemove(tenant.Id, out _);
            return settings;
        }
        catch (UnusableKeyException e)
        {
            // Once: every submission runs into it until somebody has mended it.
            if (unusable.TryAdd(tenant.Id, true)) Unusable(logger, tenant.Id, e.Message);
            throw;
        }
    }

    async Task<PcsTenant> VerificationAsync(string tenantId, PcsRegistry registry)
    {
        string[] needed = [.. registry.Keys.Where(k => k.PublicKey is null && k.RevokedAt is null).Select(k => k.Fingerprint)];
        var wrapped = needed.Length > 0 ? await secrets.ReadAsync(tenantId, needed, CancellationToken.None) : [];
        return new PcsTenant(
            tenantId, registry.Policy == PcsRegistry.NoSignature ? PcsSignaturePolicy.None : PcsSignaturePolicy.Required,
            // Revoked ones last: there may be many, and nobody signs with them.
            [.. registry.Keys.OrderBy(key => key.RevokedAt is not null).Select(key => KeyOf(key, wrapped))], registry.Parameters ?? PcsParameters.Default);
    }

    static PcsKey KeyOf(RegisteredKey key, Dictionary<string, string> secrets)
    {
        var use = key.Use == PcsVersion.V10.Name() ? PcsVersion.V10 : PcsVersion.V01;
        if (key.RevokedAt is not null) return PcsKey.Revoked(key.Kid, use, key.PublicKey is null ? PcsAlgorithm.HS256 : PcsAlgorithm.Ed25519);
        if (key.PublicKey is { } text) return PcsKey.Ed25519(key.Kid, use, Convert.FromBase64String(text), key.Validity());

        return secrets.TryGetValue(key.Fingerprint, out var secret)
            ? PcsKey.Hmac(key.Kid, use, secret, key.Validity())
            : throw new UnusableKeyException($"The secret of key {key.Kid} is missing: register it again, or restore its row from a backup.");
    }

    static async Task<(long Version, PcsRegistry? Registry)> RegistryAsync(
        NpgsqlDataReader row, long position, CancellationToken cancel) =>
        await row.ReadAsync(cancel)
            ? (row.GetInt64(0), row.IsDBNull(1) ? null : PcsModule.ReadRegistry(row, 1))
            : (0, null);

    [LoggerMessage(70, LogLevel.Error, "No PCS document of tenant {TenantId} can be verified. {Reason}")]
    static partial void Unusable(ILogger logger, string tenantId, string reason);
}
