using System.Text.Json;
using Npgsql;
using Stet.Authentication;
using Stet.EventStore;
using Stet.Http;
using static Stet.EventStore.NpgsqlBatchExtensions;

namespace Stet.Pcs.Service;

/// <summary>What the PCS context consists of.</summary>
public static class PcsModule
{
    internal const string Scope = "pcs";
    internal const string RegistryName = "pcs_registry";

    internal static readonly StateType<PcsRegistry> RegistryState =
        StateType.Snapshotted(RegistryName, RegistryName, PcsEventJson.Default.PcsRegistry);

    // What is decided about documents goes by their ids, and about refusals by nothing: these streams only grow.
    internal static readonly StateType<NoState> ShardState = StateType.Stateless("pcs_shard");

    internal static readonly StateType<NoState> RefusalState = StateType.Stateless("pcs_refusals");

    public static void Configure(ContextCatalog contexts) => contexts
        .Events(events => events
            .Add("pcs_accepted", PcsEventJson.Default.PcsAccepted)
            .Add("pcs_escalated", PcsEventJson.Default.PcsEscalated)
            .Add("pcs_equivocated", PcsEventJson.Default.PcsEquivocated)
            .Add("pcs_escalation_resolved", PcsEventJson.Default.PcsEscalationResolved)
            .Add("pcs_refused", PcsEventJson.Default.PcsRefused)
            .Add("pcs_key_registered", PcsEventJson.Default.PcsKeyRegistered)
            .Add("pcs_key_revoked", PcsEventJson.Default.PcsKeyRevoked)
            .Add("pcs_signature_policy_set", PcsEventJson.Default.PcsSignaturePolicySet)
            .Add("pcs_parameters_set", PcsEventJson.Default.PcsParametersSet))
        .State(RegistryState)
        .State(ShardState)
        .State(RefusalState)
        .Projection(new PcsProjection());

    /// <summary>Reads the section <c>Pcs</c>, which is validated when the host starts.</summary>
    public static IServiceCollection AddPcs(this IServiceCollection services)
    {
        services.AddSection<PcsOptions>(PcsOptions.Section);
        services.AddSingleton<PcsKeySecrets>();
        services.AddHostedService<PcsStart>();
        services.AddSingleton<PcsTenants>();
        services.AddSingleton<PcsRegistration>();
        services.AddSingleton<SubmissionClaims>();
        services.AddSingleton<SubmissionLimits>();
        services.AddSingleton<RefusalThrottle>();
        services.AddSingleton<RefusalRecorder>();
        services.AddSingleton<Equivocations>();
        services.AddSingleton<FirstAnswers>();
        services.AddSingleton<SubmissionIntake>();
        services.AddSingleton<PcsMetrics>();
        services.AddSingleton<Deliveries>();
        services.AddHostedService(provider => provider.GetRequiredService<Deliveries>());
        services.ConfigureHttpJsonOptions(json => json.SerializerOptions.TypeInfoResolverChain.Insert(0, PcsHttpJson.Default));
        return services;
    }

    public static void Map(IEndpointRouteBuilder routes)
    {
        SubmitDocumentEndpoint.Map(routes);
        RegisterKeyEndpoint.Map(routes);
        KeysEndpoints.Map(routes);
        SignaturePolicyEndpoints.Map(routes);
        ParametersEndpoints.Map(routes);
        SubmissionsEndpoints.Map(routes);
        LatestOfShardEndpoint.Map(routes);
        EscalationsEndpoint.Map(routes);
        ResolveEscalationEndpoint.Map(routes);
        EquivocationsEndpoint.Map(routes);
        DuplicatesEndpoint.Map(routes);
        SummaryEndpoint.Map(routes);
    }

    internal static StreamKey<NoState> ShardOf(string shardId) => new(ShardState, Scope, shardId);

    internal static StreamKey<PcsRegistry> RegistryOf { get; } = new(RegistryState, RegistryName);

    /// <summary>A tenant's registry as a query shows it.</summary>
    internal static async Task<(PcsRegistry Registry, long Position)> RegistryAsync(HttpContext http, Caller caller, Store store)
    {
        await MinPosition.WaitAsync(http, caller.TenantId);
        return await store.QueryAsync(
            caller.TenantId, "select state from stet.pcs_registry where tenant_id = $1", [Scalar(caller.TenantId)],
            static async (row, position, cancel) =>
                (await row.ReadAsync(cancel) ? ReadRegistry(row, 0) : PcsRegistry.Empty, position),
            http.RequestAborted);
    }

    /// <summary>A stored registry from a column of a query.</summary>
    internal static PcsRegistry ReadRegistry(NpgsqlDataReader row, int column) =>
        JsonSerializer.Deserialize(row.GetFieldValue<byte[]>(column), PcsEventJson.Default.PcsRegistry)
        ?? throw new UnreadableEventException("a tenant's stored registry is null");
}
