using Npgsql;

namespace Stet.Postgres;

/// <summary>Looks, before the service runs, at everything outside it that it needs. Changes nothing.</summary>
public static class EnvironmentCheck
{
    const long MiB = 1 << 20;

    // A crash recovers from the log, which may grow to 4 GB between checkpoints.
    const long ComfortableDisk = 8192 * MiB;
    const long LeastDisk = 512 * MiB;

    /// <summary>Looks at a server, or at what a private one needs.</summary>
    /// <param name="connectionString">The server's; null for a private one.</param>
    /// <param name="options">How the private one would run; not used with a connection string.</param>
    /// <param name="clock">The service's clock.</param>
    /// <param name="cancel">Stops the checks.</param>
    public static Task<IReadOnlyList<CheckResult>> RunAsync(
        string? connectionString, PrivateClusterOptions options, TimeProvider clock, CancellationToken cancel) =>
        connectionString is null ? PrivateAsync(options, clock, cancel) : ServerAsync(connectionString, clock, cancel);

    /// <summary>Writes the results, one per line, for people.</summary>
    /// <returns>The exit code: 1 when a check failed, else 0.</returns>
    public static int Print(IReadOnlyList<CheckResult> results, TextWriter output)
    {
        foreach (var (name, outcome, message) in results)
        {
            var word = outcome switch { CheckOutcome.Ok => "ok", CheckOutcome.Warning => "warn", _ => "FAIL" };

            output.WriteLine($"{word,-5} {name,-12} {message.ReplaceLineEndings("\n" + new string(' ', 19))}");
        }

        return results.Any(result => result.Outcome == CheckOutcome.Failure) ? 1 : 0;
    }

    /// <summary>Judges the space left for the data.</summary>
    public static CheckResult Disk(long free) => free switch
    {
        < LeastDisk => CheckResult.Failure("disk", $"{Size(free)} free: make room, or name another folder with --data DIR"),
        < ComfortableDisk => CheckResult.Warning("disk", $"{Size(free)} free: the server's log alone may take 4 GB"),
        _ => CheckResult.Ok("disk", $"{Size(free)} free"),
    };

    static async Task<IReadOnlyList<CheckResult>> ServerAsync(
        string connectionString, TimeProvider clock, CancellationToken cancel)
    {
        var alone = new NpgsqlConnectionStringBuilder();
        try
        {
            alone.ConnectionString = connectionString;
            alone.Pooling = false;

            await using var connection = new NpgsqlConnection(alone.ConnectionString);
            await connection.OpenAsync(cancel);

            var facts = await ServerFacts.AskAsync(connection, clock, cancel);

            return [CheckResult.Ok("connection", $"database `{connection.Database}` answers"), .. facts.Judge()];
        }
        catch (ArgumentException)
        {
            // Its message may quote the connection string, which holds a password.
            return [CheckResult.Failure("connection", "the connection string is malformed: give it as \"Host=...;Database=...\"")];
        }
        catch (NpgsqlException e)
        {
            return [CheckResult.Failure("connection", ServerTrouble.Of(alone, e, "check that the server runs and the connection string"))];
        }
    }

    static async Task<IReadOnlyList<CheckResult>> PrivateAsync(PrivateClusterOptions options, TimeProvider clock, CancellationToken cancel)
    {
        if (OperatingSystem.IsWindows()) return [CheckResult.Failure("PostgreSQL", PrivateCluster.UnixOnly)];

        var folder = Path.GetFullPath(options.DataFolder);

        CheckResult[] ground = [await BinariesAsync(folder, cancel), Writable(folder), Disk(new DriveInfo(Existing(folder)).AvailableFreeSpace)];

        if (!Directory.Exists(folder)) return ground;

        // A service may run on the folder: then its server can be asked, too.
        var running = await ServerAsync(PrivateCluster.RunningConnectionString(folder), clock, cancel);
        return running is [{ Outcome: CheckOutcome.Failure }] ? ground : [.. ground, .. running];
    }

    static async Task<CheckResult> BinariesAsync(string folder, CancellationToken cancel)
    {
        try
        {
            var binaries = await PostgresBinaries.FindAsync(cancel);

            await Server.CheckVersionAsync(Path.Combine(folder, "postgres"), binaries, cancel);

            return CheckResult.Ok("PostgreSQL", $"{binaries.Version} in {binaries.Folder}");
        }
        catch (Exception e) when (e is PrivateClusterException or IOException or UnauthorizedAccessException)
        {
            return CheckResult.Failure("PostgreSQL", e.Message);
        }
    }

    static CheckResult Writable(string folder)
    {
        if (File.Exists(folder))
            return CheckResult.Failure("data folder", $"{folder} is a file: name another folder with --data DIR");

        var existing = Existing(folder);

        try
        {
            DataFolder.RefuseStrange(folder);
            using var probe = new FileStream(
                Path.Combine(existing, Path.GetRandomFileName()),
                new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write, Options = FileOptions.DeleteOnClose });

            const UnixFileMode foreign =
                UnixFileMode.GroupRead | UnixFileMode.GroupWrite | UnixFileMode.OtherRead | UnixFileMode.OtherWrite;

            return existing == folder && (File.GetUnixFileMode(folder) & foreign) != UnixFileMode.None
                ? CheckResult.Warning("data folder", $"{folder} is open to other users; the next start closes it")
                : CheckResult.Ok("data folder", folder);
        }
        catch (PrivateClusterException e)
        {
            return CheckResult.Failure("data folder", e.Message);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return CheckResult.Failure(
                "data folder", $"{existing} is not writable for {Environment.UserName}: name another folder with --data DIR");
        }
    }

    // The folder itself, or the nearest one above it that is there.
    static string Existing(string folder)
    {
        while (!Directory.Exists(folder))
            folder = Path.GetDirectoryName(folder)!;

        return folder;
    }

    static string Size(long bytes) => bytes < 10_240 * MiB
        ? $"{bytes / MiB} MB"
        : $"{bytes / MiB / 1024} GB";
}
