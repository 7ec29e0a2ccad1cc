using System.CommandLine;
using Stet.EventStore;

namespace Stet.CommandLine;

/// <summary><c>stet db apply | assert | dump</c>: the schema.</summary>
static class DbCommand
{
    public static Command Create()
    {
        var apply = new Command("apply", "Bring the database to this version's schema");
        apply.SetAction((arguments, cancel) => Database.UseAsync(arguments, async (connectionString, _) =>
        {
            var applied = await new SchemaMigrator(connectionString, StetApplication.Schema).ApplyAsync(cancel);
            foreach (var script in applied) Console.WriteLine($"applied {script}");
            Console.WriteLine($"the schema is at {StetApplication.Schema[^1].Name}");
            return 0;
        }, cancel, attach: true, create: true));

        var assert = new Command("assert", "Exit 0 if the database has this version's schema, else say how it differs and exit 1");
        assert.SetAction((arguments, cancel) => Database.UseAsync(arguments, async (connectionString, _) =>
        {
            var differences = await new SchemaMigrator(connectionString, StetApplication.Schema).AssertAsync(cancel);
            foreach (var difference in differences) await Console.Error.WriteLineAsync(difference);
            if (differences.Count == 0) Console.WriteLine($"the schema is at {StetApplication.Schema[^1].Name}");
            return differences.Count == 0 ? 0 : 1;
        }, cancel, attach: true));

        var dump = new Command("dump", "Write the whole schema as one SQL script to standard output");
        dump.SetAction(_ => Console.Write(new SchemaMigrator("", StetApplication.Schema).Dump()));

        return new Command("db", "The database schema")
        {
            apply.WithExitCodes("0 done; 1 could not be done; 2 usage"),
            assert.WithExitCodes("0 the database has this version's schema; 1 it differs, or cannot be asked; 2 usage"),
            dump,
        };
    }
}
