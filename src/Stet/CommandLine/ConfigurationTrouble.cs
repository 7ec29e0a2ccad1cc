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
        InvalidOperationException when Conversion().Match(failure.Message) is { Success: true } told =>
            $"{told.Groups["key"].Value}: must be {Values(told.Groups["type"].Value)}, not `{told.Groups["value"].Value}`.",
        _ => null,
    };

    // The framework names members of a class where people know keys of a section.
    static string Failure(Type options, string failure)
    {
        if (Annotation().Match(failure) is not { Success: true } told) return failure;

        var section = options.GetField("Section")?.GetRawConstantValue() ?? options.Name;
        var key = $"{section}{told.Groups["path"].Value.Replace('.', ':')}:{told.Groups["member"].Value}";
        var error = told.Groups["error"].Value;
        return error.StartsWith(key, StringComparison.Ordinal) ? error : $"{key}: {error}";
    }

    static string Values(string type) => type switch
    {
        "System.Int32" or "System.Int64" => "a whole number",
        "System.Double" or "System.Decimal" => "a number",
        "System.TimeSpan" => "a time such as 00:00:30",
        _ => "of another kind",
    };

    [GeneratedRegex("^DataAnnotation validation failed for '[^.']*(?<path>[^']*)' members: '(?<member>.*)' with the error: '(?<error>.*)'\\.$", RegexOptions.None, 1000)]
    private static partial Regex Annotation();

    [GeneratedRegex("^Failed to convert configuration value '(?<value>.*)' at '(?<key>.*)' to type '(?<type>.*)'\\.$", RegexOptions.None, 1000)]
    private static partial Regex Conversion();
}
