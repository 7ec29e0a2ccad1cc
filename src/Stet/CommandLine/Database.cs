using System.CommandLine;
using Stet.EventStore;
using Stet.Postgres;

namespace Stet.CommandLine;

/// <summary>The database that a command works on: the one it is told, or the private one.</summary>
static class Database
{
    /// <summary>Runs a command on its database; what stops it for a known reason is said in one message.</summary>
    /// <returns>What the command returns; 2 when the data folder is in use; 1 when the database cannot be used.</returns>
    public static async Task<int> UseAsync(
        ParseResult arguments, Func<string, bool, Task<int>> command, CancellationToken cancel)
    {
        using var logs = LoggerFactory.Create(logging => logging.AddSimpleConsole(o => o.SingleLine = true).SetMinimumLevel(LogLevel.Warning));
        try
        {
            if (ConnectionString(arguments) is { } connectionString) return await command(connectionString, false);

            await using var cluster = await PrivateCluster.StartAsync(
                new PrivateClusterOptions { DataFolder = arguments.GetValue(StetCommand.Data)! },
                logs.CreateLogger("Stet.Postgres"), cancel);
            return await command(cluster.ConnectionString, true);
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

    public static string? ConnectionString(ParseResult arguments)
    {
        if (arguments.GetValue(StetCommand.Connection) is { Length: > 0 } given) return given;
        var configured = Environment.GetEnvironmentVariable("ConnectionStrings__Stet");
        return string.IsNullOrWhiteSpace(configured) ? null : configured;
    }
}
