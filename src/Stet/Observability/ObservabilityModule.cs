using System.Diagnostics;
using System.Reflection;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Configuration.Memory;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Logging.Console;
using Microsoft.Extensions.Options;

namespace Stet.Observability;

/// <summary>Metrics, traces, logs and health of the service.</summary>
public static class ObservabilityModule
{
    /// <summary>The version of this build, as <c>/health</c> and telemetry name it.</summary>
    public static string Version { get; } =
        typeof(ObservabilityModule).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()!
            .InformationalVersion.Split('+')[0];

    /// <summary>
    /// Writes logs as <c>Logging:Format</c> says, collects the meters and, with an OTLP endpoint, traces the sources.
    /// ASP.NET Core's messages about single requests are off unless <c>Logging:LogLevel</c> turns them on.
    /// </summary>
    /// <param name="builder">The application's builder.</param>
    /// <param name="instrumentation">Names of our own meters and activity sources, on top of the platform's.</param>
    public static void AddObservability(this IHostApplicationBuilder builder, params string[] instrumentation)
    {
        // First, so that every other source of configuration can overrule them.
        builder.Configuration.Sources.Insert(0, new MemoryConfigurationSource
        {
            InitialData = new Dictionary<string, string?>
            {
                ["Logging:LogLevel:Default"] = "Information",
                ["Logging:LogLevel:Microsoft.AspNetCore"] = "Warning",

                // The command line says itself where it listens and why it could not.
                ["Logging:LogLevel:Microsoft.Hosting.Lifetime"] = "Warning",
                ["Logging:LogLevel:Microsoft.Extensions.Hosting.Internal.Host"] = "Critical",

                // It repeats what fails at every probe; what has changed is told once.
                ["Logging:LogLevel:Microsoft.Extensions.Diagnostics.HealthChecks"] = "None",
            },
        });

        var services = builder.Services;
        services.TryAddSingleton(TimeProvider.System);

        services.AddOptions<ObservabilityOptions>().BindConfiguration("Observability").ValidateOnStart();
        services.AddSingleton<IPostConfigureOptions<ObservabilityOptions>, ObservabilityOptionsSetup>();
        services.AddSingleton<IValidateOptions<ObservabilityOptions>, ObservabilityOptionsSetup>();

        builder.Logging.AddConsole();
        services.AddSingleton<ConsoleFormatter, JsonLogFormatter>();
        services.AddSingleton<ConsoleFormatter, TextLogFormatter>();
        services.AddSingleton<IConfigureOptions<ConsoleLoggerOptions>, LogFormat>();

        services.AddSingleton<PrometheusExporter>();
        services.AddSingleton(provider => ActivatorUtilities.CreateInstance<Telemetry>(provider, [instrumentation]));
        services.AddHostedService(provider => provider.GetRequiredService<Telemetry>());
        services.AddSingleton<IStartupFilter, ServerSpans>();

        services.AddHealthChecks();
        services.AddSingleton<Readiness>();
        services.AddSingleton<IPostConfigureOptions<HealthCheckServiceOptions>, TimeLimits>();
    }

    /// <summary>
    /// Maps <c>/metrics</c>, <c>/livez</c>, <c>/readyz</c> and <c>/health</c>, which neither count as traffic nor show
    /// up in traces.
    /// </summary>
    /// <returns>All four, to attach a permission or an address to.</returns>
    public static RouteGroupBuilder MapObservability(this IEndpointRouteBuilder routes)
    {
        var group = routes.MapGroup("").DisableHttpMetrics();
        group.AddEndpointFilter((context, next) =>
        {
            // A span that is not recorded is not exported.
            if (context.HttpContext.Features.Get<IHttpActivityFeature>()?.Activity is { } span)
                span.ActivityTraceFlags &= ~ActivityTraceFlags.Recorded;

            return next(context);
        });

        MetricsEndpoint.Map(group);
        HealthEndpoints.Map(group);

        return group;
    }
}
