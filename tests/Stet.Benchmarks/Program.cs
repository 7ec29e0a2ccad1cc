using System.CommandLine;
using Stet.Benchmarks;

var connection = new Option<string>("--connection") { Description = "A database with the schema in place", Required = true };
var tenant = new Option<string>("--tenant") { Description = "Whose log, a UUID", Required = true };
var callers = new Option<int>("--callers") { Description = "Callers that each wait for their answer", Required = true };
var seconds = new Option<double>("--seconds") { Description = "Seconds to measure", Required = true };
var warmUp = new Option<double>("--warm-up") { Description = "Seconds before that", DefaultValueFactory = _ => 2 };
var fields = new Option<int>("--fields")
{
    Description = "Correct a random one of these many filled fields; default: a new field each time",
};

var tenants = new Option<int>("--tenants")
{
    Description = "Spread the commands over this many tenants; they are made when they are missing",
    DefaultValueFactory = _ => 1,
};

var withoutLog = new Option<bool>("--without-audit-log") { Description = "Append without leaves, as if there were no audit log" };

var root = new RootCommand("Corrections as fast as callers in the store's own process can have them recorded.")
{
    connection, tenant, tenants, callers, seconds, warmUp, fields, withoutLog,
};
root.SetAction(async (arguments, cancel) =>
{
    await using var benchmark = await CommandBenchmark.OpenAsync(
        arguments.GetValue(connection)!, arguments.GetValue(tenant)!, arguments.GetValue(tenants), arguments.GetValue(fields),
        !arguments.GetValue(withoutLog), cancel);

    var warmedUp = await benchmark.RunAsync(
        arguments.GetValue(callers), TimeSpan.FromSeconds(arguments.GetValue(warmUp)), cancel);
    var measured = await benchmark.RunAsync(
        arguments.GetValue(callers), TimeSpan.FromSeconds(arguments.GetValue(seconds)), cancel);

    Console.WriteLine($"{measured}\t{warmedUp.Sorted.Length + measured.Sorted.Length}");
});
root.Subcommands.Add(LeafBenchmark.Command());

var complete = new Command("complete", "Make the leaves of events that were filled in by hand.") { connection };
complete.SetAction((arguments, cancel) => CommandBenchmark.CompleteAsync(arguments.GetValue(connection)!, cancel));
root.Subcommands.Add(complete);
root.Add(PcsBenchmark.Command());
root.Add(PcsBenchmark.DocumentsCommand());
root.Add(PolicyBenchmark.Command());
return await root.Parse(args).InvokeAsync();
