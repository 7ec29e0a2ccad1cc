using System.ComponentModel.DataAnnotations;
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
            .Produces<LivenessAnswer>();
        routes.MapMethods("/readyz", Methods, Ready).WithSummary("Whether requests can be served")
            .Produces<ReadinessAnswer>().Produces<ReadinessAnswer>(503);
        routes.MapMethods("/health", Methods, Health).WithSummary("Readiness, version and uptime")
            .Produces<HealthAnswer>().Produces<HealthAnswer>(503);
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

/// <summary>The process is up; the descriptions here are of what is written by hand.</summary>
/// <param name="Status">It answers, so it is.</param>
public sealed record LivenessAnswer([property: AllowedValues("healthy")] string Status);

/// <summary>Whether requests can be served.</summary>
/// <param name="Status">The worst of the checks'; <c>unhealthy</c> is a 503.</param>
/// <param name="Checks">What was looked at.</param>
public sealed record ReadinessAnswer(
    [property: AllowedValues("healthy", "degraded", "unhealthy")] string Status, IReadOnlyList<CheckAnswer> Checks);

/// <summary>Readiness, with what is asked about it.</summary>
/// <param name="Status">The worst of the checks'; <c>unhealthy</c> is a 503.</param>
/// <param name="Checks">What was looked at.</param>
/// <param name="Version">Of the service.</param>
/// <param name="UptimeSeconds">Since it started.</param>
public sealed record HealthAnswer(
    [property: AllowedValues("healthy", "degraded", "unhealthy")] string Status, IReadOnlyList<CheckAnswer> Checks, string Version,
    long UptimeSeconds);

/// <summary>One thing that was looked at.</summary>
/// <param name="Name">What.</param>
/// <param name="Status">How it is.</param>
/// <param name="DurationMs">How long that took, in milliseconds.</param>
/// <param name="Detail">What there is to say of it.</param>
public sealed record CheckAnswer(
    string Name, [property: AllowedValues("healthy", "degraded", "unhealthy")] string Status, double DurationMs, string? Detail = null);
