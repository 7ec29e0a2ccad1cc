using System.CommandLine;
using Stet.Client.AuditLog.CommandLine;

namespace Stet.CommandLine;

/// <summary><c>stet policy</c>: policies as files, and what a service makes of them.</summary>
static class PolicyCommand
{
    /// <summary>Nothing is wrong, or nothing differs.</summary>
    public const int Sound = 0;

    /// <summary>Findings, failed tests, differences.</summary>
    public const int Findings = 1;

    /// <summary>The command was called wrongly, a file cannot be read, or the service did not take part.</summary>
    public const int Unusable = 2;

    const int Interrupted = 130;

    /// <summary>The files that a verb reads.</summary>
    public static Argument<string[]> Paths => new("PATH")
    {
        Description = "Files, or folders with all below them; the current folder if none is named",
        Arity = ArgumentArity.ZeroOrMore,
    };

    public static Command Create()
    {
        var command = new Command("policy", "Policies as files: check, format, test, compare")
        {
            PolicyInitCommand.Create(), PolicyCheckCommand.Create(), PolicyFormatCommand.Create(), PolicyTestCommand.Create(),
            PolicyDiffCommand.Create(), PolicyReplayCommand.Create(), Surplus.Argument,
        };

        // Without a verb: the parser would end with 1.
        command.SetAction(async (arguments, cancel) =>
        {
            var problem = Surplus.First(arguments) is { } surplus ? $"`{surplus}` is not understood" : "Name what to do";
            await arguments.InvocationConfiguration.Error.WriteLineAsync($"{problem}; see `stet policy --help`.".AsMemory(), cancel);
            return Unusable;
        });
        return command;
    }

    /// <summary>A verb whose failures are exit codes: wrong calls, too, which the parser would end with 1.</summary>
    public static Command Verb(
        string name, string description, string exitCodes, IEnumerable<Symbol> symbols, Func<ParseResult, CancellationToken, Task<int>> run)
    {
        var command = new Command(name, description);
        foreach (var symbol in symbols)
        {
            if (symbol is Option option) command.Options.Add(option);
            else command.Arguments.Add((Argument)symbol);
        }

        command.Arguments.Add(Surplus.Argument);
        command.SetAction(async (arguments, cancel) =>
        {
            try
            {
                if (Surplus.First(arguments) is { } surplus)
                    throw new PolicyCommandException($"`{surplus}` is not understood; see `stet policy {name} --help`.");

                // Ctrl+C is listened to once the command has returned its task, and files are read and evaluated without a pause.
                return await Task.Run(() => run(arguments, cancel), cancel);
            }
            catch (PolicyCommandException e)
            {
                await arguments.InvocationConfiguration.Error.WriteLineAsync(TerminalText.Of(e.Message));
                return Unusable;
            }
            catch (OperationCanceledException) when (cancel.IsCancellationRequested)
            {
                await arguments.InvocationConfiguration.Error.WriteLineAsync("Stopped before it was done.");
                return Interrupted;
            }
        });
        return command.WithExitCodes($"{exitCodes}; 130 interrupted");
    }

    /// <summary>The paths of a call.</summary>
    public static IReadOnlyList<string> PathsOf(this ParseResult arguments, Argument<string[]> argument) =>
        arguments.GetValue(argument) is [_, ..] paths ? paths : ["."];
}

/// <summary>A command cannot do what it is asked to. The message says why and what to do.</summary>
sealed class PolicyCommandException(string message, Exception? cause = null) : Exception(message, cause);
