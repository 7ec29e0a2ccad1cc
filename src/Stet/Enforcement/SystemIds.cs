using Stet.Http;

namespace Stet.Enforcement;

/// <summary>The names of systems.</summary>
static class SystemIds
{
    public const string Rule = "is required: 1 to 200 characters, not `.` or `..`, no slash and no control character";

    // A slash could not be told from one between the segments of a path, and dots would name another path.
    public static bool IsValid(string? text) =>
        text is { Length: >= 1 and <= 200 } and not ("." or "..") && !text.Any(c => c == '/' || char.IsControl(c));

    /// <exception cref="BadRequestException">The text is not a system's name.</exception>
    public static void Check(string text, string name)
    {
        if (!IsValid(text)) throw RequestQuery.Bad(name, Rule);
    }
}
