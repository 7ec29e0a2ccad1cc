using System.Collections.Concurrent;
using System.Diagnostics;
using Microsoft.Extensions.Logging.Abstractions;
using Stet.Postgres;

namespace Stet.Testing;

/// <summary>A private PostgreSQL for tests: small, as durable as the product's, gone when the process ends.</summary>
public sealed class TestCluster : IAsyncDisposable
{
    const string Prefix = "stet-tests-";
    const long SmallMachine = 512L << 20;

    static readonly Lazy<Task<TestCluster>> shared = new(() => Task.Run(OwnAsync));
    static readonly ConcurrentDictionary<TestCluster, bool> running = new();

    readonly PrivateCluster server;
    readonly string dataFolder;

    static TestCluster() => AppDomain.CurrentDomain.ProcessExit += (_, _) =>
    {
        foreach (var left in running.Keys)
            left.KillAndDelete();
    };

    TestCluster(PrivateCluster server, string dataFolder)
    {
        (this.server, this.dataFolder) = (server, dataFolder);
        running[this] = true;
    }

    /// <summary>For the superuser; <see cref="TestDatabase"/> makes databases.</summary>
    public string ConnectionString => server.ConnectionString;

    /// <summary>The server's main process; null while it is down.</summary>
    public int? PostmasterPid => ServerProcesses.Postmaster(server.DataDirectory);

    /// <summary>The one cluster of this test process. Do not kill, restart or dispose it.</summary>
    public static Task<TestCluster> SharedAsync() => shared.Value;

    /// <summary>A cluster for one test, which may kill and restart it, and disposes it.</summary>
    public static async Task<TestCluster> OwnAsync()
    {
        DeleteOrphans();

        var folder = NewFolder();

        KeepSmall(folder, "max_connections = 300\n");

        var cluster = await PrivateCluster.StartAsync(
            new PrivateClusterOptions { DataFolder = folder, Memory = SmallMachine },
            NullLogger.Instance, CancellationToken.None);

        return new TestCluster(cluster, folder);
    }

    /// <summary>A fresh empty folder for a test, deleted by a later test run if the test does not.</summary>
    public static string NewFolder()
    {
        var folder = Directory.CreateTempSubdirectory($"{Prefix}{Environment.ProcessId}-").FullName;

        // PostgreSQL's account passes through it when root runs the tests.
        File.SetUnixFileMode(
            folder,
            UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute
            | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute);

        return folder;
    }

    /// <summary>Keeps a cluster that a folder is going to have from making a gigabyte of log files ahead.</summary>
    public static void KeepSmall(string folder, string settings = "") =>
        File.WriteAllText(Path.Combine(folder, "postgresql.local.conf"), $"min_wal_size = 80MB\n{settings}");

    /// <summary>Ends every process of the server with SIGKILL, as a crash does. It comes back by itself.</summary>
    public void Kill() => Kill(server.DataDirectory);

    /// <summary>Stops the server in good order if it runs, and starts it again.</summary>
    public Task RestartAsync(CancellationToken cancel) => server.RestartAsync(cancel);

    public async ValueTask DisposeAsync()
    {
        await server.DisposeAsync();
        Directory.Delete(dataFolder, recursive: true);
        running.TryRemove(this, out _);
    }

    void KillAndDelete()
    {
        // Nobody reads this data again, and the test host is given a tenth of a second to end: too little to delete it all.
        Kill(server.DataDirectory);
        using var deleting = Process.Start("rm", ["-rf", dataFolder]);
    }

    static void Kill(string dataDirectory)
    {
        // The main process may have started another child meanwhile, so until none is left.
        while (ServerProcesses.All(dataDirectory) is { Count: > 0 } left)
        {
            foreach (var pid in left)
                Kill(pid);

            Thread.Yield();
        }
    }

    static void Kill(int pid)
    {
        try
        {
            using var process = Process.GetProcessById(pid);
            process.Kill();
        }
        catch (Exception e) when (e is ArgumentException or InvalidOperationException)
        {
            // It ended with the main process.
        }
    }

    // What test processes that were killed themselves left behind.
    static void DeleteOrphans()
    {
        foreach (var folder in Directory.EnumerateDirectories(Path.GetTempPath(), Prefix + "*"))
        {
            var owner = Path.GetFileName(folder)[Prefix.Length..].Split('-')[0];

            if (int.TryParse(owner, out var pid) && !IsAlive(pid)) Delete(folder);
        }
    }

    static void Delete(string folder)
    {
        try
        {
            Kill(Path.Combine(folder, "postgres"));
            Directory.Delete(folder, recursive: true);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // Another test process deletes it too, or another user owns it.
        }
    }

    static bool IsAlive(int pid)
    {
        try
        {
            using var process = Process.GetProcessById(pid);
            return true;
        }
        catch (ArgumentException)
        {
            return false;
        }
    }
}
