using System.CommandLine;
using System.Globalization;
using Stet.Client.AuditLog.CommandLine;
using Stet.Client.Pcs;

namespace Stet.CommandLine;

/// <summary><c>stet agent outbox</c>: shows what an outbox holds, revives dead letters, makes the file smaller.</summary>
static class AgentOutboxCommand
{
    static readonly Option<string?> State = new("--state")
    {
        Description = "Only those in a state",
        HelpName = "pending|dead|acked",
        Arity = ArgumentArity.ZeroOrOne,
    };

    static readonly Argument<string[]> Seqs = new("SEQ")
    {
        Description = "Numbers of dead letters, as `list` shows them",
        Arity = ArgumentArity.ZeroOrMore,
    };

    static readonly Option<bool> All = new("--all") { Description = "All dead letters" };

    public static Command Create(TimeProvider clock) => new("outbox", "Show an outbox, revive its dead letters, compact it")
    {
        Verb("status", "Count documents by state, beside a running agent; exit 2 if some are dead, 3 if some are pending", [], StatusAsync),
        Verb("list", "List documents and what became of them, beside a running agent", [State], (arguments, cancel) =>
            ListAsync(arguments, StateOf(arguments), cancel)),
        Verb("dead", "List dead letters and why they died: `list --state dead`", [], (arguments, cancel) =>
            ListAsync(arguments, OutboxState.Dead, cancel)),
        Retry(clock),
        Verb("compact", "Rewrite the file without what was delivered more than 14 days ago", [], (arguments, cancel) =>
            CompactAsync(arguments, clock, cancel)),
    };

    static Command Retry(TimeProvider clock)
    {
        var retry = Verb("retry", "Make dead letters pending again; `send` and `run` deliver them", [All], (arguments, cancel) =>
            RetryAsync(arguments, clock, cancel), Seqs);
        retry.Aliases.Add("replay");
        return retry;
    }

    static Command Verb(
        string name, string description, IEnumerable<Option> options, Func<ParseResult, CancellationToken, Task<int>> run,
        Argument? argument = null)
    {
        var command = new Command(name, description) { AgentOptions.Outbox, argument ?? Surplus.Argument };
        foreach (var option in options) command.Options.Add(option);
        command.SetAction((arguments, cancel) => AgentCommand.TryAsync(arguments, () => run(arguments, cancel), cancel));
        return command;
    }

    static async Task<int> StatusAsync(ParseResult arguments, CancellationToken cancel)
    {
        using var listing = OutboxListing.Read(AgentOptions.ExistingOutbox(arguments), cancel);
        var (output, counts) = (arguments.InvocationConfiguration.Output, listing.Counts);
        await output.WriteLineAsync($"{counts.Pending} pending, {counts.Dead} dead, {counts.Acked} delivered; {counts.Bytes} bytes");
        foreach (var checkpoint in listing.Checkpoints)
            await output.WriteLineAsync(TerminalText.Of($"{checkpoint.Source}: up to epoch {checkpoint.Epoch}, byte {checkpoint.Offset}"));

        return counts.Dead > 0 ? AgentCommand.SomeDead : counts.Pending > 0 ? AgentCommand.SomePending : AgentCommand.Done;
    }

    static async Task<int> ListAsync(ParseResult arguments, OutboxState? state, CancellationToken cancel)
    {
        using var listing = OutboxListing.Read(AgentOptions.ExistingOutbox(arguments), cancel);
        foreach (var entry in listing.Entries(state))
        {
            cancel.ThrowIfCancellationRequested();
            await arguments.InvocationConfiguration.Output.WriteLineAsync(TerminalText.Of(Describe(entry)));
        }

        return AgentCommand.Done;
    }

    static OutboxState? StateOf(ParseResult arguments) => arguments.GetResult(State) is null ? null : arguments.GetValue(State) switch
    {
        "pending" => OutboxState.Pending,
        "dead" => OutboxState.Dead,
        "acked" => OutboxState.Acked,
        _ => throw new AgentException("`--state` must be `pending`, `dead` or `acked`."),
    };

    static long SeqOf(string text) => long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var seq)
        ? seq
        : throw new AgentException($"`{text}` is no number of a dead letter: `stet agent outbox dead` shows them.");

    static async Task<int> RetryAsync(ParseResult arguments, TimeProvider clock, CancellationToken cancel)
    {
        var (seqs, all) = ((arguments.GetValue(Seqs) ?? []).Select(SeqOf).ToArray(), arguments.GetValue(All));
        if (all == seqs.Length > 0) throw new AgentException("Name dead letters by their numbers, or all of them with --all.");

        await using var outbox = AgentCommand.OpenOutbox(arguments, AgentOptions.ExistingOutbox(arguments), clock);
        var count = await outbox.RetryAsync(all ? null : seqs, cancel);
        await arguments.InvocationConfiguration.Output.WriteLineAsync($"{count} pending again; `stet agent send` delivers them");
        return AgentCommand.Done;
    }

    static async Task<int> CompactAsync(ParseResult arguments, TimeProvider clock, CancellationToken cancel)
    {
        await using var outbox = AgentCommand.OpenOutbox(arguments, AgentOptions.ExistingOutbox(arguments), clock);
        var before = outbox.Counts.Bytes;
        await outbox.CompactAsync(cancel);
        await arguments.InvocationConfiguration.Output.WriteLineAsync($"{before} bytes before, {outbox.Counts.Bytes} now");
        return AgentCommand.Done;
    }

    static string Describe(OutboxEntry entry) => string.Join(' ', new[]
    {
        $"{entry.Seq}", entry.State.ToString().ToLowerInvariant(), entry.PcsId ?? "-", entry.ShardId ?? "-", $"{entry.Epoch}",
        $"{entry.EnqueuedAt:yyyy-MM-ddTHH:mm:ssZ}", $"{entry.Status}", entry.Outcome, entry.Code,
        entry.Position is { } position ? $"position {position}" : null,
        entry.Attempts is { } attempts ? $"after {attempts} attempts" : null,
        entry.Detail is { } detail ? $"({detail})" : null,
    }.Where(part => !string.IsNullOrEmpty(part)));
}
