using System.Reflection;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.OpenApi;
using Microsoft.OpenApi;
using Stet.Authentication;

namespace Stet.Http;

/// <summary>The API's description (OpenAPI 3.1) at <c>/openapi/v1.json</c>, as far as routes do not describe themselves.</summary>
public static partial class OpenApi
{
    const string ProblemSchema = "Problem";
    const string ProblemType = "application/problem+json";
    const string BearerScheme = "bearer";
    const string IdempotencyKey = "Idempotency-Key";

    /// <summary>Describes what all routes share: problem documents, permissions, the words of our own types.</summary>
    public static IServiceCollection AddDescription(this IServiceCollection services)
    {
        services.ConfigureHttpJsonOptions(http =>
        {
            http.SerializerOptions.PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower;
            http.SerializerOptions.NumberHandling = JsonNumberHandling.Strict;
            http.SerializerOptions.TypeInfoResolverChain.Add(FrameworkJson.Default);
        });
        return services.AddOpenApi("v1", description => description
            .AddDocumentTransformer(DescribeDocument)
            .AddOperationTransformer(DescribeOperation)
            .AddSchemaTransformer(DescribeSchema));
    }

    /// <summary>
    /// Describes query parameters (name, description, whether it is required): they are read by hand, so that a wrong one
    /// gets our problem document. A read refuses any other.
    /// </summary>
    public static RouteHandlerBuilder WithQuery(
        this RouteHandlerBuilder route, params (string Name, string Description, bool Required)[] parameters) =>
        route.WithMetadata(new DeclaredQuery([.. parameters.Select(p => p.Name)])).AddOpenApiOperationTransformer((operation, _, _) =>
        {
            operation.Parameters ??= [];
            foreach (var (name, description, required) in parameters)
            {
                operation.Parameters.Add(new OpenApiParameter
                {
                    Name = name,
                    In = ParameterLocation.Query,
                    Description = description,
                    Required = required,
                    Schema = Text(),
                });
            }

            return Task.CompletedTask;
        });

    /// <summary>Describes that an access token may be sent with a permission, and need not be.</summary>
    public static RouteHandlerBuilder WithOptionalToken(this RouteHandlerBuilder route, string permission) =>
        route.AddOpenApiOperationTransformer((operation, context, _) =>
        {
            operation.Security = [new OpenApiSecurityRequirement(), Token(permission, context.Document)];
            return Task.CompletedTask;
        });

    static OpenApiSecurityRequirement Token(string permission, OpenApiDocument? document) =>
        new() { [new OpenApiSecuritySchemeReference(BearerScheme, document)] = [permission] };

    static Task DescribeDocument(OpenApiDocument document, OpenApiDocumentTransformerContext context, CancellationToken cancel)
    {
        document.Info.Title = "Stet";
        document.Components ??= new OpenApiComponents();
        document.Components.Schemas ??= new Dictionary<string, IOpenApiSchema>();
        document.Components.Schemas.Remove(nameof(ProblemDetails));
        document.Components.Schemas[ProblemSchema] = Object(
            ("type", Text("uri")), ("title", Text()), ("status", new OpenApiSchema { Type = JsonSchemaType.Integer }),
            ("detail", Text()), ("code", Text()),
            ("errors", new OpenApiSchema
            {
                Type = JsonSchemaType.Array,
                Items = Object(("pointer", Text()), ("message", Text())),
            }),
            ("trace_id", Text()));
        foreach (var schema in document.Components.Schemas.Values.OfType<OpenApiSchema>()) UseTheNamesOfMembers(schema);
        foreach (var schema in BodiesOf(document)) RequireValues(schema);
        document.Components.SecuritySchemes = new Dictionary<string, IOpenApiSecurityScheme>
        {
            [BearerScheme] = new OpenApiSecurityScheme { Type = SecuritySchemeType.Http, Scheme = BearerScheme, BearerFormat = "JWT" },
        };
        return Task.CompletedTask;
    }

    static Task DescribeOperation(OpenApiOperation operation, OpenApiOperationTransformerContext context, CancellationToken cancel)
    {
        var metadata = context.Description.ActionDescriptor.EndpointMetadata;
        operation.Responses ??= [];
        if (metadata.OfType<RequiredPermission>().FirstOrDefault() is { } required)
        {
            operation.Security = [Token(required.Permission, context.Document)];
            foreach (var status in (string[])["401", "403", "429", "500", "503"])
                operation.Responses.TryAdd(status, new OpenApiResponse());
            if (operation.RequestBody is not null)
            {
                foreach (var status in (string[])["408", "413", "415"]) operation.Responses.TryAdd(status, new OpenApiResponse());
            }
        }

        var takes = metadata.OfType<RequestHeaders>().SelectMany(h => h.Names).ToList();
        if (metadata.OfType<MethodInfo>().Any(m => m.GetParameters().Any(p => p.ParameterType == typeof(CommandContext))))
        {
            takes.AddRange(context.Description.HttpMethod == HttpMethods.Post ? [IdempotencyKey, .. RequestHeaders.OfWrites] : RequestHeaders.OfWrites);
            operation.Responses.TryAdd("404", new OpenApiResponse()); // unknown_tenant
        }

        if (takes.Count > 0) operation.Parameters = [.. operation.Parameters ?? [], .. takes.Select(RequestHeader)];
        if (takes.Contains("Prefer")) operation.Parameters!.Add(ReceiptParameter());

        foreach (var (status, response) in operation.Responses)
        {
            if (response is not OpenApiResponse described) continue;
            if (status[0] is '4' or '5') DescribeRefusal(described, context.Document);
            else DescribeHeaders(described, isWrite: takes.Count > 0, isRead: operation.Responses.ContainsKey("304"));
        }

        return Task.CompletedTask;
    }

    static void DescribeRefusal(OpenApiResponse refusal, OpenApiDocument? document)
    {
        refusal.Description ??= "Refused; the problem document (RFC 9457) says why.";
        refusal.Content ??= new Dictionary<string, OpenApiMediaType>();
        // A route that says more of its refusal than that it is one is left alone.
        if (refusal.Content.TryGetValue(ProblemType, out var told) &&
            told.Schema is OpenApiSchemaReference { Reference.Id: not nameof(ProblemDetails) })
            return;

        refusal.Content[ProblemType] = new OpenApiMediaType { Schema = new OpenApiSchemaReference(ProblemSchema, document) };
    }

    static void DescribeHeaders(OpenApiResponse answer, bool isWrite, bool isRead)
    {
        // Of a 304 nothing tells that it would have been JSON.
        var isJson = answer.Content?.ContainsKey("application/json") == true;
        if (isJson && (isWrite || isRead)) Add("Stet-Position", "The log position that the answer reflects.");
        if (isRead) Add("ETag", "Strong, of exactly these bytes; `If-None-Match` takes it.");

        void Add(string name, string description)
        {
            answer.Headers ??= new Dictionary<string, IOpenApiHeader>();
            answer.Headers[name] = new OpenApiHeader { Description = description, Schema = Text() };
        }
    }

    static OpenApiParameter ReceiptParameter() => new()
    {
        Name = "receipt",
        In = ParameterLocation.Query,
        Description = "true: the same as `Prefer: receipt`.",
        Schema = new OpenApiSchema { Type = JsonSchemaType.Boolean },
    };

    static OpenApiParameter RequestHeader(string name) => new()
    {
        Name = name,
        In = ParameterLocation.Header,
        Description = name switch
        {
            IdempotencyKey => "Makes it safe to repeat: the same key and body get the first answer. 1 to 200 visible ASCII characters.",
            "X-Correlation-Id" => "Stored with the events: what they belong to. 1 to 200 visible ASCII characters.",
            "X-Causation-Id" => "Stored with the events: what they come from. 1 to 200 visible ASCII characters.",
            "Prefer" => "`receipt`: the answer has a member `receipts`, with a proof for each event that it is in the audit log. `?receipt=true` asks for the same.",
            _ => "The tenant, where no access token names it.",
        },
        Schema = Text(),
    };

    /// <summary>Descriptions come from code, which spells its members otherwise.</summary>
    static void UseTheNamesOfMembers(OpenApiSchema schema)
    {
        if (schema.Properties is not { } members) return;
        foreach (var member in members.Values)
        {
            if (member.Description is not { } text) continue;
            member.Description = Compound().Replace(text, word =>
                JsonNamingPolicy.SnakeCaseLower.ConvertName(word.Value) is var name && members.ContainsKey(name) ? name : word.Value);
        }
    }

    static IEnumerable<OpenApiSchema> BodiesOf(OpenApiDocument document) =>
        document.Paths.Values.SelectMany(p => p.Operations ?? [])
            .SelectMany(o => o.Value.RequestBody?.Content?.Values ?? [])
            .Select(c => (c.Schema as OpenApiSchemaReference)?.Reference.Id).OfType<string>().Distinct()
            .Select(id => document.Components!.Schemas![id]).OfType<OpenApiSchema>();

    /// <summary>Members of a body are null in code when they are missing; those that have to be there have no default value.</summary>
    static void RequireValues(OpenApiSchema body)
    {
        if (body.Properties is not { } members || body.Required is not { } required) return;
        foreach (var name in required)
        {
            if (members[name] is not OpenApiSchema member) continue;
            if (member.OneOf is [{ Type: JsonSchemaType.Null }, var value]) members[name] = value;
            else if (member.Type is { } type) member.Type = type & ~JsonSchemaType.Null;
        }
    }

    [GeneratedRegex(@"\b(?:[A-Z][a-z]+){2,}\b", RegexOptions.None, 1000)]
    private static partial Regex Compound();

    /// <summary>Types with a converter of their own, which the framework knows nothing about.</summary>
    static Task DescribeSchema(OpenApiSchema schema, OpenApiSchemaTransformerContext context, CancellationToken cancel)
    {
        var type = Nullable.GetUnderlyingType(context.JsonTypeInfo.Type) ?? context.JsonTypeInfo.Type;
        var orNull = type == context.JsonTypeInfo.Type ? default : JsonSchemaType.Null;

        if (type == typeof(DateTimeOffset)) (schema.Type, schema.Format) = (JsonSchemaType.String | orNull, "date-time");
        else if (type == typeof(Corrections.CorrectionId)) (schema.Type, schema.Format) = (JsonSchemaType.String | orNull, "uuid");
        else if (type == typeof(StringSet))
        {
            orNull = context.JsonPropertyInfo is { IsSetNullable: true } ? JsonSchemaType.Null : default;
            (schema.Type, schema.Items) = (JsonSchemaType.Array | orNull, Text());
        }
        else if (type == typeof(FieldValue)) schema.Description ??= "Any JSON value, at most 16 KiB.";
        else if (type.IsEnum)
        {
            // Capitals, unless the type says otherwise.
            var isSmall = type.GetCustomAttribute<JsonConverterAttribute>()?.ConverterType?.GetGenericTypeDefinition() == typeof(SnakeCaseConverter<>);
            var spelling = isSmall ? JsonNamingPolicy.SnakeCaseLower : JsonNamingPolicy.SnakeCaseUpper;
            schema.Type = JsonSchemaType.String | orNull;
            schema.Enum = [.. Enum.GetNames(type).Select(n => (JsonNode)spelling.ConvertName(n))];
        }

        return Task.CompletedTask;
    }

    static OpenApiSchema Text(string? format = null) => new() { Type = JsonSchemaType.String, Format = format };

    static OpenApiSchema Object(params (string Name, IOpenApiSchema Schema)[] members) =>
        new() { Type = JsonSchemaType.Object, Properties = members.ToDictionary(m => m.Name, m => m.Schema) };
}

/// <summary>Headers that a route takes and reads by hand.</summary>
/// <param name="Names">Their names.</param>
sealed record RequestHeaders(params string[] Names)
{
    /// <summary>What every write takes beside its body.</summary>
    public static string[] OfWrites { get; } = ["X-Correlation-Id", "X-Causation-Id", "Prefer"];
}

/// <summary>Shapes that the framework's descriptions of routes name.</summary>
[JsonSerializable(typeof(ProblemDetails))]
[JsonSerializable(typeof(string))]
sealed partial class FrameworkJson : JsonSerializerContext;
