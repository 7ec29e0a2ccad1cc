using System.CommandLine;
using Stet.Client.Pcs;
using Stet.Pcs;

namespace Stet.CommandLine;

/// <summary><c>stet agent build</c>: the document of one epoch out of a file of rows.</summary>
static class AgentBuildCommand
{
    // What the existing command line writes, so that its golden documents come out the same.
    const string SentAtOfV01 = "2025-01-19T12:00:00Z";

    static readonly Option<string> In = new("--in")
    {
        Description = "CSV whose first line names timestamp, x, y and z; or JSON lines (.jsonl)",
        Required = true,
        HelpName = "F",
    };

    static readonly Option<string?> Out = new("--out") { Description = "Where the document goes; standard output, if not said", HelpName = "F" };

    static readonly Option<string?> Secret = new("--key")
    {
        Description = "The shared secret itself, as existing agents take it; others on this machine can see it: better --key-file or STET_PCS_KEY",
        HelpName = "SECRET",
    };

    static readonly Option<long> Epoch = new("--epoch") { Description = "Which epoch, from 0", DefaultValueFactory = _ => 1, HelpName = "N" };

    static readonly Option<string?> SentAt = new("--sent-at")
    {
        Description = $"Time of RFC 3339; {SentAtOfV01} for 0.1 and now for 1.0, if not said",
        HelpName = "TIME",
    };

    public static Command Create(TimeProvider clock)
    {
        var command = new Command("build", "Make the signed document of an epoch out of a file of rows") { In, Out, Secret, Epoch, SentAt, Surplus.Argument };
        foreach (var option in AgentOptions.OfPlan) command.Options.Add(option);
        command.SetAction((arguments, cancel) => AgentCommand.TryAsync(arguments, () => RunAsync(arguments, clock, cancel), cancel));
        return command;
    }

    static async Task<int> RunAsync(ParseResult arguments, TimeProvider clock, CancellationToken cancel)
    {
        var plan = AgentOptions.Plan(arguments, arguments.GetValue(Secret));
        var sentAt = arguments.GetValue(SentAt)
            ?? (plan.Version == PcsVersion.V01 ? SentAtOfV01 : PcsPlan.SentAt(clock.GetUtcNow()));
        var builder = new EpochBuilder(plan);
        var document = await Task.Run(() => Build(builder, arguments, sentAt, clock, cancel), cancel);
        var json = plan.Key.Sign(document).ToJson();

        if (arguments.GetValue(Out) is not { } file)
        {
            await arguments.InvocationConfiguration.Output.WriteLineAsync(System.Text.Encoding.UTF8.GetString(json));
            return AgentCommand.Done;
        }

        try
        {
            await File.WriteAllBytesAsync(file, [.. json, (byte)'\n'], cancel);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new AgentException($"`{file}` cannot be written: {e.Message}", e);
        }

        await arguments.InvocationConfiguration.Output.WriteLineAsync(
            $"{document.PcsId}: {builder.Rows} rows, D̂ {document.DHat}, coh★ {document.CohStar}, r {document.R}, {document.Regime.Name()}, budget {document.Budget}");
        return AgentCommand.Done;
    }

    static PcsDocument Build(
        EpochBuilder builder, ParseResult arguments, string sentAt, TimeProvider clock, CancellationToken cancel)
    {
        using var progress = new ProgressLine(clock);
        using var source = EventSource.Open(arguments.GetValue(In)!);
        while (source.TryRead(out var row, isWhole: true))
        {
            builder.Add(row);
            if (builder.Rows % 4096 != 0) continue;
            cancel.ThrowIfCancellationRequested();
            progress.Show($"{builder.Rows} rows");
        }

        var directions = new Directions(progress, builder.Rows);
        return builder.Finish(arguments.GetValue(Epoch), sentAt, directions: directions, cancel: cancel);
    }

    sealed class Directions(ProgressLine line, int rows) : IProgress<int>
    {
        public void Report(int value) => line.Show($"{rows} rows, coherence in {value} of {Coherence.DefaultDirections} directions");
    }
}
