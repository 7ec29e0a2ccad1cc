using System.Text.Json;
using System.Text.Json.Serialization;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.OpenApi;
using Microsoft.OpenApi;
using Stet.Observability;
using Stet.Policy.AuthZen;

namespace Stet.Http;

/// <summary>The API's description (OpenAPI 3.1) at <c>/openapi/v1.json</c>, as far as routes do not describe themselves.</summary>
public static partial class OpenApi
{
    const string ProblemSchema = "Problem";
    const string ProblemType = "application/problem+json";
    const string BearerScheme = "bearer";

    /// <summary>Describes what all routes share: problem documents, permissions, the words of our own types.</summary>
    public static IServiceCollection AddDescription(this IServiceCollection services)
    {
        services.ConfigureHttpJsonOptions(http =>
        {
            http.SerializerOptions.PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower;
            http.SerializerOptions.NumberHandling = JsonNumberHandling.Strict;
            http.SerializerOptions.TypeInfoResolverChain.Add(FrameworkJson.Default);
        });
        services.AddSingleton<ApiDescription>();
        return services.AddOpenApi(ApiDescription.DocumentName, description => description
            .AddDocumentTransformer(DescribeDocument)
            .AddOperationTransformer(DescribeOperation)
            .AddSchemaTransformer(DescribeSchema));
    }

    static Task DescribeDocument(OpenApiDocument document, OpenApiDocumentTransformerContext context, CancellationToken cancel)
    {
        document.Info.Title = "Stet";
        document.Info.Version = ObservabilityModule.Version;
        document.Tags = OpenApiChapters.Names.Select(name => new OpenApiTag { Name = name }).ToHashSet();
        DescribeBaseUrls(document, context.ApplicationServices.GetRequiredService<AuthZenOptions>().PublicUrl);
        document.Components ??= new OpenApiComponents();
        document.Components.Schemas ??= new Dictionary<string, IOpenApiSchema>();
        document.Components.Schemas.Remove(nameof(ProblemDetails));
        document.Components.Schemas[ProblemSchema] = Problem(document);
        foreach (var schema in document.Components.Schemas.Values.OfType<OpenApiSchema>()) UseTheNamesOfMembers(schema);
        foreach (var schema in BodiesOf(document)) RequireValues(schema);
        DescribeReceipts(document);
        document.Components.SecuritySchemes = new Dictionary<string, IOpenApiSecurityScheme>
        {
            [BearerScheme] = new OpenApiSecurityScheme { Type = SecuritySchemeType.Http, Scheme = BearerScheme, BearerFormat = "JWT" },
        };
        return Task.CompletedTask;
    }

    /// <summary>
    /// Decision points have a base URL for each tenant, beside the one that all share. Without a public URL they
    /// begin with `/`, at whatever host the description comes from: behind a proxy, a request does not tell how it was sent.
    /// </summary>
    static void DescribeBaseUrls(OpenApiDocument document, string? publicUrl)
    {
        var shared = new OpenApiServer { Url = publicUrl ?? "/" };
        var ofTenants = new OpenApiServer
        {
            Url = $"{publicUrl}/t/{{tenant_id}}",
            Description = "The decision point of one tenant, which the credential has to name, too.",
            Variables = new Dictionary<string, OpenApiServerVariable>
            {
                ["tenant_id"] = new() { Default = Guid.Empty.ToString(), Description = "The tenant, a UUID." },
            },
        };
        document.Servers = [shared];
        foreach (var (_, item) in document.Paths.Where(p => AuthZenPaths.IsOfDecisionPoint(p.Key)))
            foreach (var operation in item.Operations!.Values) operation.Servers = [shared, ofTenants];
    }

    static OpenApiSchema Problem(OpenApiDocument document) => Require(
        OpenApiShapes.Object(
            ("type", OpenApiShapes.Text("uri"), "`urn:stet:problem:` and the code."),
            ("title", OpenApiShapes.Text(), "The kind of problem, for people."),
            ("status", new OpenApiSchema { Type = JsonSchemaType.Integer, Format = "int32" }, "The answer's."),
            ("detail", OpenApiShapes.Text(), "What was wrong this time, for people."),
            ("code", OpenApiShapes.Text(), "Stable, snake_case, for machines."),
            ("errors", OpenApiShapes.List(Require(OpenApiShapes.Object(
                ("pointer", OpenApiShapes.Text(), "JSON pointer into the body, or the name of a parameter or header."),
                ("message", OpenApiShapes.Text(), "What is wrong with it.")))), "The members that were wrong."),
            ("findings", OpenApiShapes.List(new OpenApiSchemaReference("PolicyFinding", document)), "Of `policy_unreadable`: what is wrong with the candidate."),
            ("diff_digest", OpenApiShapes.Text(), "Of `approval_stale`: the newest diff."),
            ("diff_position", OpenApiShapes.Number(0), "Of `approval_stale`: its last position."),
            ("reason", OpenApiShapes.OneOf("newer_diff", "baseline_changed", "too_many_decisions", "new_kind", "engine_changed"), "Of `diff_stale`: what happened since the diff."),
            ("trace_id", OpenApiShapes.Text(), "Of the request.")),
        "type", "title", "status", "detail", "code");
}

/// <summary>Shapes that the framework's descriptions of routes name.</summary>
[JsonSerializable(typeof(ProblemDetails))]
[JsonSerializable(typeof(string))]
[JsonSerializable(typeof(LivenessAnswer))]
[JsonSerializable(typeof(ReadinessAnswer))]
[JsonSerializable(typeof(HealthAnswer))]
sealed partial class FrameworkJson : JsonSerializerContext;
