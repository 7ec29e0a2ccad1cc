using System.CommandLine;
using System.Text;
using Stet.Audit;
using Stet.Audit.Witnesses;
using Stet.EventStore;
using Stet.Pcs.Service;

namespace Stet.CommandLine;

/// <summary><c>stet audit frozen | new-epoch | replace-secret | rewrap</c>: what an operator does with logs and keys in the database.</summary>
static class AuditKeysCommand
{
    static readonly Option<string[]> Tenant = Text("--tenant", "ID", "Whose log: a lower-case UUID (REQUIRED)");
    static readonly Option<string[]> Reason = Text("--reason", "TEXT", "Why, for those who read the log: 1 to 500 characters (REQUIRED)");

    static readonly Option<bool> WithoutNote = new("--without-note")
    {
        Description = "Begin although the last checkpoint of the log is not known here",
    };

    public static Command Frozen()
    {
        var command = new Command("frozen", "List the logs that are frozen, each with its tenant and why") { Surplus.Argument };
        command.SetAction((arguments, cancel) => SurplusProblem(arguments) is { } problem ? FailAsync(problem) : Database.UseAsync(arguments, async (connectionString, _) =>
        {
            await using var connections = StoreConnections.For(connectionString);
            await using var frozen = connections.Writer.CreateCommand("select tenant_id, reason from stet.audit_frozen() order by tenant_id");
            await using var rows = await frozen.ExecuteReaderAsync(cancel);
            if (!rows.HasRows) await Console.Error.WriteLineAsync("No log is frozen.");
            while (await rows.ReadAsync(cancel)) Console.WriteLine($"{rows.GetString(0)}: {rows.GetString(1)}");
            return 0;
        }, cancel, attach: true));
        return command;
    }

    public static Command NewEpoch()
    {
        var command = new Command("new-epoch", "Let a frozen log go on under another origin, with another key")
        {
            Tenant, Reason, WithoutNote, Surplus.Argument,
        };
        command.SetAction((arguments, cancel) => RunAsync(arguments, async (app, cancel) =>
        {
            var started = await StartAsync(
                app.Services, arguments.GetValue(Tenant)![0], arguments.GetValue(Reason)![0], arguments.GetValue(WithoutNote), cancel);
            Console.WriteLine($"{started.OldOrigin} goes on as {started.Origin}");
            Console.WriteLine(started.OldNote is { } note
                ? $"named as its last checkpoint: size {SignedCheckpoint.Parse(Encoding.UTF8.GetBytes(note)).Size}"
                : "named as its last checkpoint: none");
            Console.WriteLine($"verification key: {started.Vkey}");
        }, cancel));
        return command;
    }

    public static Command ReplaceSecret()
    {
        var command = new Command("replace-secret", "Make the salts of a log with a new secret from now on: the one before has leaked")
        {
            Tenant, Reason, Surplus.Argument,
        };
        command.SetAction((arguments, cancel) => RunAsync(arguments, async (app, cancel) =>
        {
            var tenantId = arguments.GetValue(Tenant)![0];
            using var logs = Logs(app.Services, _ => null);
            await using var store = Open(app.Services, logs);
            var position = await new ReplaceSecret(logs, store).RunAsync(tenantId, arguments.GetValue(Reason)![0], cancel);
            Console.WriteLine($"{tenantId}: the secret is replaced from after position {position}");
        }, cancel));
        return command;
    }

    public static Command Rewrap()
    {
        var command = new Command("rewrap", "Wrap all tenants' keys with the first installation key") { Surplus.Argument };
        command.SetAction((arguments, cancel) => SurplusProblem(arguments) is { } problem ? FailAsync(problem) : Database.UseAsync(arguments, async (connectionString, _) =>
        {
            await using var app = RunCommand.Build("http://127.0.0.1:0", connectionString, Database.PrivateOptions(arguments).DataFolder);
            var installation = app.Services.GetRequiredService<InstallationKeys>();
            var moved = await new Rewrapping(app.Services.GetRequiredService<StoreConnections>(), installation).RunAsync(cancel)
                + await app.Services.GetRequiredService<PcsKeySecrets>().RewrapAsync(cancel);
            Console.WriteLine($"{moved} keys moved to installation key {installation.CurrentId}");
            return 0;
        }, cancel, attach: true));
        return command;
    }

    static Task<int> RunAsync(ParseResult arguments, Func<WebApplication, CancellationToken, Task> run, CancellationToken cancel) =>
        Problem(arguments) is { } problem ? FailAsync(problem) : Database.UseAsync(arguments, async (connectionString, _) =>
        {
            await using var app = RunCommand.Build("http://127.0.0.1:0", connectionString, Database.PrivateOptions(arguments).DataFolder);
            try
            {
                await run(app, cancel);
                return 0;
            }
            catch (Exception e) when (e is LogCommandException or StoreUnavailableException)
            {
                await Console.Error.WriteLineAsync(e.Message);
                return 1;
            }
        }, cancel, attach: true);

    static string? Problem(ParseResult arguments) =>
        SurplusProblem(arguments) ?? ProblemOfCount(arguments, Tenant) ?? ProblemOfCount(arguments, Reason)
        ?? AuditCommand.ProblemOfTenant(arguments.GetValue(Tenant)![0])
        ?? (arguments.GetValue(Reason)![0].Length is 0 or > 500 ? "`--reason` must have 1 to 500 characters." : null);

    static string? SurplusProblem(ParseResult arguments) => Surplus.First(arguments) is { } surplus
        ? $"`{surplus}` is no option of this command; see `stet audit {arguments.CommandResult.Command.Name} --help`."
        : null;

    static string? ProblemOfCount(ParseResult arguments, Option<string[]> option) => arguments.GetValue(option) switch
    {
        [_] => null,
        null or [] => $"`{option.Name}` is missing.",
        _ => $"`{option.Name}` is given more than once.",
    };

    /// <summary>Takes any number of values: the parser's own complaint would end with 1.</summary>
    static Option<string[]> Text(string name, string value, string description) =>
        new(name) { Description = description, HelpName = value, Arity = ArgumentArity.ZeroOrMore };

    static async Task<int> FailAsync(string problem)
    {
        await Console.Error.WriteLineAsync(problem);
        return 2;
    }

    static async Task<AuditEpochStarted> StartAsync(
        IServiceProvider services, string tenantId, string reason, bool withoutNote, CancellationToken cancel)
    {
        // A running service keeps the state file, and this only reads it.
        var file = services.GetRequiredService<AuditOptions>().StateFile;
        var notes = StateFile.Read(file);
        using var logs = Logs(services, notes.GetValueOrDefault);
        await using var store = Open(services, logs);
        var epochs = new NewEpoch(
            logs, services.GetRequiredService<AuditKeys>(), services.GetRequiredService<IAuditSigner>(),
            services.GetRequiredService<WitnessNotes>(), store);
        return await epochs.StartAsync(tenantId, reason, new NotedCheckpoints(Path.GetFullPath(file), [.. notes.Values]), withoutNote, cancel);
    }

    static TenantLogs Logs(IServiceProvider services, Func<string, SignedCheckpoint?> noted) => new(
        services.GetRequiredService<StoreConnections>(), services.GetRequiredService<InstallationKeys>(),
        services.GetRequiredService<IAuditSigner>(), noted, services.GetRequiredService<AuditOptions>(),
        services.GetRequiredService<TimeProvider>());

    /// <summary>A store of the command's own, beside that of a running service.</summary>
    static Store Open(IServiceProvider services, TenantLogs logs)
    {
        var contexts = services.GetRequiredService<ContextCatalog>();
        var clock = services.GetRequiredService<TimeProvider>();
        return new Store(
            services.GetRequiredService<StoreConnections>(), contexts.Catalog, contexts.Projections, new AuditAppender(logs, clock),
            StetApplication.OptionsOfStore(services), clock, services.GetRequiredService<ILogger<Store>>());
    }
}
