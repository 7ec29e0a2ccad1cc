using System.Text.RegularExpressions;

namespace Stet.Tests.Readme;

/// <summary>
/// The values of one session that differ from run to run, numbered in the order in which they first occur: what is printed
/// twice has to come out twice.
/// </summary>
sealed partial class RunValues
{
    readonly Dictionary<string, int> numbers = [];

    public string Masked(string text) => Value().Replace(text.Trim(), match =>
    {
        if (!numbers.TryGetValue(match.Value, out var number)) numbers.Add(match.Value, number = numbers.Count + 1);
        return $"<{match.Groups.Values.Skip(1).Single(group => group.Success).Name} {number}>";
    });

    [GeneratedRegex(
        "(?<time>[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.]+Z)"
        + @"|(?<id>[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}|\b[0-9a-f]{32}\b)"
        + "|(?<hash>[A-Za-z0-9+/]{43,}=+)"
        + "|(?<=\"silent_seconds\":)(?<seconds>[0-9]+)")]
    private static partial Regex Value();
}
