using System.Text.RegularExpressions;
using Microsoft.Extensions.Options;

namespace Stet.CommandLine;

/// <summary>Says in the words of the configuration what keeps a command from starting.</summary>
static partial class ConfigurationTrouble
{
    /// <summary>One line for each thing that is wrong; null when the failure has nothing to do with the configuration.</summary>
    public static string? Of(Exception failure) => failure switch
    {
        AggregateException several when several.InnerExceptions.Select(Of).ToList() is var troubles && !troubles.Contains(null) => string.Join('\n', troubles),
        OptionsValidationException invalid => string.Join('\n', invalid.Failures.Select(f => Failure(invalid.OptionsType, f))),
        InvalidDataException { InnerException: var cause } unread => $"{unread.Message} {cause?.InnerException?.Message ?? cause?.Message}".TrimEnd(),
        InvalidOperationException when failure.Message.StartsWith("Failed to convert configuration value", StringComparison.Ordinal) => failure.Message,
        _ => null,
    };

    // The framework names members of a class where people know keys of a section.
    static string Failure(Type options, string failure) =>
        Annotation().Match(failure) is { Success: true } told
            ? $"{options.GetField("Section")?.GetRawConstantValue() ?? options.Name}:{told.Groups["member"].Value}: {told.Groups["error"].Value}"
            : failure;

    [GeneratedRegex("^DataAnnotation validation failed for '.*' members: '(?<member>.*)' with the error: '(?<error>.*)'\\.$", RegexOptions.None, 1000)]
    private static partial Regex Annotation();
}
