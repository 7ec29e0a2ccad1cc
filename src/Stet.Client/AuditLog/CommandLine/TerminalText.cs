namespace Stet.Client.AuditLog.CommandLine;

/// <summary>Text that comes from a server or a file, as a terminal may get it.</summary>
public static class TerminalText
{
    // Unicode's bidirectional formatting characters, and its separators of lines and paragraphs.
    const string Formatting = "\u061C\u200E\u200F\u2028\u2029\u202A\u202B\u202C\u202D\u202E\u2066\u2067\u2068\u2069";

    /// <summary>The text, a single line, with U+FFFD in place of each control and formatting character.</summary>
    public static string Of(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        return string.Concat(text.Select(c => char.IsControl(c) || Formatting.Contains(c, StringComparison.Ordinal) ? '\uFFFD' : c));
    }
}
