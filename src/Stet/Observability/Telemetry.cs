using System.Diagnostics.Metrics;
using Microsoft.Extensions.Options;
using OpenTelemetry;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;

namespace Stet.Observability;

/// <summary>
/// The OpenTelemetry SDK while the service runs. Metrics are always collected, for <c>/metrics</c>. Traces exist only
/// with an OTLP endpoint: without a listener a source starts no activity.
/// </summary>
public sealed class Telemetry(
    IOptions<ObservabilityOptions> options, IConfiguration configuration, PrometheusExporter prometheus,
    IMeterFactory meterFactory, TimeProvider time, ILogger<Telemetry> exports, string[] instrumentation) : IHostedService, IDisposable
{
    /// <summary>
    /// Most series of one metric; the SDK sums what comes after under <c>otel_metric_overflow="true"</c>. Their memory
    /// is set aside per metric, so the limit bounds the size of the process as well as of a scrape.
    /// </summary>
    public const int SeriesPerMetric = 1000;

    static readonly TimeSpan FlushLimit = TimeSpan.FromSeconds(5);

    static readonly string[] PlatformMeters =
    [
        "Microsoft.AspNetCore.Hosting", "Microsoft.AspNetCore.Server.Kestrel", "Microsoft.AspNetCore.RateLimiting",
        "System.Runtime", "Npgsql",
    ];

    static readonly string[] PlatformSources = ["Microsoft.AspNetCore", "Npgsql"];

    readonly long started = time.GetTimestamp();
    MeterProvider? meters;
    TracerProvider? traces;
    ExportWatch? watch;

    /// <summary>Since the service was put together.</summary>
    public TimeSpan Uptime => time.GetElapsedTime(started);

    public Task StartAsync(CancellationToken cancellationToken)
    {
        var endpoint = options.Value.OtlpEndpoint;
        // The SDK reads its OTEL_* keys from here, whatever source they come from.
        var settings = new ConfigurationBuilder().AddConfiguration(configuration)
            .AddInMemoryCollection([new(ObservabilityOptionsSetup.StandardKey, endpoint)]).Build();

        var meterBuilder = Sdk.CreateMeterProviderBuilder()
            .ConfigureServices(services => services.AddSingleton<IConfiguration>(settings))
            .ConfigureResource(Describe)
            .AddMeter([.. PlatformMeters, .. instrumentation])
            .AddView(instrument => IsOurs(instrument) ? new() { CardinalityLimit = SeriesPerMetric } : MetricStreamConfiguration.Drop)
            .AddReader(new BaseExportingMetricReader(prometheus));

        if (endpoint is not null)
        {
            watch = new ExportWatch(exports);
            meterBuilder.AddOtlpExporter();
            // In .NET 10 the server's spans get their attributes only on request. It asks when it starts: after this.
            AppContext.SetSwitch("Microsoft.AspNetCore.Hosting.SuppressActivityOpenTelemetryData", false);
            traces = Sdk.CreateTracerProviderBuilder()
                .ConfigureServices(services => services.AddSingleton<IConfiguration>(settings))
                .ConfigureResource(Describe)
                .AddSource([.. PlatformSources, .. instrumentation])
                .AddOtlpExporter()
                .Build();
        }

        meters = meterBuilder.Build();
        return Task.CompletedTask;
    }

    /// <summary>Sends what has not been sent, for at most five seconds: the web server has stopped by then.</summary>
    public async Task StopAsync(CancellationToken cancellationToken)
    {
        var limit = (int)FlushLimit.TotalMilliseconds;

        // Shutdown blocks while it sends.
        await Task.WhenAll(
            Task.Run(() => traces?.Shutdown(limit), CancellationToken.None),
            Task.Run(() => meters?.Shutdown(limit), CancellationToken.None));
    }

    public void Dispose()
    {
        traces?.Dispose();
        meters?.Dispose();
        watch?.Dispose();
    }

    // The SDK goes by names: another service in the process would add to our metrics, and end them with itself.
    bool IsOurs(Instrument instrument) => instrument.Meter.Scope is not IMeterFactory other || other == meterFactory;

    // The environment's OTEL_SERVICE_NAME and OTEL_RESOURCE_ATTRIBUTES come last and win.
    static void Describe(ResourceBuilder resource) =>
        resource.Clear().AddService("stet", serviceVersion: ObservabilityModule.Version).AddTelemetrySdk()
            .AddEnvironmentVariableDetector();
}
