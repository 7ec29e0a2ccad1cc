namespace Stet.Cedar;

/// <summary>
/// Lays out schemas in one way, 100 columns wide: what is formatted once stays as it is. Comments are kept, all of them,
/// and so is one blank line where there are some.
/// </summary>
public static class SchemaFormatter
{
    /// <summary>Lays out a text in the schema language. Names need not be declared.</summary>
    /// <param name="text">The schema.</param>
    /// <param name="limits">How large it may be.</param>
    /// <returns>The text, or the first mistake of syntax. No text causes an exception.</returns>
    public static Outcome<string> Format(string text, CedarLimits limits)
    {
        ArgumentNullException.ThrowIfNull(text);
        ArgumentNullException.ThrowIfNull(limits);

        return SchemaParser.Parse(text, limits).Failure is { } failure ? new(null, [failure]) : new(new SchemaLayout(text).Print(), []);
    }
}
