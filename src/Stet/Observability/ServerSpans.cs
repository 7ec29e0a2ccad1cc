using System.Diagnostics;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Http.Metadata;
using Microsoft.Extensions.Options;

namespace Stet.Observability;

/// <summary>
/// Completes the server's spans by OpenTelemetry's conventions for HTTP: the name with the route, the route, the
/// status. .NET 10 sets only what is known when a request arrives, the path among it, which holds the ids of people: that
/// is taken away. Not in the pipeline unless traces are exported.
/// </summary>
sealed class ServerSpans(IOptions<ObservabilityOptions> options) : IStartupFilter
{
    public Action<IApplicationBuilder> Configure(Action<IApplicationBuilder> next) => app =>
    {
        if (options.Value.OtlpEndpoint is not null) app.Use(CompleteAsync);
        next(app);
    };

    static async Task CompleteAsync(HttpContext http, RequestDelegate next)
    {
        var span = http.Features.Get<IHttpActivityFeature>()?.Activity;
        span?.SetTag("url.path", null);

        try
        {
            await next(http);
        }
        catch (Exception failure)
        {
            span?.SetTag("error.type", failure.GetType().FullName).SetStatus(ActivityStatusCode.Error);
            throw;
        }

        if (span is { IsAllDataRequested: true }) Complete(span, http);
    }

    static void Complete(Activity span, HttpContext http)
    {
        var status = http.Response.StatusCode;
        span.SetTag("http.response.status_code", status);
        if (status >= 500) span.SetTag("error.type", $"{status}").SetStatus(ActivityStatusCode.Error);

        if (http.GetEndpoint()?.Metadata.GetMetadata<IRouteDiagnosticsMetadata>()?.Route is not { } route) return;

        span.SetTag("http.route", route);
        span.DisplayName = $"{http.Request.Method} {route}";
    }
}
