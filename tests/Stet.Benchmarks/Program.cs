using System.CommandLine;
using System.Globalization;
using Stet.Benchmarks;

var connection = new Option<string>("--connection") { Description = "A database with the schema in place", Required = true };
var tenant = new Option<string>("--tenant") { Description = "Whose log, a UUID", Required = true };
// One process for many runs: a young one spends more on compiling than on commands.
var commands = new Command(
    "commands",
    "Corrections as fast as callers in the store's own process can have them recorded. Each line of the input asks for a run, "
    + "tab-separated: connection, log or plain (without leaves, as if there were no audit log), tenants over which the commands are "
    + "spread, callers, filled fields of which each command corrects a random one (0: a new one each time), seconds of warm-up, seconds.")
{
    tenant,
};
commands.SetAction(async (arguments, cancel) =>
{
    while (await Console.In.ReadLineAsync(cancel) is { } line)
    {
        var asked = line.Split('\t');
        var numbers = asked[2..].Select(number => int.Parse(number, CultureInfo.InvariantCulture)).ToArray();
        await using var benchmark = await CommandBenchmark.OpenAsync(
            asked[0], arguments.GetValue(tenant)!, numbers[0], numbers[2], asked[1] == "log", cancel);

        var warmedUp = await benchmark.RunAsync(numbers[1], TimeSpan.FromSeconds(numbers[3]), cancel);
        var measured = await benchmark.RunAsync(numbers[1], TimeSpan.FromSeconds(numbers[4]), cancel);
        Console.WriteLine($"{measured}\t{warmedUp.Sorted.Length + measured.Sorted.Length}");
    }
});

var root = new RootCommand("What bench.sh measures in process.") { commands };
root.Subcommands.Add(LeafBenchmark.Command());

var complete = new Command("complete", "Make the leaves of events that were filled in by hand.") { connection };
complete.SetAction((arguments, cancel) => CommandBenchmark.CompleteAsync(arguments.GetValue(connection)!, cancel));
root.Subcommands.Add(complete);
root.Add(PcsBenchmark.Command());
root.Add(PcsBenchmark.DocumentsCommand());
root.Add(PolicyBenchmark.Command());
return await root.Parse(args).InvokeAsync();
