
namespace Stet.Postgres;

/// <summary>Initializes, starts and stops the server of a data folder. Not safe for concurrent calls.</summary>
public sealed class Server(
    DataFolder folder, PostgresBinaries binaries, PrivateClusterOptions options, ILogger logger)
{
    const int MessageLines = 12;

    static readonly TimeSpan progressEvery = TimeSpan.FromSeconds(10);
    static readonly TimeSpan lastChildren = TimeSpan.FromSeconds(30);

    public bool IsRunning => ServerProcesses.Postmaster(folder.Cluster) is not null;

    /// <summary>Makes the cluster when there is none, and checks that these binaries can run the one there is.</summary>
    /// <remarks>Safe to cut off at any point: the cluster gets its name when it is complete.</remarks>
    public async Task InitializeAsync(CancellationToken cancel)
    {
        await CheckVersionAsync(folder.Cluster, binaries, cancel);

        if (Directory.Exists(folder.Cluster)) return;

        PostgresLog.Initializing(logger, binaries.Version, folder.Cluster);

        await folder.CreateNewClusterAsync(cancel);

        string[] arguments =
        [
            "--pgdata", folder.NewCluster, "--username", PrivateCluster.Superuser, "--encoding", "UTF8", "--no-locale",
            "--data-checksums", "--auth-local", "trust", "--auth-host", "reject", "--no-instructions",
        ];

        var made = await Tool.RunAsync(binaries.Initdb, arguments, folder.Account, cancel);

        // Ctrl+C reaches this tool too, and may end it before it ends the waiting for it.
        cancel.ThrowIfCancellationRequested();

        if (!made.Succeeded)
            throw new PrivateClusterException($"PostgreSQL could not initialize {folder.NewCluster}.{Advice(made.Output)}");

        Directory.Move(folder.NewCluster, folder.Cluster);
    }

    /// <summary>Checks that a cluster, if there is one, was made by the same major version.</summary>
    /// <exception cref="PrivateClusterException">By another; the message names both.</exception>
    public static async Task CheckVersionAsync(string cluster, PostgresBinaries binaries, CancellationToken cancel)
    {
        if (!Directory.Exists(cluster)) return;

        var file = Path.Combine(cluster, "PG_VERSION");
        var madeBy = File.Exists(file) ? (await File.ReadAllTextAsync(file, cancel)).Trim() : "an unknown version";

        if (madeBy != $"{binaries.Version.Major}")
            throw new PrivateClusterException(
                $"The cluster in {cluster} was made by PostgreSQL {madeBy}, but {binaries.Folder} is {binaries.Version}. "
                + $"Set {PostgresBinaries.Variable} to the bin folder of PostgreSQL {madeBy}, or move the cluster to the "
                + "newer version with pg_upgrade.");
    }

    /// <summary>Starts the server, after stopping one that an earlier service left running.</summary>
    public async Task StartAsync(CancellationToken cancel)
    {
        if (IsRunning) PostgresLog.StoppingOrphan(logger, folder.Cluster);

        await StopAsync(cancel);

        await WriteSettingsAsync(cancel);

        if (File.Exists(folder.Log)) File.Move(folder.Log, folder.Log + ".previous", overwrite: true);

        var switches = ClusterSettings.Durability.Select(setting => $"-c {setting.Name}={setting.Value}")
            .Prepend($"-p 5432 -k {ShellQuoted(folder.SocketFolder)} -c config_file={ShellQuoted(folder.Settings)}");

        string[] arguments =
        [
            "start", "--pgdata", folder.Cluster, "--log", folder.Log, "--options", string.Join(' ', switches),
            "--wait", "--timeout", Seconds(options.StartTimeout), "--silent",
        ];

        // pg_ctl gives the server a session of its own, so that Ctrl+C reaches this service alone.
        var start = Tool.RunAsync(binaries.PgCtl, arguments, folder.Account, cancel);

        while (await Task.WhenAny(start, Task.Delay(progressEvery, cancel)) != start && !cancel.IsCancellationRequested)
        {
            var lastLine = Tail(1);
            PostgresLog.StillStarting(logger, lastLine);
        }

        ToolResult started;

        try
        {
            started = await start;
        }
        catch (OperationCanceledException)
        {
            await StopAsync(CancellationToken.None);
            throw;
        }

        if (started.Succeeded) return;

        var tail = Tail(MessageLines);

        await StopAsync(CancellationToken.None);

        cancel.ThrowIfCancellationRequested();

        // Where the server never came to write its log, the tool says why.
        var said = tail.Length > 0 ? tail : started.Output;
        throw new PrivateClusterException($"PostgreSQL did not start in {folder.Cluster}.{OwnerAdvice(said, folder)}{Advice(said)}");
    }

    /// <summary>Stops the server if it runs, and waits for the last of its processes.</summary>
    public async Task StopAsync(CancellationToken cancel)
    {
        if (IsRunning && !await StopAsync("fast", cancel))
        {
            PostgresLog.StoppingAtOnce(logger, folder.Cluster);
            await StopAsync("immediate", cancel);
        }

        using var enough = new CancellationTokenSource(lastChildren);

        while (ServerProcesses.All(folder.Cluster) is { Count: > 0 } left)
        {
            if (enough.IsCancellationRequested)
                throw new PrivateClusterException(
                    $"PostgreSQL processes on {folder.Cluster} do not end: {string.Join(", ", left)}. End them and try again.");

            await Task.Delay(TimeSpan.FromMilliseconds(20), cancel);
        }

        folder.RemoveServerLocks();
    }

    async Task<bool> StopAsync(string mode, CancellationToken cancel)
    {
        string[] arguments =
        [
            "stop", "--pgdata", folder.Cluster, "--mode", mode, "--wait",
            "--timeout", Seconds(options.StopTimeout), "--silent",
        ];

        var stopped = await Tool.RunAsync(binaries.PgCtl, arguments, folder.Account, cancel);

        return stopped.Succeeded || !IsRunning;
    }

    async Task WriteSettingsAsync(CancellationToken cancel)
    {
        string[] question = ["-D", folder.Cluster, "-c", "wal_compression=lz4", "-C", "wal_compression"];

        var lz4 = await Tool.RunAsync(binaries.Server, question, folder.Account, cancel);
        var settings = ClusterSettings.For(options.Memory, lz4.Succeeded);
        var unfinished = folder.Settings + ".new";

        await File.WriteAllTextAsync(unfinished, ClusterSettings.ToFile(settings, folder.OwnSettings), cancel);

        // The server's account reads it; the folder's own mode keeps others from listing it.
        File.SetUnixFileMode(
            unfinished, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.OtherRead);
        File.Move(unfinished, folder.Settings, overwrite: true);
    }

    string Tail(int lines) =>
        File.Exists(folder.Log) ? string.Join('\n', File.ReadLines(folder.Log).TakeLast(lines)) : "";

    /// <summary>What a failed tool or server said, at its end, with what to do where that is known.</summary>
    public static string Advice(string output)
    {
        var isFull = output.Contains("No space left on device", StringComparison.Ordinal)
            || output.Contains("Check free disk space", StringComparison.Ordinal);
        var lastLines = string.Join('\n', output.Split('\n').TakeLast(MessageLines));

        return (isFull ? " The disk is full: free some space, or name another folder with --data DIR." : "")
            + (output.Length > 0 ? $" It said:\n{lastLines}" : "");
    }

    static string OwnerAdvice(string said, DataFolder folder) =>
        folder.Account is { } account
        && (said.Contains("Permission denied", StringComparison.Ordinal) || said.Contains("wrong ownership", StringComparison.Ordinal))
            ? $" Somebody else owns it, as after a copy made by root: run `chown -R {account} {folder.Cluster}`."
            : "";

    static string ShellQuoted(string text) => $"'{text.Replace("'", "'\\''", StringComparison.Ordinal)}'";

    static string Seconds(TimeSpan time) => $"{Math.Max(1, (int)time.TotalSeconds)}";
}
