using System.CommandLine;
using System.CommandLine.Help;
using Stet.Client.AuditLog.CommandLine;
using Stet.Client.Pcs;

namespace Stet.CommandLine;

/// <summary><c>stet agent</c>: makes PCS documents out of events and delivers them. Touches no database.</summary>
static class AgentCommand
{
    public const int Done = 0;
    public const int Unusable = 1;
    public const int SomeDead = 2;
    public const int SomePending = 3;
    const int Interrupted = 130;

    const string Example = """
        Example:
          export STET_PCS_KEY=...   # the secret that was registered with PUT /v1/pcs/keys/KID
          stet agent run --source events.csv --shard-id room-17 --epoch-seconds 60 \
            --url https://stet.example --tenant 22222222-2222-4222-8222-222222222222

        Exit codes:
          0 everything delivered; 1 usage, or an outbox or a file that cannot be used; 2 some documents died;
          3 some are pending; 130 interrupted. `stet agent outbox list` says which and why, `status` also of earlier runs.

        """;

    public static Command Create(TimeProvider clock)
    {
        var command = new Command("agent", "Make PCS documents out of events, keep them in an outbox, deliver them")
        {
            AgentBuildCommand.Create(clock), AgentSendCommand.Create(clock), AgentRunCommand.Create(clock),
            AgentOutboxCommand.Create(clock),
        };
        command.Options.Add(new HelpOption { Action = new HelpWithExample(Example), Recursive = false });
        return command;
    }

    /// <summary>Runs a verb; what its user can put right is a line on standard error and exit code 1.</summary>
    public static async Task<int> TryAsync(ParseResult arguments, Func<Task<int>> verb, CancellationToken cancel)
    {
        var error = arguments.InvocationConfiguration.Error;
        try
        {
            if (Surplus.First(arguments) is { } surplus)
                throw new AgentException($"`{surplus}` is no option of this command; see `{StetCommand.PathOf(arguments.CommandResult)} --help`.");

            return await verb();
        }
        catch (AgentException e)
        {
            await error.WriteLineAsync(TerminalText.Of(e.Message));
            return Unusable;
        }
        catch (OperationCanceledException) when (cancel.IsCancellationRequested)
        {
            await error.WriteLineAsync("Stopped before it was done.");
            return Interrupted;
        }
    }

    /// <summary>Opens an outbox to be written, and says so if a torn end had to be cut off.</summary>
    public static Outbox OpenOutbox(ParseResult arguments, string path, TimeProvider clock)
    {
        var outbox = Outbox.Open(path, clock);
        if (outbox.TornBytes > 0)
            arguments.InvocationConfiguration.Error.WriteLine(
                $"The last {outbox.TornBytes} bytes of `{path}` were a torn record and have been cut off, at byte {outbox.Counts.Bytes}.");
        return outbox;
    }
}
