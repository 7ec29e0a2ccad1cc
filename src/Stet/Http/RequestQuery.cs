using System.Globalization;
using Microsoft.Extensions.Primitives;

namespace Stet.Http;

/// <summary>Reads query parameters; a malformed one is a 400 that names it.</summary>
public readonly struct RequestQuery(IQueryCollection query)
{
    /// <summary>A text of 1 to 200 characters that must be there.</summary>
    public string Text(string name) =>
        Optional(name) ?? throw Bad(name, "is required, 1 to 200 characters");

    /// <summary>A text of 1 to <paramref name="most"/> characters, or null.</summary>
    public string? Optional(string name, int most = 200)
    {
        if (!query.TryGetValue(name, out var values)) return null;
        var text = Single(name, values);
        return text.Length > 0 && text.Length <= most && !text.Contains('\0') ? text : throw Bad(name, $"must have 1 to {most} characters, without U+0000");
    }

    /// <summary>A list: repeated, comma-separated or both; null when it is missing.</summary>
    public string[]? List(string name)
    {
        if (!query.TryGetValue(name, out var values)) return null;
        var list = values.SelectMany(v => v!.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)).ToArray();
        return list.Length <= 100 && list.All(v => v.Length <= 200 && !v.Contains('\0'))
            ? list
            : throw Bad(name, "may hold at most 100 texts of at most 200 characters, without U+0000");
    }

    /// <summary>Whether a comma-separated list can name a text.</summary>
    public static bool CanList(string text) => !text.Contains(',') && text.Trim() == text;

    /// <summary>True or false, which a missing one is.</summary>
    public bool Flag(string name) => query.TryGetValue(name, out var values) && Single(name, values) switch
    {
        "true" => true,
        "false" => false,
        _ => throw Bad(name, "must be true or false"),
    };

    /// <summary>A whole number within bounds, or null.</summary>
    public long? Number(string name, long least, long most)
    {
        if (!query.TryGetValue(name, out var values)) return null;
        return TryNumber(Single(name, values), out var number)
            && number >= least && number <= most
                ? number
                : throw Bad(name, $"must be a whole number from {least} to {most}");
    }

    /// <summary>One of a few words, or the first.</summary>
    public string OneOf(string name, params ReadOnlySpan<string> words)
    {
        if (!query.TryGetValue(name, out var values)) return words[0];
        var word = Single(name, values);
        return words.Contains(word) ? word : throw Bad(name, $"must be one of: {string.Join(", ", words.ToArray().Where(known => known.Length > 0))}");
    }

    /// <summary>A position of the log or a time; both null when the parameter is missing.</summary>
    public (long? Position, DateTimeOffset? Time) PositionOrTime(string name)
    {
        if (!query.TryGetValue(name, out var values)) return default;
        var text = Single(name, values);
        if (TryNumber(text, out var position)) return (position, null);
        return UtcTimeConverter.TryParse(text, out var time)
            ? (null, time)
            : throw Bad(name, "must be a position (a whole number) or an RFC 3339 time with an offset (with `+` written as `%2B`)");
    }

    public static BadRequestException Bad(string name, string message) => new(RequestProblems.Invalid(name, message));

    /// <summary>A number has one spelling. The framework's own parser would also take leading zeros, and U+0000 at the end.</summary>
    static bool TryNumber(string text, out long number)
    {
        number = 0;
        return text is ['0'] or [>= '1' and <= '9', ..] && !text.AsSpan().ContainsAnyExceptInRange('0', '9')
            && long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out number);
    }

    static string Single(string name, StringValues values) =>
        values.Count == 1 ? values[0]! : throw Bad(name, "may be given once");
}
