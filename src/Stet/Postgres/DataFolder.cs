using System.Security.Cryptography;
using System.Text;

namespace Stet.Postgres;

/// <summary>The private cluster's place on disk, held exclusively until it is disposed.</summary>
/// <remarks>
/// <code>
/// service.lock  service.pid    held by the one service that uses the folder
/// postgresql.conf              written at every start
/// postgresql.local.conf        the operator's own settings, which win
/// postgres/                    the cluster
/// run/                         socket and server log
/// </code>
/// PostgreSQL refuses to run as root. For root it runs as <see cref="Account"/>, which owns <c>postgres/</c> and
/// <c>run/</c> and may pass through the folder without reading it.
/// </remarks>
public sealed class DataFolder : IDisposable
{
    const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;
    const UnixFileMode OwnerAndPassage = OwnerOnly | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute;

    // sun_path of sockaddr_un, without its terminator, on the system with the smallest one (macOS).
    const int LongestSocketPath = 103;
    const string SocketName = ".s.PGSQL.5432";

    const string SystemFolder = "/var/lib/stet";

    // What a folder that was never used may hold: settings prepared by the operator, and the root of a file system.
    static readonly string[] harmless = ["postgresql.local.conf", "lost+found"];

    // What a service leaves in its folder when its database is elsewhere.
    static readonly string[] keyFiles = ["kek", "audit-state"];

    readonly FileStream hold;

    DataFolder(string path, string? account, FileStream hold, string socketFolder) =>
        (Path, Account, this.hold, SocketFolder) = (path, account, hold, socketFolder);

    /// <summary>Absolute, with every link resolved.</summary>
    public string Path { get; }

    /// <summary>The user that PostgreSQL runs as; null for the user of this process.</summary>
    public string? Account { get; }

    /// <summary>Where the socket is; outside the folder when its path is too long for a socket.</summary>
    public string SocketFolder { get; }

    public string Cluster => System.IO.Path.Combine(Path, "postgres");

    public string NewCluster => System.IO.Path.Combine(Path, "postgres.new");

    public string Log => System.IO.Path.Combine(Path, "run", "postgres.log");

    public string Settings => System.IO.Path.Combine(Path, "postgresql.conf");

    public string OwnSettings => System.IO.Path.Combine(Path, "postgresql.local.conf");

    /// <summary>Makes the folder if it is missing and takes hold of it.</summary>
    /// <exception cref="DataFolderInUseException">Another service holds it.</exception>
    /// <exception cref="PrivateClusterException">It cannot be made or used.</exception>
    public static async Task<DataFolder> OpenAsync(string folder, CancellationToken cancel)
    {
        folder = System.IO.Path.TrimEndingDirectorySeparator(System.IO.Path.GetFullPath(folder));

        try
        {
            RefuseStrange(folder);

            var account = await AccountAsync(System.IO.Path.Combine(folder, "postgres"), cancel);

            if (!Directory.Exists(folder)) await CreateAsync(folder, account, cancel);

            File.SetUnixFileMode(folder, account is null ? OwnerOnly : OwnerAndPassage);

            var held = Hold(folder);

            try
            {
                // A link may lead out of a folder that is closed to the account, so links are followed as this user.
                var path = await EnterAsync(folder, account: null, cancel) ?? folder;

                if (await EnterAsync(path, account, cancel) is null) throw CannotEnter(path, account);

                await CreateOwnedAsync(System.IO.Path.Combine(path, "run"), account, cancel);

                return new DataFolder(path, account, held, await SocketFolderAsync(path, account, cancel));
            }
            catch
            {
                held.Dispose();
                throw;
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new PrivateClusterException(
                $"The data folder {folder} cannot be used: {e.Message} Make it writable, or name another with --data DIR.", e);
        }
    }

    /// <summary>Makes an empty folder in place of a leftover of an initialization that was cut off.</summary>
    public async Task CreateNewClusterAsync(CancellationToken cancel)
    {
        if (Directory.Exists(NewCluster)) Directory.Delete(NewCluster, recursive: true);

        await CreateOwnedAsync(NewCluster, Account, cancel);
    }

    /// <summary>Removes what a server that is gone left behind; its process id may belong to somebody else by now.</summary>
    public void RemoveServerLocks()
    {
        // Elsewhere than on Linux its children may still be there unseen, and PostgreSQL finds them through this file.
        if (OperatingSystem.IsLinux()) File.Delete(System.IO.Path.Combine(Cluster, "postmaster.pid"));

        File.Delete(System.IO.Path.Combine(SocketFolder, SocketName));
        File.Delete(System.IO.Path.Combine(SocketFolder, SocketName + ".lock"));
    }

    /// <summary>Lets go of the folder.</summary>
    public void Dispose()
    {
        RemoveDistantSocketFolder(Path);
        hold.Dispose();
    }

    /// <summary>Refuses a folder that is not Stet's, or has a path that cannot be used.</summary>
    /// <exception cref="PrivateClusterException">It is such a folder.</exception>
    internal static void RefuseStrange(string folder)
    {
        // pg_ctl hands the path to a shell, between double quotes.
        if (folder.IndexOfAny(['"', '$', '`', '\\', '\n', '\r']) >= 0)
            throw new PrivateClusterException(
                $"The data folder {folder} has a quote, $, `, \\ or line end in its path, which PostgreSQL's tools do not "
                + "take. Name another with --data DIR.");

        if (Directory.Exists(folder)
            && !File.Exists(System.IO.Path.Combine(folder, "service.lock"))
            && Directory.EnumerateFileSystemEntries(folder).Any(entry => !harmless.Contains(System.IO.Path.GetFileName(entry))))
            throw new PrivateClusterException(
                keyFiles.Any(name => File.Exists(System.IO.Path.Combine(folder, name)))
                    ? $"{folder} holds the keys of a service whose database is on a server of its own: do not delete it. Name that "
                      + "server with --connection (or ConnectionStrings__Stet), or another folder with --data DIR."
                    : $"{folder} holds files that are not Stet's. Name an empty or a new folder with --data DIR.");
    }

    static async Task CreateAsync(string folder, string? account, CancellationToken cancel)
    {
        var parent = System.IO.Path.GetDirectoryName(folder)!;

        Directory.CreateDirectory(parent);

        if (await EnterAsync(parent, account, cancel) is not null)
        {
            Directory.CreateDirectory(folder, OwnerOnly);
            return;
        }

        // Root's own folders are closed to the account, so the data goes where services keep theirs.
        var target = System.IO.Path.Combine(SystemFolder, Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(8)));

        Directory.CreateDirectory(SystemFolder, OwnerAndPassage);
        Directory.CreateDirectory(target, OwnerOnly);
        Directory.CreateSymbolicLink(folder, target);
    }

    static FileStream Hold(string folder)
    {
        const int wouldBlockOnLinux = 11, wouldBlockOnMac = 35;

        var holder = System.IO.Path.Combine(folder, "service.pid");

        try
        {
            var held = new FileStream(
                System.IO.Path.Combine(folder, "service.lock"), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);

            File.WriteAllText(holder, $"{Environment.ProcessId}");

            return held;
        }
        catch (IOException e) when (e.HResult is wouldBlockOnLinux or wouldBlockOnMac)
        {
            var known = File.Exists(holder) && int.TryParse(File.ReadAllText(holder), out var pid) ? pid : (int?)null;

            throw new DataFolderInUseException(folder, known);
        }
    }

    static async Task<string?> AccountAsync(string cluster, CancellationToken cancel)
    {
        if (!Environment.IsPrivilegedProcess) return null;

        string[] question = OperatingSystem.IsMacOS() ? ["-f", "%Su", cluster] : ["-c", "%U", cluster];

        if (await Tool.RunAsync("stat", question, account: null, cancel) is { Succeeded: true, Output: var owner }
            && owner is not ("root" or "UNKNOWN"))
            return owner;

        var hasPostgres = await Tool.RunAsync("id", ["-u", "postgres"], account: null, cancel);

        return hasPostgres.Succeeded ? "postgres" : "nobody";
    }

    /// <summary>The folder with its links resolved; null when the account cannot enter it.</summary>
    static async Task<string?> EnterAsync(string folder, string? account, CancellationToken cancel) =>
        await Tool.RunAsync("/bin/sh", ["-c", "cd -- \"$1\" && pwd -P", "sh", folder], account, cancel) is
        { Succeeded: true, Output: var path }
            ? path
            : null;

    static PrivateClusterException CannotEnter(string folder, string? account) => new(
        $"PostgreSQL runs as {account ?? Environment.UserName}, who cannot enter the data folder {folder}. "
        + "Open the folders above it to that user, or name another with --data DIR.");

    static async Task CreateOwnedAsync(string folder, string? account, CancellationToken cancel)
    {
        // It may be there, and not given yet: a start that was killed in between.
        Directory.CreateDirectory(folder, OwnerOnly);
        await GiveAsync(folder, account, cancel);
    }

    static async Task GiveAsync(string folder, string? account, CancellationToken cancel)
    {
        if (account is null) return;

        var given = await Tool.RunAsync("chown", [account, folder], account: null, cancel);

        if (!given.Succeeded) throw new IOException($"{folder} cannot be given to the user {account}: {given.Output}.");
    }

    static async Task<string> SocketFolderAsync(string path, string? account, CancellationToken cancel)
    {
        var near = System.IO.Path.Combine(path, "run");

        RemoveDistantSocketFolder(path);

        if (IsFitForSocket(near)) return near;

        var distant = Directory.CreateTempSubdirectory("stet-").FullName;

        await GiveAsync(distant, account, cancel);
        Directory.CreateSymbolicLink(DistantLink(path), distant);

        return distant;
    }

    /// <summary>Whether a socket in the folder has a path that the system, PostgreSQL and Npgsql take.</summary>
    /// <remarks>PostgreSQL and Npgsql both read a comma as the start of the next host.</remarks>
    public static bool IsFitForSocket(string folder) =>
        Encoding.UTF8.GetByteCount(System.IO.Path.Combine(folder, SocketName)) <= LongestSocketPath
        && !folder.Contains(',', StringComparison.Ordinal);

    /// <summary>Where the socket of the service is that holds a folder.</summary>
    public static string RunningSocketFolder(string folder)
    {
        var opened = new DirectoryInfo(System.IO.Path.GetFullPath(folder));
        var path = opened.ResolveLinkTarget(returnFinalTarget: true)?.FullName ?? opened.FullName;

        return new DirectoryInfo(DistantLink(path)).LinkTarget ?? System.IO.Path.Combine(path, "run");
    }

    static void RemoveDistantSocketFolder(string path)
    {
        if (new DirectoryInfo(DistantLink(path)).LinkTarget is not { } distant) return;

        if (Directory.Exists(distant)) Directory.Delete(distant, recursive: true);
        File.Delete(DistantLink(path));
    }

    static string DistantLink(string path) => System.IO.Path.Combine(path, "socket");
}
