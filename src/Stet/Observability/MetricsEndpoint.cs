using Microsoft.Net.Http.Headers;
using Stet.Http;

namespace Stet.Observability;

/// <summary><c>GET /metrics</c>: Prometheus text 0.0.4, or OpenMetrics 1.0 for those who rank it no lower.</summary>
public static class MetricsEndpoint
{
    const string Text = "text/plain; version=0.0.4; charset=utf-8";
    const string OpenMetrics = "application/openmetrics-text; version=1.0.0; charset=utf-8";

    public static void Map(IEndpointRouteBuilder routes) =>
        routes.MapMethods("/metrics", [HttpMethods.Get, HttpMethods.Head], Get).WithSummary("Metrics, for Prometheus")
            .Produces<string>(200, "text/plain", "application/openmetrics-text").Produces(503)
            .WithAnswerHeader("Vary", 200, 503);

    static async Task Get(HttpContext http, PrometheusExporter exporter, CancellationToken cancel)
    {
        var response = http.Response;
        response.Headers.CacheControl = "no-store";
        response.Headers.Vary = "Accept";

        var openMetrics = PrefersOpenMetrics(http.Request);
        using var scrape = await exporter.ScrapeAsync(openMetrics, cancel);
        if (scrape is null)
        {
            response.StatusCode = StatusCodes.Status503ServiceUnavailable;
            return;
        }

        response.ContentType = openMetrics ? OpenMetrics : Text;
        response.ContentLength = scrape.Length;
        await response.Body.WriteAsync(scrape.Written, cancel);
    }

    // A scraper that accepts neither gets the text format, as Prometheus's own libraries do.
    static bool PrefersOpenMetrics(HttpRequest request)
    {
        if (!MediaTypeHeaderValue.TryParseList(request.Headers.Accept, out var accepted)) return false;

        var openMetrics = 0.0;
        var text = 0.0;
        foreach (var range in accepted)
        {
            var quality = range.Quality ?? 1;
            if (range.MediaType.Equals("application/openmetrics-text", StringComparison.OrdinalIgnoreCase))
            {
                var version = range.Parameters.FirstOrDefault(p => p.Name == "version")?.Value;
                if (version is null || version == "1.0.0") openMetrics = Math.Max(openMetrics, quality);
            }
            else if (range.MediaType == "text/plain")
            {
                text = Math.Max(text, quality);
            }
        }

        return openMetrics > 0 && openMetrics >= text;
    }
}
