using System.CommandLine;
using Npgsql;
using Stet.EventStore;

namespace Stet.CommandLine;

/// <summary><c>stet projections list | rebuild</c>: read models made again, beside a running service.</summary>
static class ProjectionsCommand
{
    static readonly Argument<string?> Name = new("name")
    {
        Description = "What to rebuild, as `stet projections list` names it",
        Arity = ArgumentArity.ZeroOrOne,
    };

    static readonly Option<bool> All = new("--all") { Description = "Rebuild everything, one after the other" };

    static readonly Option<bool> Compare = new("--compare")
    {
        Description = "Only say how the live tables differ from the log; exit 1 if they do",
    };

    public static Command Create()
    {
        var list = new Command("list", "Name what can be rebuilt, and its tables");
        list.SetAction(_ =>
        {
            foreach (var target in Targets(StetApplication.Contexts()))
            {
                var kind = target.IsSnapshot ? "snapshots" : "projection";
                Console.WriteLine($"{target.Name,-24} {kind,-12} {string.Join(", ", target.Tables)}");
            }
        });

        var rebuild = new Command("rebuild", "Make read models again from the log, compare them, and put them in place")
        {
            Name, All, Compare,
        };
        rebuild.Validators.Add(result =>
        {
            if (result.GetValue(All) == result.GetValue(Name) is not null)
                result.AddError("Name one projection (see `stet projections list`), or say --all.");
        });
        rebuild.SetAction((arguments, cancel) => Database.UseAsync(
            arguments, (connectionString, _) => RebuildAsync(arguments, connectionString, cancel), cancel,
            attach: true));

        return new Command("projections", "Read models and snapshots") { list, rebuild };
    }

    static async Task<int> RebuildAsync(ParseResult arguments, string connectionString, CancellationToken cancel)
    {
        var contexts = StetApplication.Contexts();
        var name = arguments.GetValue(Name);
        RebuildTarget[] targets = [.. Targets(contexts).Where(t => name is null || t.Name == name)];
        if (targets.Length == 0) return await FailAsync($"There is no `{name}`; see `stet projections list`.");

        var differences = await new SchemaMigrator(connectionString, StetApplication.Schema).AssertAsync(cancel);
        if (differences.Count > 0)
            return await FailAsync($"The schema is not this version's: {string.Join("; ", differences)}");

        var rebuild = new ProjectionRebuild(connectionString, contexts.Catalog);
        var compareOnly = arguments.GetValue(Compare);
        var differs = false;
        foreach (var target in targets)
        {
            try
            {
                RebuildReport report;
                using (var line = new ProgressLine(TimeProvider.System))
                    report = await rebuild.RunAsync(target, compareOnly, new Progress(line), cancel);
                Print(report);
                differs |= report.Differences.Count > 0;
            }
            catch (RebuildException e)
            {
                return await FailAsync($"{target.Name} was left as it is: {e.Message}");
            }
            catch (NpgsqlException)
            {
                await Console.Error.WriteLineAsync($"The rebuild of {target.Name} broke off; run it again:");
                throw;
            }
            catch (OperationCanceledException)
            {
                return await FailAsync($"Interrupted; {target.Name} was left as it is.");
            }
        }

        return compareOnly && differs ? 1 : 0;
    }

    static IEnumerable<RebuildTarget> Targets(ContextCatalog contexts) =>
        contexts.Projections.Select(RebuildTarget.Of)
            .Concat(contexts.States.Where(s => s.SnapshotTable is not null).Select(RebuildTarget.Of));

    static void Print(RebuildReport report)
    {
        foreach (var difference in report.Differences)
        {
            var kind = difference.Kind switch
            {
                DifferenceKind.Changed => "with other values",
                DifferenceKind.OnlyLive => "that the log does not lead to",
                _ => "missing",
            };
            Console.WriteLine($"{report.Name}: {difference.Table}: {difference.Rows} rows {kind}, such as");
            foreach (var key in difference.Examples) Console.WriteLine($"    {key}");
        }

        var found = report.Differences.Count == 0 ? "the live tables were right" : "the live tables were wrong";
        var done = report.Switched ? "; the rebuilt ones are in place" : "";
        Console.WriteLine($"{report.Name}: {report.Events} events replayed, {found}{done}");
    }

    static async Task<int> FailAsync(string message)
    {
        await Console.Error.WriteLineAsync(message);
        return 1;
    }

    sealed class Progress(ProgressLine line) : IProgress<RebuildProgress>
    {
        public void Report(RebuildProgress value) =>
            line.Show($"{value.Name}: {value.Done} of {value.Total} events, {value.PerSecond:0} a second");
    }
}
