using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;
using Stet.Authentication;
using Stet.Policy.AccessRequests;
using Stet.Policy.Lifecycle;

namespace Stet.Policy.AuthZen;

/// <summary>What a decision point says of itself (AuthZEN 1.0, section 9), under its base URL.</summary>
static class MetadataEndpoint
{
    /// <summary>Where metadata is, with the base URL's path behind it.</summary>
    public const string Path = "/.well-known/authzen-configuration";

    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet(Path, (HttpContext http, AuthZenMetadata metadata) => metadata.AnswerAsync(http, tenantId: null))
            .AllowWithoutTenant().WithSummary("Metadata of the decision point")
            .Produces<AuthZenConfiguration>().ProducesProblem(404);
        routes.MapGet(Path + "/t/{tenant_id}", (string tenant_id, HttpContext http, AuthZenMetadata metadata) =>
            Caller.IsTenantId(tenant_id)
                ? metadata.AnswerAsync(http, tenant_id)
                : Problems.WriteAsync(http, AuthZenProblems.NoSuchTenant))
            .AllowWithoutTenant().WithSummary("Metadata of a tenant's decision point")
            .Produces<AuthZenConfiguration>().ProducesProblem(404).ProducesProblem(503);
    }
}

/// <summary>What a decision point says of itself; the description of what is written by hand.</summary>
/// <param name="PolicyDecisionPoint">Its base URL.</param>
/// <param name="AccessEvaluationEndpoint">Where one question is asked.</param>
/// <param name="AccessEvaluationsEndpoint">Where batches are.</param>
/// <param name="SearchSubjectEndpoint">Where subjects are searched for.</param>
/// <param name="SearchResourceEndpoint">Where resources are.</param>
/// <param name="SearchActionEndpoint">Where actions are.</param>
/// <param name="AccessRequestEndpoint">Where people are asked to allow what was denied.</param>
/// <param name="Capabilities">What it does beyond the standard, as URNs.</param>
/// <param name="SupportedObligations">Types of obligations that a tenant's policies use; left out when there are none.</param>
public sealed record AuthZenConfiguration(
    string PolicyDecisionPoint, string AccessEvaluationEndpoint, string AccessEvaluationsEndpoint, string SearchSubjectEndpoint,
    string SearchResourceEndpoint, string SearchActionEndpoint, string AccessRequestEndpoint, IReadOnlyList<string> Capabilities,
    IReadOnlyList<string>? SupportedObligations = null);

/// <summary>Tells it. A tenant's base URL is described whether there is such a tenant or not.</summary>
sealed class AuthZenMetadata(AuthZenOptions options, IHostEnvironment environment, PoliciesInForce policies) : IDisposable
{
    // Anybody may ask, about anybody: that takes the database from nobody else.
    readonly SemaphoreSlim lookups = new(2);

    /// <inheritdoc />
    public void Dispose() => lookups.Dispose();

    public async Task AnswerAsync(HttpContext http, string? tenantId)
    {
        // What a request says about its own URL is believed only where nobody but its sender is there to believe it.
        var root = options.PublicUrl
            ?? (environment.IsDevelopment() && DevelopmentHeaders.IsLocal(http) ? $"{http.Request.Scheme}://{http.Request.Host}" : null);
        if (root is null)
        {
            await Problems.WriteAsync(http, AuthZenProblems.NotPublished);
            return;
        }

        var home = tenantId is null ? root : $"{root}/t/{tenantId}";
        var obligations = tenantId is null ? StringSet.Empty : await ObligationsAsync(tenantId, http.RequestAborted);
        var body = new ArrayBufferWriter<byte>(512);
        using (var json = new Utf8JsonWriter(body, new JsonWriterOptions { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping }))
        {
            json.WriteStartObject();
            json.WriteString("policy_decision_point"u8, home);
            json.WriteString("access_evaluation_endpoint"u8, $"{home}{EvaluationEndpoints.Single}");
            json.WriteString("access_evaluations_endpoint"u8, $"{home}{EvaluationEndpoints.Batch}");
            json.WriteString("search_subject_endpoint"u8, $"{home}{SearchEndpoints.Path}/subject");
            json.WriteString("search_resource_endpoint"u8, $"{home}{SearchEndpoints.Path}/resource");
            json.WriteString("search_action_endpoint"u8, $"{home}{SearchEndpoints.Path}/action");
            json.WriteString("access_request_endpoint"u8, $"{home}{TaskEndpoints.Path}");
            json.WriteStartArray("capabilities"u8);
            json.WriteStringValue(AccessRequestsModule.Capability);
            json.WriteEndArray();
            if (obligations.Count > 0)
            {
                json.WriteStartArray("supported_obligations"u8);
                foreach (var type in obligations) json.WriteStringValue(type);
                json.WriteEndArray();
            }

            json.WriteEndObject();
        }

        http.Response.ContentType = "application/json";
        http.Response.Headers.CacheControl = "public, max-age=300";
        http.Response.ContentLength = body.WrittenCount;
        await http.Response.BodyWriter.WriteAsync(body.WrittenMemory, http.RequestAborted);
    }

    /// <summary>The types of obligations that the catalogue in force uses.</summary>
    async Task<StringSet> ObligationsAsync(string tenantId, CancellationToken cancel)
    {
        await lookups.WaitAsync(cancel);
        try
        {
            return (await policies.NowAsync(tenantId, cancel))?.Obligations.Types ?? StringSet.Empty;
        }
        finally
        {
            lookups.Release();
        }
    }
}
