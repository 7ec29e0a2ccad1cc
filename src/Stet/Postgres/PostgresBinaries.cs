namespace Stet.Postgres;

/// <summary>A folder with <c>initdb</c>, <c>pg_ctl</c> and <c>postgres</c>, and the version they are.</summary>
public sealed record PostgresBinaries(string Folder, PostgresVersion Version)
{
    /// <summary>The environment variable that names the folder.</summary>
    public const string Variable = "STET_PG_BIN";

    static readonly string[] needed = ["initdb", "pg_ctl", "postgres"];

    // Where distributions put versions side by side: a folder, what its entries start with, and the way to the binaries.
    static readonly (string Folder, string Prefix, string Below)[] distributions =
    [
        ("/usr/lib/postgresql", "", "bin"),
        ("/usr", "pgsql-", "bin"),
        ("/usr/lib64", "pgsql", "bin"),
        ("/opt/homebrew/opt", "postgresql@", "bin"),
        ("/usr/local/opt", "postgresql@", "bin"),
        ("/home/linuxbrew/.linuxbrew/opt", "postgresql@", "bin"),
        ("/Library/PostgreSQL", "", "bin"),
        ("/Applications/Postgres.app/Contents/Versions", "", "bin"),
        ("/usr/local", "pgsql", "bin"),
        ("/usr/libexec", "postgresql", ""),
    ];

    public string Initdb => Path.Combine(Folder, "initdb");

    public string PgCtl => Path.Combine(Folder, "pg_ctl");

    public string Server => Path.Combine(Folder, "postgres");

    /// <summary>Finds the binaries: <c>STET_PG_BIN</c>, else the first on PATH, else the newest a distribution installed.</summary>
    /// <exception cref="PrivateClusterException">
    /// None of at least <see cref="PostgresVersion.OldestMajor"/>; or <c>STET_PG_BIN</c> is set and holds none.
    /// </exception>
    public static Task<PostgresBinaries> FindAsync(CancellationToken cancel) => FindAsync(
        Environment.GetEnvironmentVariable(Variable), Environment.GetEnvironmentVariable("PATH") ?? "", cancel);

    /// <summary>As above, with the values of <c>STET_PG_BIN</c> (null or empty for none) and <c>PATH</c>.</summary>
    public static async Task<PostgresBinaries> FindAsync(string? named, string path, CancellationToken cancel)
    {
        if (named is { Length: > 0 }) return Named(named, await InAsync(named, cancel));

        var onPath = await InAsync(FoldersOf(path), cancel);
        var installed = await InAsync(distributions.SelectMany(FoldersOf), cancel);

        return Choose(onPath, installed);
    }

    /// <summary>What <c>STET_PG_BIN</c> named: it is used or refused, never passed over.</summary>
    public static PostgresBinaries Named(string folder, PostgresBinaries? found) => found switch
    {
        null => throw new PrivateClusterException(
            $"{Variable} is {folder}, which does not hold a working {string.Join(", ", needed)}. "
            + "Set it to the bin folder of a PostgreSQL installation, or unset it."),
        { Version.IsSupported: false } => throw new PrivateClusterException(
            $"{Variable} is {folder}, which is PostgreSQL {found.Version}; Stet needs {PostgresVersion.OldestMajor} or later."),
        _ => found,
    };

    /// <summary>The first on PATH that is new enough, else the newest of those installed.</summary>
    public static PostgresBinaries Choose(
        IReadOnlyList<PostgresBinaries> onPath, IReadOnlyList<PostgresBinaries> installed) =>
        onPath.FirstOrDefault(found => found.Version.IsSupported)
        ?? installed.Where(found => found.Version.IsSupported).MaxBy(found => found.Version)
        ?? throw new PrivateClusterException(Missing([.. onPath, .. installed]));

    /// <summary>The folders on a PATH, in order, each once; relative entries are left out.</summary>
    public static IReadOnlyList<string> FoldersOf(string path) =>
        [.. path.Split(':').Where(Path.IsPathRooted).Select(Path.TrimEndingDirectorySeparator).Distinct()];

    static string Missing(IReadOnlyList<PostgresBinaries> tooOld) =>
        $"""
        No PostgreSQL {PostgresVersion.OldestMajor} or later is installed here{Found(tooOld)}. Any one of these will do:
          1. Install it:           apt install postgresql
                                   dnf install postgresql-server
                                   brew install postgresql@17
             or name its folder:   {Variable}=/path/to/postgresql/bin
          2. Use another server:   --connection "Host=...;Username=...;Password=...;Database=stet"
          3. Run in containers:    docker compose up
        """;

    static string Found(IReadOnlyList<PostgresBinaries> tooOld) => tooOld.Count == 0
        ? ""
        : $" (found {string.Join(", ", tooOld.Select(found => $"{found.Version} in {found.Folder}"))})";

    static IEnumerable<string> FoldersOf((string Folder, string Prefix, string Below) distribution) =>
        Directory.Exists(distribution.Folder)
            ? Directory.EnumerateDirectories(distribution.Folder, distribution.Prefix + "*")
                .Select(folder => Path.Combine(folder, distribution.Below))
            : [];

    static async Task<IReadOnlyList<PostgresBinaries>> InAsync(IEnumerable<string> folders, CancellationToken cancel)
    {
        var found = new List<PostgresBinaries>();

        foreach (var folder in folders)
            if (await InAsync(folder, cancel) is { } binaries)
                found.Add(binaries);

        return found;
    }

    static async Task<PostgresBinaries?> InAsync(string folder, CancellationToken cancel)
    {
        if (!needed.All(name => File.Exists(Path.Combine(folder, name)))) return null;

        var answer = await Tool.RunAsync(Path.Combine(folder, "postgres"), ["--version"], account: null, cancel);

        return answer.Succeeded && PostgresVersion.Parse(answer.Output) is { } version
            ? new PostgresBinaries(folder, version)
            : null;
    }
}
