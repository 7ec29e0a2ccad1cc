using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.OpenApi;
using Microsoft.OpenApi;
using Stet.Authentication;

namespace Stet.Http;

/// <summary>The API's description (OpenAPI 3.1) at <c>/openapi/v1.json</c>, as far as routes do not describe themselves.</summary>
public static class OpenApi
{
    const string ProblemSchema = "Problem";
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
        return services.AddOpenApi("v1", description => description
            .AddDocumentTransformer(DescribeDocument)
            .AddOperationTransformer(DescribeOperation)
            .AddSchemaTransformer(DescribeSchema));
    }

    /// <summary>
    /// Describes query parameters (name, description, whether it is required): they are read by hand, so that a wrong one
    /// gets our problem document.
    /// </summary>
    public static RouteHandlerBuilder WithQuery(
        this RouteHandlerBuilder route, params (string Name, string Description, bool Required)[] parameters) =>
        route.AddOpenApiOperationTransformer((operation, _, _) =>
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
        document.Components.SecuritySchemes = new Dictionary<string, IOpenApiSecurityScheme>
        {
            [BearerScheme] = new OpenApiSecurityScheme { Type = SecuritySchemeType.Http, Scheme = BearerScheme, BearerFormat = "JWT" },
        };
        return Task.CompletedTask;
    }

    static Task DescribeOperation(OpenApiOperation operation, OpenApiOperationTransformerContext context, CancellationToken cancel)
    {
        var metadata = context.Description.ActionDescriptor.EndpointMetadata;
        if (metadata.OfType<RequiredPermission>().FirstOrDefault() is not { } required) return Task.CompletedTask;

        operation.Security =
        [
            new OpenApiSecurityRequirement
            {
                [new OpenApiSecuritySchemeReference(BearerScheme, context.Document)] = [required.Permission],
            },
        ];

        operation.Responses ??= [];
        foreach (var status in (string[])["401", "403", "429", "500", "503"])
            operation.Responses.TryAdd(status, new OpenApiResponse());
        if (operation.RequestBody is not null)
        {
            operation.Responses.TryAdd("413", new OpenApiResponse());
            operation.Responses.TryAdd("415", new OpenApiResponse());
        }

        foreach (var (status, response) in operation.Responses)
        {
            if (response is not OpenApiResponse refusal || status[0] is not ('4' or '5')) continue;

            refusal.Description ??= "Refused; the problem document (RFC 9457) says why.";
            refusal.Content ??= new Dictionary<string, OpenApiMediaType>();
            refusal.Content["application/problem+json"] = new OpenApiMediaType
            {
                Schema = new OpenApiSchemaReference(ProblemSchema, context.Document),
            };
        }

        return Task.CompletedTask;
    }

    /// <summary>Types with a converter of their own, which the framework knows nothing about.</summary>
    static Task DescribeSchema(OpenApiSchema schema, OpenApiSchemaTransformerContext context, CancellationToken cancel)
    {
        var type = Nullable.GetUnderlyingType(context.JsonTypeInfo.Type) ?? context.JsonTypeInfo.Type;
        var orNull = type == context.JsonTypeInfo.Type ? default : JsonSchemaType.Null;

        if (type == typeof(DateTimeOffset)) (schema.Type, schema.Format) = (JsonSchemaType.String | orNull, "date-time");
        else if (type == typeof(Corrections.CorrectionId)) (schema.Type, schema.Format) = (JsonSchemaType.String | orNull, "uuid");
        else if (type == typeof(StringSet)) (schema.Type, schema.Items) = (JsonSchemaType.Array, Text());
        else if (type == typeof(FieldValue)) schema.Description ??= "Any JSON value, at most 16 KiB.";
        else if (type.IsEnum)
        {
            schema.Type = JsonSchemaType.String | orNull;
            schema.Enum = [.. Enum.GetNames(type).Select(n => (JsonNode)JsonNamingPolicy.SnakeCaseUpper.ConvertName(n))];
        }

        return Task.CompletedTask;
    }

    static OpenApiSchema Text(string? format = null) => new() { Type = JsonSchemaType.String, Format = format };

    static OpenApiSchema Object(params (string Name, IOpenApiSchema Schema)[] members) =>
        new() { Type = JsonSchemaType.Object, Properties = members.ToDictionary(m => m.Name, m => m.Schema) };
}

/// <summary>Shapes that the framework's descriptions of routes name.</summary>
[JsonSerializable(typeof(ProblemDetails))]
[JsonSerializable(typeof(string))]
sealed partial class FrameworkJson : JsonSerializerContext;
