using System.CommandLine;

namespace Stet.Client.AuditLog.CommandLine;

/// <summary><c>stet audit</c>: what anybody does with a log from outside. Exit codes are those of <see cref="AuditOutcome"/>.</summary>
public static class AuditCommand
{
    /// <summary>Ended by Ctrl+C or SIGTERM before it was done.</summary>
    internal const int Interrupted = 130;

    /// <summary>The command with <c>verify</c>, <c>proof</c>, <c>export</c> and <c>watch</c>.</summary>
    /// <param name="clock">Paces, and says how old a cosignature is.</param>
    /// <remarks>
    /// A wrong call is exit code 2, so that the verbs read their options themselves: the command line's own parser
    /// would answer 1, which here says that something was refuted. Parse with
    /// <see cref="ParserConfiguration.ResponseFileTokenReplacer"/> null: <c>@FILE</c> names a file of keys here.
    /// </remarks>
    public static Command Create(TimeProvider clock)
    {
        var surplus = Surplus();
        var command = new Command("audit", "Verify a log: signatures, tree, entries, proofs, payloads")
        {
            VerifyCommand.Create(clock), ProofCommand.Create(), ExportCommand.Create(), WatchCommand.Create(clock), surplus,
        };
        command.SetAction(async (arguments, _) =>
        {
            var problem = arguments.GetValue(surplus) is [var first, ..] ? $"`{first}` is not understood" : "Name what to do";
            await arguments.InvocationConfiguration.Error.WriteLineAsync($"{problem}; see `stet audit --help`.");
            return (int)AuditOutcome.Usage;
        });
        return command;
    }

    /// <summary>A verb whose failures are exit codes and one line on standard error.</summary>
    internal static Command Verb(string name, string description, IEnumerable<Option> options, Func<ParseResult, CancellationToken, Task<AuditOutcome>> run)
    {
        var surplus = Surplus();
        var command = new Command(name, description) { surplus };
        foreach (var option in options) command.Options.Add(option);
        command.SetAction(async (arguments, cancel) =>
        {
            try
            {
                if (arguments.GetValue(surplus) is [var first, ..])
                    throw AuditException.Usage($"`{first}` is no option of this command; see `stet audit {name} --help`.");

                return (int)await run(arguments, cancel);
            }
            catch (AuditException e)
            {
                await arguments.InvocationConfiguration.Error.WriteLineAsync(TerminalText.Of(e.Message));
                return (int)e.Outcome;
            }
            catch (OperationCanceledException) when (cancel.IsCancellationRequested)
            {
                await arguments.InvocationConfiguration.Error.WriteLineAsync("Stopped before it was done.");
                return Interrupted;
            }
        });
        return command;
    }

    /// <summary>Takes what no option takes: the parser's own complaint would end with 1.</summary>
    static Argument<string[]> Surplus() => new("surplus") { Hidden = true, Arity = ArgumentArity.ZeroOrMore };
}
