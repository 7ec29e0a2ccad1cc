using System.CommandLine;
using System.Net.Sockets;
using Microsoft.Extensions.Options;
using Stet.EventStore;
using Stet.Http;
using Stet.Postgres;

namespace Stet.CommandLine;

/// <summary><c>stet run</c>: serves until it is told to stop.</summary>
static partial class RunCommand
{
    const string AddressRule =
        "must be addresses such as `http://127.0.0.1:8080` or `http://*:8080`; TLS ends at a proxy in front.";

    static readonly Option<string> Urls = new("--urls")
    {
        Description = "Where to listen, or ASPNETCORE_URLS; plain HTTP, addresses separated by semicolons",
        DefaultValueFactory = _ => Environment.GetEnvironmentVariable("ASPNETCORE_URLS") ?? "http://127.0.0.1:8080",
    };

    public static Command Create()
    {
        var command = new Command("run", "Serve over HTTP until Ctrl+C or SIGTERM (the default)") { Urls };
        command.SetAction(RunAsync);
        return command.WithExitCodes("0 stopped; 1 cannot start; 2 usage, or data folder in use");
    }

    public static async Task<int> RunAsync(ParseResult arguments, CancellationToken cancel)
    {
        if (OpenFiles.Check(OpenFiles.Limit) is { Outcome: CheckOutcome.Failure } few)
        {
            await Console.Error.WriteLineAsync($"Stet cannot start: {few.Message}");
            return 1;
        }

        var urls = arguments.GetValue(Urls)!;
        if (AreAddresses(urls)) return await ServeAsync(urls, arguments, cancel);

        var origin = arguments.GetResult(Urls) is { Implicit: false } ? "`--urls`" : "ASPNETCORE_URLS";
        await Console.Error.WriteLineAsync($"{origin} {AddressRule}");
        return 1;
    }

    static Task<int> ServeAsync(string urls, ParseResult arguments, CancellationToken cancel) =>
        Database.UseAsync(arguments, async (connectionString, isPrivate) =>
        {
            var applied = await new SchemaMigrator(connectionString, StetApplication.Schema).ApplyAsync(cancel);

            await using var app = Build(urls, connectionString, Database.PrivateOptions(arguments).DataFolder);
            app.Services.GetRequiredService<IStartupValidator>().Validate();
            foreach (var unknown in UnknownSettings.In(app.Configuration)) Unknown(app.Logger, unknown);
            await StartAsync(app, urls, cancel);
            Announce(app, isPrivate, applied);
            await app.WaitForShutdownAsync(cancel);
            return 0;
        }, cancel, create: true);

    /// <summary>The service as it is configured, not started.</summary>
    internal static WebApplication Build(string urls, string connectionString, string dataFolder)
    {
        var builder = StetApplication.NewBuilder();
        builder.WebHost.UseUrls(urls);
        builder.Configuration["Audit:Folder"] ??= Path.GetFullPath(dataFolder);
        return StetApplication.Build(builder, connectionString);
    }

    static async Task StartAsync(WebApplication app, string urls, CancellationToken cancel)
    {
        try
        {
            await app.StartAsync(cancel);
        }
        catch (Exception e) when (e is IOException or SocketException)
        {
            // Kestrel's own messages name the address, except when the system refuses it.
            var reason = e is SocketException ? $"{urls}: {e.Message}" : e.Message;
            throw new CannotStartException($"Stet cannot listen. {reason.TrimEnd('.')}. Stop what uses the address, or name another with --urls.", e);
        }
    }

    static void Announce(WebApplication app, bool isPrivate, IReadOnlyList<string> applied)
    {
        var database = isPrivate ? "a private PostgreSQL" : "the server of the connection string";
        var urls = app.Urls.Select(Reachable).ToArray();
        var url = urls[0];
        var order = isPrivate ? "requests first, then the store, then PostgreSQL" : "requests first, then the store";
        if (!app.Environment.IsDevelopment())
        {
            Listening(app.Logger, urls, database, StetApplication.Schema[^1].Name);
            app.Lifetime.ApplicationStopping.Register(() => Stopping(app.Logger, order));
            return;
        }

        app.Lifetime.ApplicationStopping.Register(() => Console.WriteLine($"Stopping:  {order}"));
        if (applied.Count > 0) Console.WriteLine($"Schema:    {applied.Count} scripts applied, now at {applied[^1]}");
        Console.WriteLine($"Database:  {database}");
        foreach (var other in urls.Skip(1)) Console.WriteLine($"Listening: {other}");
        Console.WriteLine($"Listening: {url}  (API description at {url}/openapi/v1.json, Ctrl+C stops)");
        Console.WriteLine($$"""

            Try this in another terminal:

            curl -s {{url}}/v1/corrections -H 'X-Tenant-Id: 11111111-1111-4111-8111-111111111111' -H 'Content-Type: application/json' -d '{
              "subject": {"type": "patient", "id": "p-17"}, "field_key": "allergies.penicillin", "value": "severe", "class": "FACT",
              "permissions": {"readers": ["allergy-bot"]}, "actor": {"type": "human", "id": "dr-ada"}, "idempotency_key": "first"}'

            curl -s '{{url}}/v1/facts?subject_type=patient&subject_id=p-17&requester_id=allergy-bot' -H 'X-Tenant-Id: 11111111-1111-4111-8111-111111111111'

            """);
    }

    static bool AreAddresses(string urls) =>
        urls.Split(';', StringSplitOptions.RemoveEmptyEntries) is { Length: > 0 } each && each.All(IsAddress);

    /// <summary>An address that a client on this machine can use, where the service listens on all of them.</summary>
    static string Reachable(string url) =>
        url.Replace("//[::]", "//127.0.0.1", StringComparison.Ordinal).Replace("//0.0.0.0", "//127.0.0.1", StringComparison.Ordinal);

    static bool IsAddress(string url) =>
        url.StartsWith("http://", StringComparison.OrdinalIgnoreCase)
        && Uri.TryCreate(url.Replace("//*", "//host", StringComparison.Ordinal).Replace("//+", "//host", StringComparison.Ordinal), UriKind.Absolute, out _);

    [LoggerMessage(130, LogLevel.Warning, "{Setting}")]
    static partial void Unknown(ILogger logger, string setting);

    [LoggerMessage(131, LogLevel.Information, "Listening on {Url}, on {Database}, schema {Schema}")]
    static partial void Listening(ILogger logger, string[] url, string database, string schema);

    [LoggerMessage(132, LogLevel.Information, "Stopping: {Order}")]
    static partial void Stopping(ILogger logger, string order);
}
