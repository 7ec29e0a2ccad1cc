using System.Text;
using Microsoft.AspNetCore.OpenApi;
using Microsoft.Net.Http.Headers;
using Microsoft.OpenApi;

namespace Stet.Http;

/// <summary>
/// The API's description as text. It is made once: that takes some thousand times as long as an answer, and anybody may ask.
/// </summary>
sealed class ApiDescription(IServiceProvider services)
{
    internal const string DocumentName = "v1";

    readonly Lazy<Task<(byte[] Body, EntityTagHeaderValue Tag)>> text = new(() => RenderAsync(services));

    public static IEndpointConventionBuilder Map(IEndpointRouteBuilder routes) =>
        routes.MapGet($"/openapi/{DocumentName}.json", Get).ExcludeFromDescription();

    static async Task<IResult> Get(ApiDescription description)
    {
        var (body, tag) = await description.text.Value;
        return Results.Bytes(body, "application/json; charset=utf-8", entityTag: tag);
    }

    static async Task<(byte[] Body, EntityTagHeaderValue Tag)> RenderAsync(IServiceProvider services)
    {
        var document = await services.GetRequiredKeyedService<IOpenApiDocumentProvider>(DocumentName).GetOpenApiDocumentAsync();
        var body = Encoding.UTF8.GetBytes(await document.SerializeAsJsonAsync(OpenApiSpecVersion.OpenApi3_1));
        return (body, new EntityTagHeaderValue(Rendered.ETagOf(body)));
    }
}
