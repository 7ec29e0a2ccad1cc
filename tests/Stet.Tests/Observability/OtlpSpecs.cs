using System.Collections.Concurrent;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Stet.Observability;

namespace Stet.Tests.Observability;

// Who listens to a source is known to the whole process, so nothing runs beside these.
[CollectionDefinition(nameof(OtlpSpecs), DisableParallelization = true)]
public sealed class OtlpCollection;

[Collection(nameof(OtlpSpecs))]
public sealed class OtlpSpecs
{
    [Theory]
    [InlineData("OTEL_EXPORTER_OTLP_ENDPOINT")]
    [InlineData("Observability:OtlpEndpoint")]
    public async Task Metrics_and_traces_are_sent_by_the_time_the_service_has_stopped(string key)
    {
        await using var collector = await Collector.StartAsync();
        await using var service = await ObservedService.StartAsync(routes: Route, settings: new()
        {
            [key] = collector.Url,
            ["OTEL_EXPORTER_OTLP_PROTOCOL"] = "http/protobuf",
        });

        (await service.GetAsync("/traced/7")).ShouldBe("Microsoft.AspNetCore");
        await service.StopAsync();

        var traces = collector.Received("/v1/traces");
        traces.ShouldContain("Microsoft.AspNetCore");
        traces.ShouldContain("GET /traced/{id}");
        traces.ShouldContain("http.route");
        traces.ShouldNotContain("/traced/7");
        traces.ShouldContain("http.response.status_code");
        traces.ShouldContain("service.name\u0012\u0006\n\u0004stet");
        var metrics = collector.Received("/v1/metrics");
        metrics.ShouldContain("http.server.request.duration");
        metrics.ShouldContain("service.version");
    }

    [Fact]
    public async Task Without_an_endpoint_nothing_is_sent_and_no_source_is_listened_to()
    {
        await using var collector = await Collector.StartAsync();
        await using var service = await ObservedService.StartAsync(routes: Route, settings: new()
        {
            ["OTEL_EXPORTER_OTLP_PROTOCOL"] = "http/protobuf",
            ["OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"] = $"{collector.Url}/v1/traces",
            ["OTEL_EXPORTER_OTLP_METRICS_ENDPOINT"] = $"{collector.Url}/v1/metrics",
        });

        (await service.GetAsync("/traced/7")).ShouldBe("7 no source");
        await service.StopAsync();

        collector.Requests.ShouldBeEmpty();
    }

    [Theory]
    [InlineData("/refused", "503")]
    [InlineData("/thrown", "System.InvalidOperationException")]
    public async Task A_failed_request_is_an_error_of_its_type(string path, string type)
    {
        await using var collector = await Collector.StartAsync();
        await using var service = await ObservedService.StartAsync(
            routes: app =>
            {
                app.MapGet("/refused", () => Results.StatusCode(503));
                app.MapGet("/thrown", string () => throw new InvalidOperationException("inner detail 7f3a"));
            },
            settings: new()
            {
                ["Observability:OtlpEndpoint"] = collector.Url,
                ["OTEL_EXPORTER_OTLP_PROTOCOL"] = "http/protobuf",
            });

        using (await service.Client.GetAsync(path)) await service.StopAsync();

        var traces = collector.Received("/v1/traces");
        traces.ShouldContain("error.type");
        traces.ShouldContain(type);
        traces.ShouldNotContain("inner detail 7f3a");
        traces.ShouldNotContain("url.path");
    }

    [Fact]
    public async Task A_path_that_leads_nowhere_is_not_exported()
    {
        await using var collector = await Collector.StartAsync();
        await using var service = await ObservedService.StartAsync(routes: Route, settings: new()
        {
            ["Observability:OtlpEndpoint"] = collector.Url,
            ["OTEL_EXPORTER_OTLP_PROTOCOL"] = "http/protobuf",
        });

        using (await service.Client.GetAsync("/people/dr-ada")) await service.StopAsync();

        var traces = collector.Received("/v1/traces");
        traces.ShouldContain("http.response.status_code");
        traces.ShouldNotContain("dr-ada");
    }

    [Theory]
    [InlineData("/livez")]
    [InlineData("/metrics")]
    public async Task Probes_and_scrapes_are_not_traced(string path)
    {
        await using var collector = await Collector.StartAsync();
        await using var service = await ObservedService.StartAsync(routes: Route, settings: new()
        {
            ["Observability:OtlpEndpoint"] = collector.Url,
            ["OTEL_EXPORTER_OTLP_PROTOCOL"] = "http/protobuf",
        });

        await service.GetAsync(path);
        await service.GetAsync("/traced/7");
        await service.StopAsync();

        // Not "nothing": the sources are the whole process's, and its other services work in the background.
        var traces = collector.Received("/v1/traces");
        traces.ShouldContain(Field("/traced/{id}"));
        traces.ShouldNotContain(Field(path));
    }

    [Fact]
    public async Task A_collector_that_is_away_does_not_keep_the_service_from_serving_or_stopping()
    {
        await using var service = await ObservedService.StartAsync(routes: Route, settings: new()
        {
            ["Observability:OtlpEndpoint"] = "http://127.0.0.1:1",
            ["OTEL_EXPORTER_OTLP_PROTOCOL"] = "http/protobuf",
        });

        (await service.GetAsync("/traced/7")).ShouldBe("Microsoft.AspNetCore");
        await service.StopAsync().WaitAsync(TimeSpan.FromSeconds(30));

        await Should.ThrowAsync<HttpRequestException>(() => service.GetAsync("/traced/7"));
    }

    [Fact]
    public async Task A_stop_that_took_too_long_sends_all_the_same()
    {
        await using var service = await ObservedService.StartAsync();

        var stop = service.Services.GetRequiredService<Telemetry>().StopAsync(new CancellationToken(canceled: true));
        await stop;

        stop.Status.ShouldBe(TaskStatus.RanToCompletion);
    }

    [Theory]
    [InlineData("Observability:OtlpEndpoint", "collector:4317")]
    [InlineData("Observability:OtlpEndpoint", "/v1")]
    [InlineData("OTEL_EXPORTER_OTLP_ENDPOINT", "ftp://collector")]
    public async Task An_endpoint_that_is_no_http_url_is_refused_at_the_start(string key, string endpoint)
    {
        var start = () => ObservedService.StartAsync(settings: new() { [key] = endpoint });

        (await start.ShouldThrowAsync<OptionsValidationException>()).Message.ShouldBe(
            "`Observability:OtlpEndpoint` (or `OTEL_EXPORTER_OTLP_ENDPOINT`) must be an absolute http or https URL, such "
            + "as `http://collector:4317`; leave it out to export nothing");
    }

    static void Route(WebApplication app) => app.MapGet("/traced/{id}", (int id, HttpContext http) =>
        http.Features.Get<IHttpActivityFeature>()?.Activity.Source is { Name: { Length: > 0 } name } source
            && source.HasListeners() ? name : $"{id} no source");

    // A short string in a protobuf message: its length, then itself.
    static string Field(string value) => $"{(char)value.Length}{value}";

    /// <summary>Takes what is posted to it.</summary>
    sealed class Collector(WebApplication app) : IAsyncDisposable
    {
        readonly ConcurrentQueue<(string Path, string Body)> requests = [];

        public string Url => app.Urls.Single();

        public IReadOnlyCollection<(string Path, string Body)> Requests => requests;

        public static async Task<Collector> StartAsync()
        {
            var builder = WebApplication.CreateSlimBuilder();
            builder.WebHost.UseUrls("http://127.0.0.1:0");
            builder.Logging.ClearProviders();
            var collector = new Collector(builder.Build());
            await collector.ListenAsync();

            return collector;
        }

        public string Received(string path) => string.Concat(requests.Where(r => r.Path == path).Select(r => r.Body));

        public ValueTask DisposeAsync() => app.DisposeAsync();

        async Task ListenAsync()
        {
            app.MapPost("/{**path}", async http =>
            {
                using var body = new MemoryStream();
                await http.Request.Body.CopyToAsync(body);
                // Names travel as plain UTF-8 within the protobuf message.
                requests.Enqueue((http.Request.Path, Encoding.Latin1.GetString(body.ToArray())));
                http.Response.ContentType = "application/x-protobuf";
            });
            await app.StartAsync();
        }
    }
}
