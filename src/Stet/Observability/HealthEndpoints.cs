using System.Text.Json;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Stet.Observability;

/// <summary>
/// <c>/livez</c>: the process answers, no check runs; 200. <c>/readyz</c>: 200, or 503 when a check is unhealthy.
/// <c>/health</c>: as <c>/readyz</c>, with version and uptime. All answer HEAD too, and none may be cached.
/// </summary>
/// <remarks>
/// <c>/health</c> shares the status of <c>/readyz</c>: load balancers are pointed at it by habit, and a 200 would send
/// them to an instance that cannot serve. Whoever restarts what has died asks <c>/livez</c>.
/// </remarks>
public static class HealthEndpoints
{
    static readonly string[] Methods = [HttpMethods.Get, HttpMethods.Head];

    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapMethods("/livez", Methods, Live).WithSummary("Whether the process is up")
            .Produces(200, contentType: "application/json");
        routes.MapMethods("/readyz", Methods, Ready).WithSummary("Whether requests can be served")
            .Produces(200, contentType: "application/json").Produces(503, contentType: "application/json");
        routes.MapMethods("/health", Methods, Health).WithSummary("Readiness, version and uptime")
            .Produces(200, contentType: "application/json").Produces(503, contentType: "application/json");
    }

    static Task Live(HttpContext http, CancellationToken cancel) =>
        Answer(http, 200, static json => json.WriteString("status", "healthy"), cancel);

    static async Task Ready(HttpContext http, Readiness readiness, CancellationToken cancel)
    {
        var report = await readiness.CheckAsync(cancel);

        await Answer(http, StatusOf(report), json => Write(json, report), cancel);
    }

    static async Task Health(HttpContext http, Readiness readiness, Telemetry telemetry, CancellationToken cancel)
    {
        var report = await readiness.CheckAsync(cancel);

        await Answer(http, StatusOf(report), json =>
        {
            Write(json, report);
            json.WriteString("version", ObservabilityModule.Version);
            json.WriteNumber("uptime_seconds", (long)telemetry.Uptime.TotalSeconds);
        }, cancel);
    }

    static int StatusOf(HealthReport report) => report.Status == HealthStatus.Unhealthy ? 503 : 200;

    static void Write(Utf8JsonWriter json, HealthReport report)
    {
        json.WriteString("status", Word(report.Status));
        json.WriteStartArray("checks");
        foreach (var (name, entry) in report.Entries)
        {
            json.WriteStartObject();
            json.WriteString("name", name);
            json.WriteString("status", Word(entry.Status));
            // With an exception, the description may be its text; that is for the log alone.
            if (entry is { Exception: null, Description: { } detail }) json.WriteString("detail", detail);
            json.WriteNumber("duration_ms", Math.Round(entry.Duration.TotalMilliseconds, 1));
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    static string Word(HealthStatus status) => status switch
    {
        HealthStatus.Healthy => "healthy",
        HealthStatus.Degraded => "degraded",
        _ => "unhealthy",
    };

    static async Task Answer(HttpContext http, int status, Action<Utf8JsonWriter> members, CancellationToken cancel)
    {
        var response = http.Response;
        response.StatusCode = status;
        response.ContentType = "application/json";
        response.Headers.CacheControl = "no-store";

        await using var json = new Utf8JsonWriter(response.BodyWriter);
        json.WriteStartObject();
        members(json);
        json.WriteEndObject();
        await json.FlushAsync(cancel);
    }
}
