using System.Diagnostics;
using Npgsql;

namespace Stet.Postgres;

/// <summary>A PostgreSQL of the service's own: on a Unix socket, durable, running while this object lives.</summary>
/// <remarks>
/// A server that dies is started again by itself; connections are refused until then. When this process is killed
/// the server lives on, and the next start on the same folder replaces it.
/// </remarks>
public sealed class PrivateCluster : IAsyncDisposable
{
    /// <summary>The role that owns everything; the socket's folder lets nobody but this user connect.</summary>
    public const string Superuser = "postgres";

    internal const string UnixOnly =
        "A private PostgreSQL needs Linux or macOS. On Windows use a server with --connection, or docker compose up.";

    const string Database = "stet";

    static readonly TimeSpan lookEvery = TimeSpan.FromMilliseconds(500);
    static readonly TimeSpan steadyAfter = TimeSpan.FromMinutes(1);

    readonly DataFolder folder;
    readonly Server server;
    readonly ILogger logger;
    readonly SemaphoreSlim oneAtATime = new(1);
    readonly CancellationTokenSource stopping = new();
    readonly Task watching;
    readonly Task reserving;
    readonly Lazy<Task> stopped;

    PrivateCluster(DataFolder folder, Server server, PostgresVersion version, ILogger logger)
    {
        (this.folder, this.server, Version, this.logger) = (folder, server, version, logger);
        watching = WatchAsync(stopping.Token);
        reserving = ReserveAsync(stopping.Token);
        stopped = new Lazy<Task>(StopAsync);
    }

    /// <summary>For the superuser, on the database <c>stet</c>.</summary>
    public string ConnectionString => ConnectionStringFor(folder, Database);

    public PostgresVersion Version { get; }

    /// <summary>The cluster's own folder, within the data folder, with every link resolved.</summary>
    public string DataDirectory => folder.Cluster;

    /// <summary>Starts PostgreSQL in a data folder and answers when it accepts connections.</summary>
    /// <exception cref="DataFolderInUseException">Another service holds the folder.</exception>
    /// <exception cref="PrivateClusterException">It cannot run; the message says what to do.</exception>
    public static async Task<PrivateCluster> StartAsync(
        PrivateClusterOptions options, ILogger logger, CancellationToken cancel)
    {
        if (OperatingSystem.IsWindows()) throw new PrivateClusterException(UnixOnly);

        var binaries = await PostgresBinaries.FindAsync(cancel);
        var opened = await DataFolder.OpenAsync(options.DataFolder, cancel);

        try
        {
            var starting = new Server(opened, binaries, options, logger);

            await starting.InitializeAsync(cancel);
            await starting.StartAsync(cancel);

            try
            {
                await CreateDatabaseAsync(opened, cancel);
            }
            catch
            {
                await starting.StopAsync(CancellationToken.None);
                throw;
            }

            PostgresLog.Started(logger, binaries.Version, opened.Cluster);

            return new PrivateCluster(opened, starting, binaries.Version, logger);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or NpgsqlException)
        {
            opened.Dispose();
            throw new PrivateClusterException($"PostgreSQL cannot run in {opened.Path}: {e.Message}", e);
        }
        catch
        {
            opened.Dispose();
            throw;
        }
    }

    /// <summary>Stops the server in good order, however it runs, and starts it again.</summary>
    /// <exception cref="PrivateClusterException">It did not start.</exception>
    public async Task RestartAsync(CancellationToken cancel)
    {
        await oneAtATime.WaitAsync(cancel);

        try
        {
            await server.StopAsync(cancel);
            await server.StartAsync(cancel);
        }
        finally
        {
            oneAtATime.Release();
        }
    }

    /// <summary>Stops the server in good order and lets go of the folder. Further calls wait for the first.</summary>
    public ValueTask DisposeAsync() => new(stopped.Value);

    /// <summary>How long to wait before an attempt to start again: 0, then 1 second doubling to 30.</summary>
    public static TimeSpan PauseBefore(int attempt) =>
        attempt == 0 ? TimeSpan.Zero : TimeSpan.FromSeconds(Math.Min(30, 1 << Math.Min(attempt - 1, 5)));

    async Task WatchAsync(CancellationToken cancel)
    {
        var attempt = 0;
        var lastAttempt = Stopwatch.GetTimestamp();

        try
        {
            while (true)
            {
                await Task.Delay(lookEvery, cancel);

                if (server.IsRunning) continue;

                if (Stopwatch.GetElapsedTime(lastAttempt) > steadyAfter) attempt = 0;

                await Task.Delay(PauseBefore(attempt++), cancel);
                lastAttempt = Stopwatch.GetTimestamp();

                await StartAgainAsync(cancel);
            }
        }
        catch (OperationCanceledException) when (cancel.IsCancellationRequested)
        {
            // The cluster is being disposed of.
        }
    }

    async Task ReserveAsync(CancellationToken cancel)
    {
        try
        {
            await WalReserve.FillAsync(ConnectionString, folder.Cluster, cancel);
        }
        catch (Exception e) when (e is OperationCanceledException or NpgsqlException or IOException or UnauthorizedAccessException)
        {
            // The server stops or has died, and the next start goes on; without a reserve it is slower, and no less right.
        }
    }

    async Task StartAgainAsync(CancellationToken cancel)
    {
        await oneAtATime.WaitAsync(cancel);

        try
        {
            // A restart that was asked for may have been under way.
            if (server.IsRunning) return;

            PostgresLog.Died(logger, folder.Cluster);
            await server.StartAsync(cancel);
            PostgresLog.Started(logger, Version, folder.Cluster);
        }
        catch (Exception e) when (e is PrivateClusterException or IOException or UnauthorizedAccessException)
        {
            PostgresLog.NotRestarted(logger, folder.Cluster, e);
        }
        finally
        {
            oneAtATime.Release();
        }
    }

    async Task StopAsync()
    {
        await stopping.CancelAsync();

        try
        {
            await watching;
            await reserving;
            await oneAtATime.WaitAsync(CancellationToken.None);
            await server.StopAsync(CancellationToken.None);
        }
        catch (PrivateClusterException e)
        {
            PostgresLog.NotStopped(logger, folder.Cluster, e);
        }
        finally
        {
            folder.Dispose();
            stopping.Dispose();
            oneAtATime.Dispose();
        }
    }

    static async Task CreateDatabaseAsync(DataFolder folder, CancellationToken cancel)
    {
        var administration = new NpgsqlConnectionStringBuilder(ConnectionStringFor(folder, "postgres")) { Pooling = false };

        await using var connection = new NpgsqlConnection(administration.ConnectionString);
        await connection.OpenAsync(cancel);

        await using var exists = new NpgsqlCommand("select 1 from pg_database where datname = $1", connection)
        {
            Parameters = { new() { Value = Database } },
        };

        if (await exists.ExecuteScalarAsync(cancel) is not null) return;

        await using var create = new NpgsqlCommand($"create database {Database}", connection);
        await create.ExecuteNonQueryAsync(cancel);
    }

    /// <summary>For the superuser of the cluster that another process runs in a data folder.</summary>
    public static string RunningConnectionString(string folder) =>
        ConnectionStringFor(DataFolder.RunningSocketFolder(folder), Database);

    static string ConnectionStringFor(DataFolder folder, string database) =>
        ConnectionStringFor(folder.SocketFolder, database);

    static string ConnectionStringFor(string socketFolder, string database) => new NpgsqlConnectionStringBuilder
    {
        Host = socketFolder,
        Port = 5432,
        Username = Superuser,
        Database = database,

        // The socket's folder is the guard; there is no wire to encrypt.
        SslMode = SslMode.Disable,
        GssEncryptionMode = GssEncryptionMode.Disable,
    }.ConnectionString;
}
