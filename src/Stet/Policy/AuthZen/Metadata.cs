using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;
using Stet.Authentication;
using Stet.Policy.AccessRequests;

namespace Stet.Policy.AuthZen;

/// <summary>What a decision point says of itself (AuthZEN 1.0, section 9), under its base URL.</summary>
static class MetadataEndpoint
{
    const string Path = "/.well-known/authzen-configuration";

    public static void Map(IEndpointRouteBuilder routes)
    {
        // A tenant's base URL is described whether there is such a tenant or not: nothing is told about that.
        routes.MapGet(Path, (HttpContext http, AuthZenOptions options, IHostEnvironment environment) =>
            AnswerAsync(http, options, environment, "")).AllowWithoutTenant().WithSummary("Metadata of the decision point");
        routes.MapGet(Path + "/t/{tenant_id}", (string tenant_id, HttpContext http, AuthZenOptions options, IHostEnvironment environment) =>
            Caller.IsTenantId(tenant_id)
                ? AnswerAsync(http, options, environment, $"/t/{tenant_id}")
                : Problems.WriteAsync(http, AuthZenProblems.NotPublished))
            .AllowWithoutTenant().WithSummary("Metadata of a tenant's decision point");
    }

    static Task AnswerAsync(HttpContext http, AuthZenOptions options, IHostEnvironment environment, string tenantPath)
    {
        // What a request says about its own URL is believed only where nobody but its sender is there to believe it.
        var root = options.PublicUrl
            ?? (environment.IsDevelopment() && DevelopmentHeaders.IsLocal(http) ? $"{http.Request.Scheme}://{http.Request.Host}" : null);
        if (root is null) return Problems.WriteAsync(http, AuthZenProblems.NotPublished);

        var home = root + tenantPath;
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
            json.WriteEndObject();
        }

        http.Response.ContentType = "application/json";
        http.Response.Headers.CacheControl = "public, max-age=3600";
        http.Response.ContentLength = body.WrittenCount;
        return http.Response.BodyWriter.WriteAsync(body.WrittenMemory, http.RequestAborted).AsTask();
    }
}
