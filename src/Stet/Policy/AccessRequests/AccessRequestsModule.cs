using System.Text.Json;
using System.Text.Json.Serialization;
using Npgsql;
using Stet.EventStore;
using Stet.Http;
using static Stet.EventStore.NpgsqlBatchExtensions;

namespace Stet.Policy.AccessRequests;

/// <summary>
/// Access requests (OpenID AuthZEN, access request and approval profile, draft): a denial that people can turn, for one
/// question and for a while. Off for every enforcement point whose registration does not turn it on.
/// </summary>
public static class AccessRequestsModule
{
    /// <summary>What the decision point's metadata says of it.</summary>
    internal const string Capability = "urn:openid:authzen:capability:access-request";

    internal const string Name = "access_request";

    internal static readonly StateType<AccessRequest> State = StateType.Snapshotted(Name, Name, AccessRequestEventJson.Default.AccessRequest);

    public static void Configure(ContextCatalog contexts) => contexts
        .Events(events => events
            .Add("access_requested", AccessRequestEventJson.Default.AccessRequested)
            .Add("access_approved", AccessRequestEventJson.Default.AccessApproved)
            .Add("access_denied", AccessRequestEventJson.Default.AccessDenied)
            .Add("access_request_cancelled", AccessRequestEventJson.Default.AccessRequestCancelled)
            .Add("access_approval_revoked", AccessRequestEventJson.Default.AccessApprovalRevoked))
        .State(State);

    public static IServiceCollection AddAccessRequests(this IServiceCollection services)
    {
        services.AddSingleton<AccessRequestSteps>();
        services.AddSingleton<AccessRequestIntake>();
        services.AddSingleton<Approvals>();
        services.ConfigureHttpJsonOptions(json => json.SerializerOptions.TypeInfoResolverChain.Insert(0, AccessRequestHttpJson.Default));
        return services;
    }

    public static void Map(IEndpointRouteBuilder routes)
    {
        TaskEndpoints.Map(routes);
        AccessRequestEndpoints.Map(routes);
    }

    internal static StreamKey<AccessRequest> StreamOf(Guid evaluationId) => new(State, Name, evaluationId.ToString("D"));

    /// <summary>An id as it stands in a path.</summary>
    /// <exception cref="BadRequestException">It is none, so there is no such request: 404.</exception>
    internal static Guid IdOf(string text) =>
        Uuids.TryParse(text, out var id) ? id : throw new BadRequestException(AccessRequestProblems.NotFound);

    /// <summary>A request by its id as a query shows it; null when there is none.</summary>
    internal static async Task<(AccessRequest? Request, long Position)> FindAsync(
        Store store, string tenantId, Guid evaluationId, CancellationToken cancel)
    {
        if (await store.FindTenantAsync(tenantId, cancel) is not { } tenant) return (null, 0);

        return await store.QueryAsync(
            tenantId, "select state from stet.access_request where tenant_id = $1 and stream_id = $2",
            [Scalar(tenantId), Scalar(tenant.StreamId(StreamOf(evaluationId).Parts))],
            static async (row, position, token) => (await row.ReadAsync(token) ? Read(row, 0) : null, position), cancel);
    }

    /// <summary>A stored request from a column of a query.</summary>
    internal static AccessRequest Read(NpgsqlDataReader row, int column) =>
        JsonSerializer.Deserialize(row.GetFieldValue<byte[]>(column), AccessRequestEventJson.Default.AccessRequest)
        ?? throw new UnreadableEventException("a stored access request is null");
}

/// <summary>Shapes of stored events and states.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    Converters = [typeof(UtcTimeConverter)])]
[JsonSerializable(typeof(AccessRequested))]
[JsonSerializable(typeof(AccessApproved))]
[JsonSerializable(typeof(AccessDenied))]
[JsonSerializable(typeof(AccessRequestCancelled))]
[JsonSerializable(typeof(AccessApprovalRevoked))]
[JsonSerializable(typeof(AccessRequest))]
sealed partial class AccessRequestEventJson : JsonSerializerContext;

/// <summary>Shapes of bodies and answers.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, MaxDepth = 32, AllowDuplicateProperties = false,
    UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
    Converters = [typeof(UtcTimeConverter)])]
[JsonSerializable(typeof(AccessRequestBody))]
[JsonSerializable(typeof(TaskAnswer))]
[JsonSerializable(typeof(AccessApprovalRequest))]
[JsonSerializable(typeof(AccessReasonRequest))]
[JsonSerializable(typeof(AccessRequestAnswer))]
[JsonSerializable(typeof(AccessRequestsAnswer))]
sealed partial class AccessRequestHttpJson : JsonSerializerContext;
