using System.CommandLine;
using Stet.Client.Pcs;

namespace Stet.CommandLine;

/// <summary><c>stet agent run</c>: follows a file of events and delivers a document for each of its epochs.</summary>
static class AgentRunCommand
{
    static readonly Option<string> Source = new("--source")
    {
        Description = "The file to follow: CSV whose first line names timestamp, x, y and z; or JSON lines (.jsonl)",
        Required = true,
        HelpName = "F",
    };

    static readonly Option<long?> EpochSeconds = new("--epoch-seconds")
    {
        Description = "Length of an epoch: that of a row is its timestamp divided by this, rounded down",
        HelpName = "N",
    };

    static readonly Option<int?> EpochRows = new("--epoch-rows") { Description = "Rows of an epoch; epochs count from 1", HelpName = "N" };

    static readonly Option<double?> IdleSeconds = new("--idle-seconds")
    {
        Description = "An epoch also ends when no row has come for so long; without it, it waits",
        HelpName = "N",
    };

    public static Command Create(TimeProvider clock)
    {
        var command = new Command("run", "Follow a file of events and deliver a document for each epoch, until Ctrl+C or SIGTERM")
        {
            Source, EpochSeconds, EpochRows, IdleSeconds, Surplus.Argument,
        };
        foreach (var option in AgentOptions.OfPlan.Concat(AgentOptions.OfDelivery)) command.Options.Add(option);
        command.SetAction((arguments, cancel) => AgentCommand.TryAsync(arguments, () => RunAsync(arguments, clock, cancel), cancel));
        return command;
    }

    static async Task<int> RunAsync(ParseResult arguments, TimeProvider clock, CancellationToken cancel)
    {
        var plan = AgentOptions.Plan(arguments);
        var rule = Rule(arguments);
        var (endpoint, client) = AgentOptions.Endpoint(arguments, clock);
        using var _ = client;
        await using var outbox = AgentCommand.OpenOutbox(arguments, arguments.GetValue(AgentOptions.Outbox)!, clock);
        await outbox.CompactIfWorthwhileAsync(cancel);

        var configuration = arguments.InvocationConfiguration;
        var report = new AgentReport(configuration.Output, configuration.Error);
        using var line = new ProgressLine(clock);
        var agent = new ShardAgent(outbox, plan, rule, clock, () => endpoint.ClockSkew);
        var sender = new PcsSender(outbox, endpoint, clock, Random.Shared);

        // What ends one of them ends the other.
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        var following = agent.FollowAsync(arguments.GetValue(Source)!, new Following(line, outbox), stop.Token);
        var sending = sender.RunAsync(report, stop.Token);
        await Task.WhenAny(following, sending);
        await stop.CancelAsync();
        await Task.WhenAll(following, sending);
        return report.ExitCode(outbox.Counts);
    }

    static EpochRule Rule(ParseResult arguments)
    {
        var seconds = arguments.GetValue(IdleSeconds);
        if (seconds is not (null or > 0 and <= 1e6)) throw new AgentException("`--idle-seconds` must be above 0.");

        TimeSpan? idle = seconds is null ? null : TimeSpan.FromSeconds(seconds.Value);
        return (arguments.GetValue(EpochSeconds), arguments.GetValue(EpochRows)) switch
        {
            ({ } length, null) => EpochRule.BySeconds(length, idle),
            (null, { } rows) => EpochRule.ByRows(rows, idle),
            _ => throw new AgentException("Say when an epoch ends: either --epoch-seconds or --epoch-rows."),
        };
    }

    sealed class Following(ProgressLine line, Outbox outbox) : IProgress<AgentProgress>
    {
        public void Report(AgentProgress value)
        {
            var counts = outbox.Counts;
            line.Show($"{value.Rows} rows, {value.Epochs} epochs, {value.LateRows} late rows; {counts.Pending} pending, {counts.Dead} dead");
        }
    }
}
