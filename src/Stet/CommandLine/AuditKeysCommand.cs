using System.CommandLine;
using Stet.Audit;
using Stet.EventStore;
using Stet.Pcs.Service;

namespace Stet.CommandLine;

/// <summary><c>stet audit new-epoch | rewrap</c>: what an operator does with logs and keys in the database.</summary>
static class AuditKeysCommand
{
    static readonly Option<string> Tenant = new("--tenant") { Description = "Whose log: a lower-case UUID", Required = true };

    static readonly Option<string> Reason = new("--reason") { Description = "Why, for those who read the log: 1 to 500 characters", Required = true };

    public static Command NewEpoch()
    {
        var command = new Command("new-epoch", "Let a frozen log go on under another origin, with another key") { Tenant, Reason };
        command.SetAction((arguments, cancel) => Database.UseAsync(arguments, async (connectionString, _) =>
        {
            await using var app = RunCommand.Build("http://127.0.0.1:0", connectionString, Database.PrivateOptions(arguments).DataFolder);
            try
            {
                var started = await StartAsync(app.Services, arguments.GetValue(Tenant)!, arguments.GetValue(Reason)!, cancel);
                Console.WriteLine($"{started.OldOrigin} goes on as {started.Origin}");
                Console.WriteLine($"verification key: {started.Vkey}");
                return 0;
            }
            catch (NewEpochException e)
            {
                await Console.Error.WriteLineAsync(e.Message);
                return 1;
            }
        }, cancel, attach: true));
        return command;
    }

    public static Command Rewrap()
    {
        var command = new Command("rewrap", "Wrap all tenants' keys with the first installation key");
        command.SetAction((arguments, cancel) => Database.UseAsync(arguments, async (connectionString, _) =>
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

    /// <summary>With a store of its own: a running service keeps the state file, and this only reads it.</summary>
    static async Task<AuditEpochStarted> StartAsync(
        IServiceProvider services, string tenantId, string reason, CancellationToken cancel)
    {
        var connections = services.GetRequiredService<StoreConnections>();
        var contexts = services.GetRequiredService<ContextCatalog>();
        var clock = services.GetRequiredService<TimeProvider>();
        var options = services.GetRequiredService<AuditOptions>();
        var notes = StateFile.Read(options.StateFile);
        SignedCheckpoint? Noted(string origin) => notes.GetValueOrDefault(origin);
        using var logs = new TenantLogs(connections, services.GetRequiredService<InstallationKeys>(), Noted, options, clock);
        await using var store = new Store(
            connections, contexts.Catalog, contexts.Projections, new AuditAppender(logs, clock), new StoreOptions(), clock,
            services.GetRequiredService<ILogger<Store>>());
        return await new NewEpoch(connections, logs, new AuditKeys(connections), store).StartAsync(tenantId, reason, Noted, cancel);
    }
}
