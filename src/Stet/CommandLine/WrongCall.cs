using System.CommandLine;
using System.CommandLine.Invocation;
using System.CommandLine.Parsing;
using Stet.Client.AuditLog.CommandLine;

namespace Stet.CommandLine;

/// <summary>Says in a line what the parser did not understand; the parser itself would print the help, and end with 1.</summary>
static class WrongCall
{
    /// <summary>What is wrong, and where to read more; null: nothing is.</summary>
    public static string? Of(ParseResult arguments)
    {
        var command = arguments.CommandResult;
        if (arguments.Action is not ParseErrorAction && arguments.Action != command.Command.Action) return null; // help

        // What looks like an option is none that the command has, though an argument may have taken it. Behind `--` nothing is one.
        var names = arguments.Tokens.SkipWhile(token => token.Type != TokenType.DoubleDash).Select(token => token.Value).ToHashSet();
        var options = command.Tokens.Select(token => token.Value).Concat(arguments.UnmatchedTokens)
            .Where(text => text.StartsWith('-') && !names.Contains(text));
        var problem = (options.FirstOrDefault(), arguments.UnmatchedTokens, arguments.Errors) switch
        {
            ({ } option, _, _) => $"`{option}` is no option of this command",
            (_, [var first, ..], _) => $"`{first}` is not understood",
            (_, _, [var error, ..]) => Told(error),
            _ => null,
        };
        return problem is null ? null : TerminalText.Of($"{problem}; see `{StetCommand.PathOf(command)} --help`.");
    }

    static string Told(ParseError error) => error.SymbolResult is OptionResult { Option: { } option, Tokens: [.., var given] } && error.Message.Contains("'System.", StringComparison.Ordinal)
        ? $"`{option.Name}` takes {Values(option.ValueType)}, not `{given.Value}`"
        : string.Join(' ', error.Message.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries)).TrimEnd('.');

    static string Values(Type type) => Type.GetTypeCode(Nullable.GetUnderlyingType(type) ?? type) switch
    {
        TypeCode.Int32 => $"a whole number from 0 to {int.MaxValue}",
        TypeCode.UInt32 => $"a whole number from 0 to {uint.MaxValue}",
        TypeCode.Int64 => $"a whole number from 0 to {long.MaxValue}",
        _ => "a number",
    };
}
