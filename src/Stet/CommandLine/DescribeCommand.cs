using System.CommandLine;
using System.Text.Json;

namespace Stet.CommandLine;

/// <summary><c>stet describe</c>: what this build consists of and how it is configured; touches no database.</summary>
static class DescribeCommand
{
    static readonly Option<bool> Json = new("--json") { Description = "As JSON" };

    public static Command Create()
    {
        var command = new Command("describe", "Contexts, events, read models, routes and the options in force, without secrets") { Json };
        command.SetAction(async (arguments, _) =>
        {
            try
            {
                var database = Database.ConnectionString(arguments) is { } connectionString
                    ? Database.WithoutPassword(connectionString)
                    : $"a private PostgreSQL in {Path.GetFullPath(Database.PrivateOptions(arguments).DataFolder)}";

                // It is not started, so that the name is never looked up.
                await using var app = RunCommand.Build("http://127.0.0.1:0", "Host=described.invalid", Database.PrivateOptions(arguments).DataFolder);
                var description = Description.Of(app, database);
                if (arguments.GetValue(Json)) Console.WriteLine(JsonSerializer.Serialize(description, DescriptionJson.Default.Description));
                else Write(description, Console.Out);
                return 0;
            }
            catch (Exception e) when (e is CannotStartException || ConfigurationTrouble.Of(e) is not null)
            {
                await Console.Error.WriteLineAsync(ConfigurationTrouble.Of(e) ?? e.Message);
                return 1;
            }
        });
        return command;
    }

    static void Write(Description description, TextWriter output)
    {
        output.WriteLine($"""
            Stet {description.Version} in {description.Environment}
            Database  {description.Database}
            Schema    {description.Schema}
            Settings  {(description.SettingsFiles is [] ? $"no appsettings.json in {Directory.GetCurrentDirectory()}" : string.Join(", ", description.SettingsFiles))}
            """);

        foreach (var context in description.Contexts)
        {
            output.WriteLine($"\n{context.Name}");
            foreach (var e in context.Events) output.WriteLine($"  event       {e.Name,-32} version {e.Version}, stored as {e.StoredName}");
            foreach (var state in context.States)
                output.WriteLine($"  state       {state.StreamType,-32} {HowKept(state)}");
            foreach (var projection in context.Projections)
                output.WriteLine($"  projection  {projection.Name,-32} tables {string.Join(", ", projection.Tables)}");
        }

        output.WriteLine("\nRoutes");
        foreach (var route in description.Routes)
            output.WriteLine($"  {route.Method,-6} {route.Path,-44} {route.Permission ?? "no credential",-18} {route.Summary}");

        output.WriteLine("\nOptions");
        foreach (var (key, value) in description.Options) output.WriteLine($"  {key,-44} {value ?? "not set"}");

        if (description.UnknownSettings.Count > 0) output.WriteLine();
        foreach (var unknown in description.UnknownSettings) output.WriteLine(unknown);

        if (description.Problem is { } problem) output.WriteLine($"\nWould not start: {problem}");
    }

    static string HowKept(StateDescription state) => state switch
    {
        { SnapshotTable: { } table } => $"kept in {table}",
        { IsLatest: true } => "told by the newest event",
        _ => "folded each time",
    };
}
