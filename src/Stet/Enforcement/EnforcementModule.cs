using System.Text.Json;
using System.Text.Json.Serialization;
using Npgsql;
using Stet.EventStore;

namespace Stet.Enforcement;

/// <summary>What the enforcement context consists of.</summary>
public static class EnforcementModule
{
    static readonly StateType<EnforcingSystem> SystemState = StateType.Snapshotted(
        "enforcing_system", "enforcing_system", EnforcementEventJson.Default.EnforcingSystem);

    static readonly StateType<TenantDefaults> DefaultsState = StateType.Snapshotted(
        "enforcement_defaults", "enforcement_defaults", EnforcementEventJson.Default.TenantDefaults);

    public static void Configure(ContextCatalog contexts) => contexts
        .Events(events => events
            .Add("system_registered", EnforcementEventJson.Default.SystemRegistered)
            .Add("system_changed", EnforcementEventJson.Default.SystemChanged)
            .Add("system_retired", EnforcementEventJson.Default.SystemRetired)
            .Add("heartbeat_received", EnforcementEventJson.Default.HeartbeatReceived)
            .Add("enforcement_defaults_set", EnforcementEventJson.Default.EnforcementDefaultsSet))
        .State(SystemState)
        .State(DefaultsState)
        .Projection(new EnforcementProjection());

    /// <summary>Reads the section <c>Enforcement</c>, which is validated when the host starts.</summary>
    public static IServiceCollection AddEnforcement(this IServiceCollection services)
    {
        services.AddSection<EnforcementOptions>(EnforcementOptions.Section);
        services.AddSingleton<StatusReader>();
        services.AddSingleton<LogHeads>();
        services.AddSingleton<SilentSystems>();
        services.AddHostedService(provider => provider.GetRequiredService<SilentSystems>());
        return services;
    }

    public static void Map(IEndpointRouteBuilder routes)
    {
        DefaultsEndpoints.Map(routes);
        RegisterSystemEndpoint.Map(routes);
        RetireSystemEndpoint.Map(routes);
        SystemsEndpoints.Map(routes);
        ReportHeartbeatEndpoint.Map(routes);
        StatusEndpoints.Map(routes);
        CorrectionEnforcementEndpoint.Map(routes);
    }

    internal static StreamKey<EnforcingSystem> SystemOf(string systemId) => new(SystemState, "enforcement", systemId);

    internal static StreamKey<TenantDefaults> DefaultsStream { get; } = new(DefaultsState, "enforcement_defaults");

    internal static Guid StreamIdOf(Tenant tenant, string systemId) => tenant.StreamId("enforcement", systemId);

    /// <summary>The stream of a system that somebody asks for; null when nobody does. No stream of a tenant that does not exist has the empty id, or any other.</summary>
    internal static async Task<Guid?> StreamIdAsync(Store store, string tenantId, string? systemId) =>
        systemId is null ? null
        : await store.FindTenantAsync(tenantId, CancellationToken.None) is { } tenant ? StreamIdOf(tenant, systemId)
        : Guid.Empty;

    /// <summary>A stored system from a column of a query.</summary>
    internal static EnforcingSystem Read(NpgsqlDataReader row, int column) =>
        JsonSerializer.Deserialize(row.GetFieldValue<byte[]>(column), EnforcementEventJson.Default.EnforcingSystem)
        ?? throw new UnreadableEventException("a stored system is null");

    /// <summary>A tenant's stored defaults from a column of a query.</summary>
    internal static TenantDefaults ReadDefaults(NpgsqlDataReader row, int column) =>
        JsonSerializer.Deserialize(row.GetFieldValue<byte[]>(column), EnforcementEventJson.Default.TenantDefaults)
        ?? throw new UnreadableEventException("a tenant's stored defaults are null");
}

/// <summary>Shapes of stored events and states.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull, Converters = [typeof(UtcTimeConverter)])]
[JsonSerializable(typeof(SystemRegistered))]
[JsonSerializable(typeof(SystemChanged))]
[JsonSerializable(typeof(SystemRetired))]
[JsonSerializable(typeof(HeartbeatReceived))]
[JsonSerializable(typeof(EnforcementDefaultsSet))]
[JsonSerializable(typeof(EnforcingSystem))]
[JsonSerializable(typeof(TenantDefaults))]
sealed partial class EnforcementEventJson : JsonSerializerContext;

/// <summary>Shapes of bodies and answers: enumerations in capitals, unknown and repeated members refused.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, MaxDepth = 32, AllowDuplicateProperties = false,
    UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
    Converters = [typeof(UtcTimeConverter), typeof(CapitalsConverter<ReportingStatus>), typeof(CapitalsConverter<Compliance>), typeof(CapitalsConverter<EscalationLevel>)])]
[JsonSerializable(typeof(DefaultsRequest))]
[JsonSerializable(typeof(DefaultsAnswer))]
[JsonSerializable(typeof(SystemRequest))]
[JsonSerializable(typeof(SystemAnswer))]
[JsonSerializable(typeof(SystemsAnswer))]
[JsonSerializable(typeof(HeartbeatRequest))]
[JsonSerializable(typeof(ReportHeartbeat))]
[JsonSerializable(typeof(HeartbeatReceipt))]
[JsonSerializable(typeof(StatusAnswer))]
[JsonSerializable(typeof(EscalationAnswer))]
[JsonSerializable(typeof(CorrectionEnforcement))]
sealed partial class EnforcementHttpJson : JsonSerializerContext;
