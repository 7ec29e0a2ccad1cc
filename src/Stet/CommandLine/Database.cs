using System.CommandLine;
using Npgsql;
using Stet.Audit;
using Stet.EventStore;
using Stet.Postgres;

namespace Stet.CommandLine;

/// <summary>The database that a command works on: the one it is told, or the private one.</summary>
static class Database
{
    /// <summary>Runs a command on its database; what stops it for a known reason is said in one message.</summary>
    /// <returns>What the command returns; 2 when the data folder is in use; 1 when something else is in the way.</returns>
    /// <param name="arguments">Of the command line.</param>
    /// <param name="command">Gets the connection string, and whether the database is a private one.</param>
    /// <param name="cancel">Ends the command.</param>
    /// <param name="attach">Whether to use the private database together with the service that runs it.</param>
    /// <param name="create">Whether to make the private database where there is none.</param>
    public static async Task<int> UseAsync(
        ParseResult arguments, Func<string, bool, Task<int>> command, CancellationToken cancel, bool attach = false, bool create = false)
    {
        using var logs = LoggerFactory.Create(logging => logging.AddSimpleConsole(o => o.SingleLine = true).SetMinimumLevel(LogLevel.Warning));
        try
        {
            if (ConnectionString(arguments) is { } connectionString) return await command(Parse(connectionString).ConnectionString, false);

            var options = PrivateOptions(arguments);
            if (!create && !Directory.Exists(Path.Combine(options.DataFolder, "postgres")))
            {
                throw new CannotStartException(
                    $"There is no Stet database in {Path.GetFullPath(options.DataFolder)}: name its folder with --data, a server with --connection, or make one with `stet run`.");
            }

            await using var cluster = await StartAsync(options, logs.CreateLogger("Stet.Postgres"), attach, cancel);
            return await command(cluster?.ConnectionString ?? PrivateCluster.RunningConnectionString(options.DataFolder), true);
        }
        catch (DataFolderInUseException e)
        {
            await Console.Error.WriteLineAsync(e.Message);
            return 2;
        }
        catch (NpgsqlException e)
        {
            await Console.Error.WriteLineAsync(ConnectionString(arguments) is { } given ? ServerTrouble.Of(Parse(given), e) : e.Message);
            return 1;
        }
        catch (Exception e) when (ConfigurationTrouble.Of(e) is { } trouble)
        {
            await Console.Error.WriteLineAsync(trouble);
            return 1;
        }
        catch (Exception e) when (e is PrivateClusterException or SchemaMismatchException or CannotStartException
            or InstallationKeyException or StateFileException)
        {
            await Console.Error.WriteLineAsync(e.Message);
            return 1;
        }
        catch (OperationCanceledException) when (cancel.IsCancellationRequested)
        {
            await Console.Error.WriteLineAsync("Stopped before it was done.");
            return 1;
        }
    }

    /// <summary>Null when another process runs the cluster and the command may share it.</summary>
    static async Task<PrivateCluster?> StartAsync(PrivateClusterOptions options, ILogger logger, bool attach, CancellationToken cancel)
    {
        try
        {
            return await PrivateCluster.StartAsync(options, logger, cancel);
        }
        catch (DataFolderInUseException) when (attach)
        {
            return null;
        }
    }

    /// <summary>The server that the command line or the configuration names; null for the private one.</summary>
    public static string? ConnectionString(ParseResult arguments)
    {
        if (arguments.GetValue(StetCommand.Connection) is { } given) return given;
        var configured = StetApplication.NewBuilder().Configuration.GetConnectionString("Stet");
        return string.IsNullOrWhiteSpace(configured) ? null : configured;
    }

    /// <summary>The connection string without its password.</summary>
    /// <exception cref="CannotStartException">The text is no connection string.</exception>
    public static string WithoutPassword(string connectionString)
    {
        var parts = Parse(connectionString);
        parts.Remove(nameof(parts.Password));
        parts.Remove("SSL Password");
        return parts.ConnectionString;
    }

    public static PrivateClusterOptions PrivateOptions(ParseResult arguments) =>
        new() { DataFolder = arguments.GetValue(StetCommand.Data)! };

    static NpgsqlConnectionStringBuilder Parse(string connectionString)
    {
        try
        {
            var parts = new NpgsqlConnectionStringBuilder(connectionString);
            if (!string.IsNullOrWhiteSpace(parts.Host)) return parts;
        }
        catch (ArgumentException)
        {
            // Its message may quote the text, and with it a password.
        }

        throw new CannotStartException("The connection string is malformed: give it as \"Host=...;Database=...;Username=...\".");
    }
}

/// <summary>A command cannot start for a reason that lies with how it was called. The message says what to do.</summary>
sealed class CannotStartException(string message, Exception? cause = null) : Exception(message, cause);
