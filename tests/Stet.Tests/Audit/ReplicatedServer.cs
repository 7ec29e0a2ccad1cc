using Npgsql;
using Stet.EventStore;
using Stet.Postgres;
using Stet.Testing;

namespace Stet.Tests.Audit;

/// <summary>A PostgreSQL with a standby that follows it by streaming replication, and takes over its address.</summary>
sealed class ReplicatedServer : IAsyncDisposable
{
    const int Address = 5432;
    const int Beside = 5433;

    readonly string folder = TestCluster.NewFolder();
    readonly PostgresBinaries binaries;
    readonly string? account;
    bool standbyRuns;
    bool primaryRuns;

    ReplicatedServer(PostgresBinaries binaries, string? account) => (this.binaries, this.account) = (binaries, account);

    /// <summary>A database with the schema on whichever server has the address.</summary>
    public TestDatabase Database => TestDatabase.At(ConnectionString(Address));

    string Primary => Path.Combine(folder, "primary");

    string Standby => Path.Combine(folder, "standby");

    string Sockets => Path.Combine(folder, "run");

    public static async Task<ReplicatedServer> StartAsync()
    {
        // PostgreSQL refuses to be run by root.
        var hasPostgres = await Tool.RunAsync("id", ["-u", "postgres"], null, CancellationToken.None);
        var user = !Environment.IsPrivilegedProcess ? null : hasPostgres.Succeeded ? "postgres" : "nobody";
        var server = new ReplicatedServer(await PostgresBinaries.FindAsync(CancellationToken.None), user);
        await server.InitializeAsync();
        return server;
    }

    /// <summary>Waits until the standby has all that the primary has, and disconnects it: from now on it lags.</summary>
    public async Task DisconnectStandbyAsync()
    {
        var written = await ScalarAsync(Address, "select pg_current_wal_flush_lsn()::text");
        while ((bool)(await ScalarAsync(Beside, $"select pg_last_wal_replay_lsn() < '{written}'::pg_lsn"))!) await Task.Delay(20);
        await ControlAsync("stop", Standby, "--mode", "fast");
        standbyRuns = false;
    }

    /// <summary>The primary dies, and the standby takes its place at the address.</summary>
    public async Task FailOverAsync()
    {
        await ControlAsync("stop", Primary, "--mode", "immediate");
        primaryRuns = false;
        if (standbyRuns) await ControlAsync("stop", Standby, "--mode", "fast");
        await StartAsync(Standby, Address);
        standbyRuns = true;
        await ControlAsync("promote", Standby);
    }

    public async ValueTask DisposeAsync()
    {
        await using (var pooled = new NpgsqlConnection(Database.ConnectionString)) NpgsqlConnection.ClearPool(pooled);
        if (primaryRuns) await ControlAsync("stop", Primary, "--mode", "immediate");
        if (standbyRuns) await ControlAsync("stop", Standby, "--mode", "immediate");
        Directory.Delete(folder, recursive: true);
    }

    async Task InitializeAsync()
    {
        Directory.CreateDirectory(Sockets);
        if (account is not null) await RunAsync("chown", asAccount: false, account, folder, Sockets);
        await RunAsync(
            binaries.Initdb, asAccount: true, "--pgdata", Primary, "--username", PrivateCluster.Superuser, "--encoding", "UTF8", "--no-locale",
            "--auth-local", "trust", "--auth-host", "reject", "--no-sync");

        // The copy of a server that never ran is a base backup as good as any.
        await RunAsync("cp", asAccount: true, "-a", Primary, Standby);
        await RunAsync("touch", asAccount: true, Path.Combine(Standby, "standby.signal"));
        await StartAsync(Primary, Address);
        primaryRuns = true;
        await new SchemaMigrator(ConnectionString(Address), StetApplication.Schema).ApplyAsync(CancellationToken.None);
        await StartAsync(Standby, Beside);
        standbyRuns = true;
    }

    Task StartAsync(string data, int port) => ControlAsync(
        "start", data, "--log", $"{data}.log", "--options",
        $"-p {port} -k {Sockets} -c listen_addresses= -c primary_conninfo='host={Sockets} port={Address} user={PrivateCluster.Superuser}'");

    Task ControlAsync(string verb, string data, params string[] more) =>
        RunAsync(binaries.PgCtl, asAccount: true, [verb, "--pgdata", data, "--wait", "--silent", .. more]);

    async Task RunAsync(string program, bool asAccount, params string[] arguments)
    {
        var result = await Tool.RunAsync(program, arguments, asAccount ? account : null, CancellationToken.None);
        result.Succeeded.ShouldBeTrue($"{program} {string.Join(' ', arguments)}: {result.Output}");
    }

    async Task<object?> ScalarAsync(int port, string sql)
    {
        await using var connection = new NpgsqlConnection(ConnectionString(port));
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(sql, connection);
        return await command.ExecuteScalarAsync();
    }

    string ConnectionString(int port) => new NpgsqlConnectionStringBuilder
    {
        Host = Sockets,
        Port = port,
        Username = PrivateCluster.Superuser,
        Database = "postgres",
        Pooling = false,
        SslMode = SslMode.Disable,
        GssEncryptionMode = GssEncryptionMode.Disable,
    }.ConnectionString;
}
