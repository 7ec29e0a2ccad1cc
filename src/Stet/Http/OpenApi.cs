using Microsoft.OpenApi;

namespace Stet.Http;

/// <summary>Query parameters are read by hand, so that a wrong one gets our problem document; this tells OpenAPI of them.</summary>
public static class OpenApi
{
    /// <summary>Describes query parameters: name, description, whether it is required.</summary>
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
                    Schema = new OpenApiSchema { Type = JsonSchemaType.String },
                });
            }

            return Task.CompletedTask;
        });
}
