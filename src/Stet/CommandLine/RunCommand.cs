using System.CommandLine;
using Stet.EventStore;

namespace Stet.CommandLine;

/// <summary><c>stet run</c>: serves until it is told to stop.</summary>
static class RunCommand
{
    static readonly Option<string> Urls = new("--urls")
    {
        Description = "Where to listen", DefaultValueFactory = _ => Environment.GetEnvironmentVariable("ASPNETCORE_URLS") ?? "http://127.0.0.1:8080",
    };

    public static Command Create()
    {
        var command = new Command("run", "Serve over HTTP (the default)") { Urls };
        command.SetAction(RunAsync);
        return command;
    }

    public static Task<int> RunAsync(ParseResult arguments, CancellationToken cancel) =>
        Database.UseAsync(arguments, async (connectionString, isPrivate) =>
        {
            var applied = await new SchemaMigrator(connectionString, StetApplication.Schema).ApplyAsync(cancel);

            var url = arguments.GetValue(Urls)!;
            var builder = WebApplication.CreateSlimBuilder(new WebApplicationOptions { ApplicationName = "Stet" });
            builder.WebHost.UseUrls(url);
            await using var app = StetApplication.Build(builder, connectionString);
            await app.StartAsync(cancel);
            Announce(app, isPrivate, applied);
            await app.WaitForShutdownAsync(cancel);
            return 0;
        }, cancel);

    static void Announce(WebApplication app, bool isPrivate, IReadOnlyList<string> applied)
    {
        var url = app.Urls.First();
        if (applied.Count > 0) Console.WriteLine($"Schema:    {applied.Count} scripts applied, now at {applied[^1]}");
        Console.WriteLine($"Database:  {(isPrivate ? "a private PostgreSQL" : "the server of the connection string")}");
        Console.WriteLine($"Listening: {url}  (API description at {url}/openapi/v1.json, Ctrl+C stops)");
        if (!app.Environment.IsDevelopment()) return;

        Console.WriteLine($$"""

            Try this in another terminal:

            curl -s {{url}}/v1/corrections -H 'X-Tenant-Id: 11111111-1111-4111-8111-111111111111' -H 'Content-Type: application/json' -d '{
              "subject": {"type": "patient", "id": "p-17"}, "field_key": "allergies.penicillin", "value": "severe", "class": "FACT",
              "permissions": {"readers": ["allergy-bot"]}, "actor": {"type": "human", "id": "dr-ada"}, "idempotency_key": "first"}'

            curl -s '{{url}}/v1/facts?subject_type=patient&subject_id=p-17&requester_id=allergy-bot' -H 'X-Tenant-Id: 11111111-1111-4111-8111-111111111111'

            """);
    }
}
