using System.Text;
using System.Text.Json;
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

    /// <summary>Stands for the address that a request was sent to.</summary>
    internal const string AnyAddress = "http://address.invalid";

    readonly Lazy<Task<string>> text = new(() => RenderAsync(services));

    public static IEndpointConventionBuilder Map(IEndpointRouteBuilder routes) =>
        routes.MapGet($"/openapi/{DocumentName}.json", Get).ExcludeFromDescription();

    static async Task<IResult> Get(HttpContext http, ApiDescription description)
    {
        var request = http.Request;
        var address = JsonEncodedText.Encode($"{request.Scheme}://{request.Host}{request.PathBase}").Value;
        var body = Encoding.UTF8.GetBytes((await description.text.Value).Replace(AnyAddress, address, StringComparison.Ordinal));
        return Results.Bytes(body, "application/json; charset=utf-8", entityTag: new EntityTagHeaderValue(Rendered.ETagOf(body)));
    }

    static async Task<string> RenderAsync(IServiceProvider services)
    {
        var document = await services.GetRequiredKeyedService<IOpenApiDocumentProvider>(DocumentName).GetOpenApiDocumentAsync();
        return await document.SerializeAsJsonAsync(OpenApiSpecVersion.OpenApi3_1);
    }
}
