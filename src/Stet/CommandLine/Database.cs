using System.CommandLine;
using Stet.EventStore;
using Stet.Postgres;

namespace Stet.CommandLine;

/// <summary>The database that a command works on: the one it is told, or the private one.</summary>
static class Database
{
    /// <summary>Runs a command on its database; what stops it for a known reason is said in one message.</summary>
    /// <returns>What the command returns; 2 when the data folder is in use; 1 when the database cannot be used.</returns>
    /// <param name="arguments">Of the command line.</param>
    /// <param name="command">Gets the connection string, and whether the database is a private one.</param>
    /// <param name="cancel">Ends the command.</param>
    /// <param name="attach">Whether to use the private database together with the service that runs it.</param>
    public static async Task<int> UseAsync(
        ParseResult arguments, Func<string, bool, Task<int>> command, CancellationToken cancel, bool attach = false)
    {
        using var logs = LoggerFactory.Create(logging => logging.AddSimpleConsole(o => o.SingleLine = true).SetMinimumLevel(LogLevel.Warning));
        try
        {
            if (ConnectionString(arguments) is { } connectionString) return await command(connectionString, false);

            var folder = arguments.GetValue(StetCommand.Data)!;
            await using var cluster = await StartAsync(folder, logs.CreateLogger("Stet.Postgres"), attach, cancel);
            return await command(cluster?.ConnectionString ?? PrivateCluster.RunningConnectionString(folder), true);
        }
        catch (DataFolderInUseException e)
        {
            await Console.Error.WriteLineAsync(e.Message);
            return 2;
        }
        catch (Exception e) when (e is PrivateClusterException or SchemaMismatchException or Npgsql.NpgsqlException)
        {
            await Console.Error.WriteLineAsync(e.Message);
            return 1;
        }
    }

    /// <summary>Null when another process runs the cluster and the command may share it.</summary>
    static async Task<PrivateCluster?> StartAsync(string folder, ILogger logger, bool attach, CancellationToken cancel)
    {
        try
        {
            return await PrivateCluster.StartAsync(new PrivateClusterOptions { DataFolder = folder }, logger, cancel);
        }
        catch (DataFolderInUseException) when (attach)
        {
            return null;
        }
    }

    public static string? ConnectionString(ParseResult arguments)
    {
        if (arguments.GetValue(StetCommand.Connection) is { Length: > 0 } given) return given;
        var configured = Environment.GetEnvironmentVariable("ConnectionStrings__Stet");
        return string.IsNullOrWhiteSpace(configured) ? null : configured;
    }
}
