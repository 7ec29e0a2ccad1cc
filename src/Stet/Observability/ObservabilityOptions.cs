using Microsoft.Extensions.Options;

namespace Stet.Observability;

/// <summary>What leaves the process about itself; configuration section <c>Observability</c>.</summary>
public sealed class ObservabilityOptions
{
    /// <summary>
    /// Where metrics and traces go by OTLP. Protocol, headers, time-outs, intervals and sampling follow the standard
    /// <c>OTEL_*</c> keys, from any configuration source.
    /// </summary>
    /// <value>
    /// An absolute http or https URL without a signal's path, such as <c>http://collector:4317</c>. Default: the value
    /// of <c>OTEL_EXPORTER_OTLP_ENDPOINT</c>; with neither, nothing is exported and nothing is traced.
    /// </value>
    public string? OtlpEndpoint { get; set; }
}

sealed class ObservabilityOptionsSetup(IConfiguration configuration)
    : IPostConfigureOptions<ObservabilityOptions>, IValidateOptions<ObservabilityOptions>
{
    public const string StandardKey = "OTEL_EXPORTER_OTLP_ENDPOINT";

    public void PostConfigure(string? name, ObservabilityOptions options)
    {
        if (string.IsNullOrWhiteSpace(options.OtlpEndpoint)) options.OtlpEndpoint = configuration[StandardKey];
        if (string.IsNullOrWhiteSpace(options.OtlpEndpoint)) options.OtlpEndpoint = null;
    }

    public ValidateOptionsResult Validate(string? name, ObservabilityOptions options) =>
        options.OtlpEndpoint is null
        || (Uri.TryCreate(options.OtlpEndpoint, UriKind.Absolute, out var url)
            && (url.Scheme == Uri.UriSchemeHttp || url.Scheme == Uri.UriSchemeHttps))
            ? ValidateOptionsResult.Success
            : ValidateOptionsResult.Fail(
                $"`Observability:OtlpEndpoint` (or `{StandardKey}`) must be an absolute http or https URL, such as "
                + "`http://collector:4317`; leave it out to export nothing");
}
