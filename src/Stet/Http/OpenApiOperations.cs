using System.Reflection;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http.Metadata;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.OpenApi;
using Microsoft.OpenApi;
using Stet.Authentication;
using Stet.Policy.AuthZen;

namespace Stet.Http;

/// <summary>A body that a route accepts in a fresh tenant.</summary>
/// <param name="Json">It.</param>
sealed record BodyExample(string Json);

public static partial class OpenApi
{
    /// <summary>Describes query parameters. A read refuses any other.</summary>
    public static RouteHandlerBuilder WithQuery(this RouteHandlerBuilder route, params QueryParameter[] parameters) =>
        route.WithMetadata(new DeclaredQuery(parameters));

    /// <summary>
    /// Describes a body that is read by hand. A media type would have the framework answer 415, which the standard of the
    /// route does not know.
    /// </summary>
    public static RouteHandlerBuilder WithBody<T>(this RouteHandlerBuilder route) =>
        route.WithMetadata(new AcceptsMetadata([], typeof(T)));

    /// <summary>Shows a body that the route accepts.</summary>
    public static RouteHandlerBuilder WithExample(this RouteHandlerBuilder route, string json) => route.WithMetadata(new BodyExample(json));

    /// <summary>Describes that an access token may be sent with a permission, and need not be.</summary>
    public static RouteHandlerBuilder WithOptionalToken(this RouteHandlerBuilder route, string permission) =>
        route.AddOpenApiOperationTransformer((operation, context, _) =>
        {
            operation.Security = [new OpenApiSecurityRequirement(), Token(permission, context.Document)];
            return Task.CompletedTask;
        });

    static OpenApiSecurityRequirement Token(string permission, OpenApiDocument? document) =>
        new() { [new OpenApiSecuritySchemeReference(BearerScheme, document)] = [permission] };

    static Task DescribeOperation(OpenApiOperation operation, OpenApiOperationTransformerContext context, CancellationToken cancel)
    {
        var metadata = context.Description.ActionDescriptor.EndpointMetadata;
        var method = context.Description.HttpMethod!;
        var path = $"/{context.Description.RelativePath?.Replace("*", "", StringComparison.Ordinal)}"; // the rest of a path is one parameter
        if (OpenApiChapters.Of(method, path) is var (chapter, id))
        {
            operation.OperationId = id;
            operation.Tags = new HashSet<OpenApiTagReference> { new(chapter, context.Document) };
        }

        operation.Responses ??= [];
        operation.Parameters = [.. operation.Parameters ?? []];
        DescribePath(operation, path);
        foreach (var parameter in metadata.OfType<DeclaredQuery>().SelectMany(q => q.Parameters)) operation.Parameters.Add(parameter.Describe());
        if (metadata.OfType<BodyExample>().FirstOrDefault() is { } example)
            operation.RequestBody!.Content!["application/json"].Example = JsonNode.Parse(example.Json);

        var required = metadata.OfType<RequiredPermission>().FirstOrDefault();
        operation.Security = required is null ? [] : [Token(required.Permission, context.Document)];
        string[] general =
        [
            .. required is null ? Nothing : ["400", "401", "403", "429", "500", "503"],
            .. required is null || operation.RequestBody is null ? Nothing
                : metadata.OfType<IAcceptsMetadata>().Last().ContentTypes.Count == 0 ? ["408"] : ["408", "413", "415"],
        ];
        foreach (var status in general) operation.Responses.TryAdd(status, new OpenApiResponse());

        DescribeRequestHeaders(operation, metadata, method, path);
        foreach (var (status, response) in operation.Responses)
        {
            if (status[0] is '4' or '5' && response is OpenApiResponse refusal) DescribeRefusal(refusal, required is not null, context.Document);
        }

        DescribeHeaders(operation, metadata.OfType<AnswerHeader>(), isLimited: required is not null);
        if (operation.Parameters.Count == 0) operation.Parameters = null;
        return Task.CompletedTask;
    }

    static void DescribeRequestHeaders(OpenApiOperation operation, IList<object> metadata, string method, string path)
    {
        var takes = metadata.OfType<RequestHeaders>().SelectMany(h => h.Names).ToList();
        if (metadata.OfType<MethodInfo>().Any(m => m.GetParameters().Any(p => p.ParameterType == typeof(CommandContext))))
        {
            takes.AddRange(method == HttpMethods.Post ? [IdempotencyKey, .. RequestHeaders.OfWrites] : RequestHeaders.OfWrites);
            operation.Responses!.TryAdd("404", new OpenApiResponse()); // unknown_tenant
        }

        if (AuthZenPaths.IsOfDecisionPoint(path)) takes.Add(RequestId);
        if (operation.Responses!.ContainsKey("304")) takes.Add(IfNoneMatch);
        foreach (var name in takes) operation.Parameters!.Add(RequestHeader(name));
        if (takes.Contains(Prefer)) operation.Parameters!.Add(QueryParameter.Receipt.Describe());
    }

    /// <summary>What comes before an endpoint may look at parts of the path that it does not name.</summary>
    static void DescribePath(OpenApiOperation operation, string path)
    {
        var parameters = operation.Parameters!;
        foreach (var name in path.Split('{').Skip(1).Select(part => part[..part.IndexOf('}', StringComparison.Ordinal)]))
        {
            if (parameters.FirstOrDefault(p => p.Name == name) is not OpenApiParameter parameter)
                parameters.Add(parameter = new OpenApiParameter { Name = name, In = ParameterLocation.Path, Required = true });
            parameter.Schema = name switch
            {
                "tenant_id" or "correction_id" or "event_id" or "evaluation_id" => OpenApiShapes.Text("uuid"),
                "id" when path.Contains("requests", StringComparison.Ordinal) => OpenApiShapes.Text("uuid"),
                "candidate" or "digest" or "pcs_id" => OpenApiShapes.Pattern("^[0-9a-f]{64}$"),
                "kid" => OpenApiShapes.Pattern("^[A-Za-z0-9._-]{1,64}$"),
                "position" => OpenApiShapes.Number(1),
                "epoch" => OpenApiShapes.Number(2, int.MaxValue),
                _ => OpenApiShapes.Text(),
            };
        }
    }

    static void DescribeRefusal(OpenApiResponse refusal, bool isProblem, OpenApiDocument? document)
    {
        refusal.Content ??= new Dictionary<string, OpenApiMediaType>();
        if (!refusal.Content.TryGetValue(ProblemType, out var told) && !isProblem) return;

        refusal.Description ??= "Refused; the problem document (RFC 9457) says why.";
        // A route that says more of its refusal than that it is one is left alone.
        if (told?.Schema is OpenApiSchemaReference { Reference.Id: not nameof(ProblemDetails) }) return;

        refusal.Content[ProblemType] = new OpenApiMediaType { Schema = new OpenApiSchemaReference(ProblemSchema, document) };
    }
}
