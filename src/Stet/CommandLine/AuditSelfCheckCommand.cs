using System.CommandLine;
using System.Diagnostics;
using System.Text;
using System.Text.Json;
using Microsoft.Extensions.Options;
using Npgsql;
using Stet.Audit;
using Stet.Audit.SelfCheck;
using Stet.EventStore;

namespace Stet.CommandLine;

/// <summary><c>stet audit selfcheck</c>: everything stored of the audit logs, read again and compared, beside a running service.</summary>
static class AuditSelfCheckCommand
{
    const int Sound = 0;
    const int Unsound = 1;
    const int Unusable = 2;
    const int Unavailable = 3;
    const int Interrupted = 130;
    const int PageSize = 4_096;

    static readonly Option<string[]> Tenant = new("--tenant")
    {
        Description = "Check one tenant's log, a lower-case UUID; without it, all",
        HelpName = "ID",
        Arity = ArgumentArity.ZeroOrMore, // the parser's own complaint would end with 1
    };

    public static Command Create()
    {
        var command = new Command(
            "selfcheck", "Read all events, leaves, tiles and guards again; findings as JSON lines, exit 0 if there are none, else 1")
        {
            Tenant, Surplus.Argument,
        };
        command.SetAction(RunAsync);
        return command;
    }

    /// <returns>0 sound, 1 findings, 2 bad arguments or keys, 3 the check could not be done, 130 interrupted.</returns>
    static async Task<int> RunAsync(ParseResult arguments, CancellationToken cancel)
    {
        if (Surplus.First(arguments) is { } surplus)
            return await FailAsync(Unusable, $"`{surplus}` is no option of this command; see `stet audit selfcheck --help`.");

        var tenants = arguments.GetValue(Tenant) ?? [];
        if (tenants.Length > 1) return await FailAsync(Unusable, "`--tenant` is given more than once.");
        var wanted = tenants is [var one] ? one : null;
        if (wanted is null && arguments.GetResult(Tenant) is { Implicit: false }) return await FailAsync(Unusable, "`--tenant` needs a tenant's id.");
        if (wanted is not null && AuditCommand.ProblemOfTenant(wanted) is { } problem) return await FailAsync(Unusable, problem);

        int? result = null;
        var code = await Database.UseAsync(arguments, async (connectionString, _) =>
        {
            result = await CheckAsync(arguments, wanted, connectionString, cancel);
            return result.Value;
        }, cancel, attach: true);

        // The database's own troubles must not look like findings.
        if (result is null && code == Unsound) return cancel.IsCancellationRequested ? Interrupted : Unavailable;
        return code;
    }

    static async Task<int> CheckAsync(ParseResult arguments, string? wanted, string connectionString, CancellationToken cancel)
    {
        var differences = await new SchemaMigrator(connectionString, StetApplication.Schema).AssertAsync(cancel);
        if (differences.Count > 0) return await FailAsync(Unavailable, $"The schema is not this version's: {string.Join("; ", differences)}");

        try
        {
            await using var app = RunCommand.Build("http://127.0.0.1:0", connectionString, Database.PrivateOptions(arguments).DataFolder);
            var options = app.Services.GetRequiredService<AuditOptions>();
            var installation = Keys(options);
            await using var connections = StoreConnections.For(connectionString);
            await using var connection = await connections.Subscriber.OpenConnectionAsync(cancel);
            var tenants = await SelfChecks.DueAsync(connection, DateTime.MaxValue, int.MaxValue, cancel);
            if (wanted is not null && !tenants.Contains(wanted)) return await FailAsync(Unusable, $"There is no tenant `{wanted}`.");

            // A running service keeps the state file, and this only reads it.
            var notes = StateFile.Read(options.StateFile);
            var findings = 0L;
            foreach (var tenantId in wanted is null ? tenants : [wanted])
                findings += await CheckAsync(connection, installation, tenantId, notes, cancel);
            return findings == 0 ? Sound : Unsound;
        }
        catch (Exception e) when (e is InstallationKeyException or StateFileException or OptionsValidationException)
        {
            return await FailAsync(Unusable, e.Message);
        }
        catch (Exception e) when (e is NpgsqlException or UnauthorizedAccessException)
        {
            return await FailAsync(Unavailable, e.Message);
        }
    }

    static async Task<long> CheckAsync(
        NpgsqlConnection connection, InstallationKeys installation, string tenantId, IReadOnlyDictionary<string, SignedCheckpoint> notes,
        CancellationToken cancel)
    {
        using var sweep = await TenantSweep.BeginAsync(connection, installation, tenantId, PageSize, notes.GetValueOrDefault, cancel);
        var began = Stopwatch.GetTimestamp();
        using var line = new ProgressLine(TimeProvider.System);
        var findings = 0L;
        do
        {
            foreach (var finding in await sweep.NextAsync(connection, cancel))
            {
                line.Clear();
                Print(finding);
                findings++;
            }

            var rate = sweep.Position / Math.Max(Stopwatch.GetElapsedTime(began).TotalSeconds, 0.001);
            line.Show($"{tenantId}: {sweep.Position} of {sweep.Target} positions, {rate:0} a second");
        }
        while (!sweep.IsDone);

        line.Clear();
        await Console.Error.WriteLineAsync($"{tenantId}: {sweep.Target} positions checked, {sweep.Erased} erased, {findings} findings");
        return findings;
    }

    static void Print(Finding finding)
    {
        using var output = new MemoryStream();
        using (var json = new Utf8JsonWriter(output))
        {
            json.WriteStartObject();
            json.WriteString("tenant", finding.TenantId);
            json.WriteNumber("position", finding.Position);
            json.WriteNumber("until", finding.Until);
            json.WriteString("class", finding.State == PositionState.Missing ? "MISSING" : "ALTERED");
            json.WriteStartArray("differs");
            foreach (var part in finding.PartNames()) json.WriteStringValue(part);
            json.WriteEndArray();
            if (finding.Tile is { } tile) json.WriteString("tile", tile.Path);
            if (finding.After is { } after) json.WriteNumber("after", after);
            json.WriteEndObject();
        }

        Console.WriteLine(Encoding.UTF8.GetString(output.ToArray()));
    }

    /// <summary>The installation's keys. A check makes none.</summary>
    static InstallationKeys Keys(AuditOptions options)
    {
        if (string.IsNullOrWhiteSpace(options.Kek) && !File.Exists(options.KeyFile))
            throw new InstallationKeyException($"There is no key file {options.KeyFile}: name the service's folder with --data, or give the key in STET_KEK.");
        return InstallationKeys.Load(options.Kek, options.KeyFile);
    }

    static async Task<int> FailAsync(int code, string message)
    {
        await Console.Error.WriteLineAsync(message);
        return code;
    }
}
