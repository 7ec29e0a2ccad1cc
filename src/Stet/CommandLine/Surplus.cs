using System.CommandLine;

namespace Stet.CommandLine;

/// <summary>
/// Takes what no option of a command takes, so that the command says so in its own words and with its own exit code: the
/// parser's complaint would end with 1, and the help.
/// </summary>
static class Surplus
{
    /// <summary>For commands without arguments. Help does not show it.</summary>
    public static Argument<string[]> Argument { get; } = new("surplus") { Hidden = true, Arity = ArgumentArity.ZeroOrMore };

    /// <summary>The first of it; null: there is none.</summary>
    public static string? First(ParseResult arguments) => arguments.GetResult(Argument) is { Tokens: [var first, ..] } ? first.Value : null;
}
