using System.Text.Json.Serialization;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Stet.Audit.Witnesses;
using Stet.Authentication;
using Stet.EventStore;

namespace Stet.Audit;

/// <summary>What the audit context consists of.</summary>
public static class AuditModule
{
    /// <summary>Reads the section <c>Audit</c>, which is validated when the host starts, and the installation's keys.</summary>
    public static IServiceCollection AddAudit(this IServiceCollection services)
    {
        services.AddSection<AuditOptions>(AuditOptions.Section)
            .Configure<IConfiguration>((options, configuration) => options.Kek ??= configuration["STET_KEK"]);
        services.AddSingleton(provider =>
        {
            var options = provider.GetRequiredService<AuditOptions>();
            return InstallationKeys.Load(options.Kek, options.KeyFile, () =>
            {
                using var used = provider.GetRequiredService<StoreConnections>().Writer.CreateCommand("select * from stet.audit_kek_ids() limit 1");
                return used.ExecuteScalar() as string;
            });
        });
        services.AddSingleton(provider => StateFile.Open(provider.GetRequiredService<AuditOptions>().StateFile));
        services.AddSingleton<StreamKeys>();
        services.TryAddSingleton<IAuditSigner, WrappedSigner>();
        services.AddSingleton(provider => new TenantLogs(
            provider.GetRequiredService<StoreConnections>(), provider.GetRequiredService<InstallationKeys>(),
            provider.GetRequiredService<IAuditSigner>(), provider.GetRequiredService<StateFile>().Newest, provider.GetRequiredService<AuditOptions>(),
            provider.GetRequiredService<TimeProvider>()));
        services.AddSingleton<FrozenLogs>();
        services.AddSingleton<SigningHealth>();
        services.AddSingleton<RestoreGuard>();
        services.AddSingleton<Checkpoints>();
        services.AddSingleton<AuditReader>();
        services.AddSingleton<RunningExports>();
        services.AddSingleton<AuditKeys>();
        services.AddSingleton<Proofs>();
        services.AddSingleton<Receipts>();
        services.AddSingleton<TileCache>();
        services.AddSingleton<AuditAccess>();
        services.AddSingleton<PublicLogs>();
        services.AddHealthChecks().AddCheck<FrozenLogs>("audit").AddCheck<SigningHealth>("signing");
        services.ConfigureHttpJsonOptions(json => json.SerializerOptions.TypeInfoResolverChain.Insert(0, AuditHttpJson.Default));
        services.AddSingleton<IAppendLog, AuditAppender>();
        services.AddSingleton<AuditBackfill>();
        services.AddHostedService<AuditStart>();
        services.AddHostedService(provider => provider.GetRequiredService<FrozenLogs>());
        services.AddHostedService(provider => provider.GetRequiredService<RestoreGuard>());
        services.AddSingleton<KeyRetirement>();
        services.AddHostedService(provider => provider.GetRequiredService<KeyRetirement>());
        services.AddWitnesses();
        return services;
    }

    static readonly StateType<AuditKeyring> Keyring = StateType.Folded<AuditKeyring>("audit_keyring");

    public static void Configure(ContextCatalog contexts) => contexts
        .Events(events => events
            .Add("audit_key_added", AuditEventJson.Default.AuditKeyAdded)
            .Add("audit_key_retired", AuditEventJson.Default.AuditKeyRetired)
            .Add("audit_epoch_started", AuditEventJson.Default.AuditEpochStarted)
            .Add("audit_secret_replaced", AuditEventJson.Default.AuditSecretReplaced))
        .State(Keyring);

    /// <summary>The stream about a log's keys.</summary>
    internal static StreamKey<AuditKeyring> KeysStream { get; } = new(Keyring, "audit_keys");

    /// <summary>The resources of each log below its origin's path, and what is about keys.</summary>
    public static void Map(IEndpointRouteBuilder routes)
    {
        foreach (var prefix in (string[])["/v1/tenants/{tenant_id}/audit", "/v1/tenants/{tenant_id}/audit/epoch/{epoch}"])
        {
            var audit = routes.MapGroup(prefix).AddEndpointFilter<RouteGroupBuilder, AuditAccess>()
                .WithMetadata(new OpenResources(http => http.RequestServices.GetRequiredService<PublicLogs>().CallerOf(http)));
            TileEndpoints.Map(audit);
            ProofEndpoints.Map(audit);
            EvidenceEndpoint.Map(audit);
            ExportEndpoint.Map(audit);
        }

        KeysEndpoints.Map(routes);
        AddAuditKeyEndpoint.Map(routes);
    }

    /// <summary>The path that a log is served below: its origin without the host.</summary>
    internal static string PrefixOf(TenantLog log) => log.Origin[log.Origin.IndexOf('/', StringComparison.Ordinal)..];
}

/// <summary>Shapes of stored events.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull, Converters = [typeof(UtcTimeConverter)])]
[JsonSerializable(typeof(AuditKeyAdded))]
[JsonSerializable(typeof(AuditKeyRetired))]
[JsonSerializable(typeof(AuditEpochStarted))]
[JsonSerializable(typeof(AuditSecretReplaced))]
sealed partial class AuditEventJson : JsonSerializerContext;

/// <summary>Shapes of answers.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, Converters = [typeof(UtcTimeConverter)])]
[JsonSerializable(typeof(InclusionAnswer))]
[JsonSerializable(typeof(ConsistencyAnswer))]
[JsonSerializable(typeof(LogKeysAnswer))]
[JsonSerializable(typeof(EvidencePack))]
sealed partial class AuditHttpJson : JsonSerializerContext;

/// <summary>
/// Refuses to start with keys that cannot be unwrapped, wraps those that an earlier version did not, completes logs of a
/// database older than the log, and looks whether the database is what was signed, and which logs are frozen.
/// </summary>
sealed class AuditStart(
    StoreConnections connections, InstallationKeys installation, StreamKeys streamKeys, AuditBackfill backfill, RestoreGuard restore,
    FrozenLogs frozen)
    : IHostedService
{
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        await using var command = connections.Writer.CreateCommand("select * from stet.audit_kek_ids()");
        await using (var rows = await command.ExecuteReaderAsync(cancellationToken))
        {
            while (await rows.ReadAsync(cancellationToken))
            {
                if (!installation.Knows(rows.GetString(0))) throw InstallationKeys.Unknown(rows.GetString(0));
            }
        }

        await streamKeys.WrapStoredAsync(connections, cancellationToken);
        await backfill.RunAsync(cancellationToken);
        await restore.CompareAllAsync(cancellationToken);
        await frozen.RefreshAsync(cancellationToken);
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
