using Microsoft.Extensions.Logging.Console;
using Microsoft.Extensions.Options;

namespace Stet.Observability;

/// <summary>
/// <c>Logging:Format</c>: <c>json</c>, one object per line; <c>text</c>, for eyes; <c>auto</c>, the default: text in
/// Development on a terminal, else JSON.
/// </summary>
public sealed class LogFormat(IConfiguration configuration, IHostEnvironment environment)
    : IConfigureOptions<ConsoleLoggerOptions>
{
    public void Configure(ConsoleLoggerOptions options) =>
        options.FormatterName = Choose(
            configuration["Logging:Format"], environment.IsDevelopment() && !Console.IsOutputRedirected);

    /// <exception cref="OptionsValidationException">The format is none of the three.</exception>
    public static string Choose(string? format, bool watched) => format switch
    {
        "json" => JsonLogFormatter.FormatName,
        "text" => TextLogFormatter.FormatName,
        null or "" or "auto" => watched ? TextLogFormatter.FormatName : JsonLogFormatter.FormatName,
        _ => throw new OptionsValidationException(
            "Logging", typeof(ConsoleLoggerOptions), ["`Logging:Format` must be `json`, `text` or `auto`"]),
    };
}
