using System.Text.Json.Serialization;
using Stet.Authentication;
using Stet.EventStore;
using Stet.Http;

namespace Stet.Tenants;

/// <summary>A tenant that exists.</summary>
/// <param name="TenantId">Lower-case UUID.</param>
/// <param name="Position">Of its newest event; 0 when there is none. Left out of another tenant than the caller's own.</param>
public sealed record TenantAnswer(string TenantId, long? Position = null);

public static class TenantEndpoint
{
    public static void Map(IEndpointRouteBuilder routes) =>
        routes.MapPut("/v1/tenants/{tenant_id}", Put).WithSummary("Create a tenant")
            .WithDescription(
                "Its keys, head row and partition entry in one transaction; repeating it changes nothing. How long the log of "
                + "another tenant is, the answer does not tell.")
            .RequirePermission(Scopes.Admin).Produces<TenantAnswer>().WithQuery();

    static async Task<IResult> Put(string tenant_id, Caller caller, Store store, CancellationToken cancel)
    {
        if (!Caller.IsTenantId(tenant_id))
            return Problems.Answer(RequestProblems.Invalid("tenant_id", "must be a UUID in lower-case text form"));

        var tenant = await store.CreateTenantAsync(tenant_id, cancel);
        long? position = tenant.Id == caller.TenantId ? await store.PositionAsync(tenant.Id, cancel) : null;
        return JsonAnswer.Write(200, new TenantAnswer(tenant.Id, position), TenantsJson.Default.TenantAnswer, position);
    }
}

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(TenantAnswer))]
sealed partial class TenantsJson : JsonSerializerContext;
