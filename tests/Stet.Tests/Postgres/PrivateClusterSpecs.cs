using System.Diagnostics;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;
using Stet.Postgres;
using Stet.Testing;

namespace Stet.Tests.Postgres;

public sealed class PrivateClusterSpecs : IDisposable
{
    readonly string root = TestCluster.NewFolder();

    public PrivateClusterSpecs() => TestCluster.KeepSmall(root);

    PrivateClusterOptions Options => new() { DataFolder = root, Memory = 512 << 20 };

    [Fact]
    public async Task A_second_start_finds_the_data_of_the_first()
    {
        await using (var first = await StartAsync())
        {
            await ScalarAsync(first.ConnectionString, "create table kept as select 42 as answer");

            (await ScalarAsync(first.ConnectionString, "show data_checksums")).ShouldBe("on");
            (await ScalarAsync(first.ConnectionString, "show server_encoding")).ShouldBe("UTF8");
            (await ScalarAsync(first.ConnectionString, "show lc_collate")).ShouldBe("C");
            (await ScalarAsync(first.ConnectionString, "show listen_addresses")).ShouldBe("");

            // Further disposals wait for the first and are harmless.
            await first.DisposeAsync();
        }

        ServerProcesses.All(Path.Combine(root, "postgres")).ShouldBeEmpty();

        await using var second = await StartAsync();

        (await ScalarAsync(second.ConnectionString, "select answer from kept")).ShouldBe(42);
    }

    [Fact]
    public async Task A_server_that_a_killed_service_left_running_is_replaced()
    {
        var left = await LeaveRunningAsync();

        await using var cluster = await StartAsync();

        ServerProcesses.Postmaster(cluster.DataDirectory).ShouldNotBe(left);
        (await ScalarAsync(cluster.ConnectionString, "select 1")).ShouldBe(1);
    }

    [Fact]
    public async Task A_start_after_a_crash_recovers_though_the_process_id_has_a_new_owner()
    {
        var left = await LeaveRunningAsync();
        var pidFile = Path.Combine(root, "postgres", "postmaster.pid");

        using (var server = Process.GetProcessById(left)) server.Kill();
        await File.WriteAllTextAsync(pidFile, (await File.ReadAllTextAsync(pidFile)).Replace($"{left}", $"{Environment.ProcessId}"));

        await using var cluster = await StartAsync();

        (await ScalarAsync(cluster.ConnectionString, "select 1")).ShouldBe(1);
    }

    [Fact]
    public async Task A_server_that_dies_is_started_again_with_all_that_was_acknowledged()
    {
        await using var cluster = await TestCluster.OwnAsync();
        var before = cluster.PostmasterPid;

        await ScalarAsync(cluster.ConnectionString, "create table kept as select 42 as answer");
        cluster.Kill();

        (await ScalarOnceUpAsync(cluster.ConnectionString, "select answer from kept")).ShouldBe(42);
        cluster.PostmasterPid.ShouldNotBe(before);
    }

    [Fact]
    public async Task The_operators_settings_win_except_over_durability_and_a_wrong_one_is_shown()
    {
        var own = Path.Combine(root, "postgresql.local.conf");

        await File.WriteAllTextAsync(own, "work_memory = 16MB");
        (await Should.ThrowAsync<PrivateClusterException>(StartAsync)).Message.ShouldContain("\"work_memory\"");

        await File.WriteAllTextAsync(own, "work_mem = 16MB\nfsync = off\nsynchronous_commit = off");
        await using var cluster = await StartAsync();

        (await ScalarAsync(cluster.ConnectionString, "show work_mem")).ShouldBe("16MB");
        (await ScalarAsync(cluster.ConnectionString, "show fsync")).ShouldBe("on");
        (await ScalarAsync(cluster.ConnectionString, "show synchronous_commit")).ShouldBe("on");
    }

    [Fact]
    public async Task A_cluster_has_log_files_ahead_as_one_that_has_been_busy()
    {
        await File.WriteAllTextAsync(Path.Combine(root, "postgresql.local.conf"), "min_wal_size = 160MB\n");
        await using var cluster = await StartAsync();

        using var limit = new CancellationTokenSource(TimeSpan.FromMinutes(1));
        const string Ahead = "select count(*) from pg_ls_waldir() where name > pg_walfile_name(pg_current_wal_lsn())";
        while ((long)(await ScalarAsync(cluster.ConnectionString, Ahead))! < 8) await Task.Delay(100, limit.Token);
    }

    [Theory]
    [InlineData(1, 100, 63)]
    [InlineData(64, 100, 0)]
    [InlineData(200, 100, 0)]
    [InlineData(1, 7, 0)]
    public void Log_files_are_made_ahead_where_there_is_room(long files, long freeGiB, long missing) =>
        WalReserve.Missing(1 << 30, 16 << 20, files, freeGiB << 30).ShouldBe(missing);

    [Fact]
    public async Task A_first_start_that_was_cut_off_is_done_over_even_in_a_path_too_long_for_a_socket()
    {
        var data = Path.Combine(root, $"it's {new string('d', 100)}");

        (await DataFolder.OpenAsync(data, CancellationToken.None)).Dispose();
        Directory.CreateDirectory(Path.Combine(data, "postgres.new", "base"));

        await using var cluster = await PrivateCluster.StartAsync(
            Options with { DataFolder = data }, NullLogger.Instance, CancellationToken.None);

        (await ScalarAsync(cluster.ConnectionString, "select 1")).ShouldBe(1);
        Directory.Exists(Path.Combine(data, "postgres.new")).ShouldBeFalse();
    }

    [Fact]
    public async Task A_cluster_of_another_major_version_is_refused_by_both_names()
    {
        Directory.CreateDirectory(Path.Combine(root, "postgres"));
        await File.WriteAllTextAsync(Path.Combine(root, "postgres", "PG_VERSION"), "14\n");
        await File.WriteAllTextAsync(Path.Combine(root, "service.lock"), "");

        var failure = await Should.ThrowAsync<PrivateClusterException>(StartAsync);

        failure.Message.ShouldContain("was made by PostgreSQL 14, but");
        failure.Message.ShouldContain($"is {(await PostgresBinaries.FindAsync(CancellationToken.None)).Version}.");
    }

    [Fact]
    public void Attempts_to_start_again_grow_rarer() =>
        Enumerable.Range(0, 8).Select(PrivateCluster.PauseBefore).ShouldBe(
            new[] { 0, 1, 2, 4, 8, 16, 30, 30 }.Select(seconds => TimeSpan.FromSeconds(seconds)));

    [Theory]
    [InlineData("FATAL:  could not write to file \"pg_wal/1\": No space left on device")]
    [InlineData("HINT:  Check free disk space.")]
    public void A_full_disk_is_named(string said) =>
        Server.Advice(said).ShouldBe($" The disk is full: free some space, or name another folder with --data DIR. It said:\n{said}");

    [Fact]
    public void Of_what_a_failed_tool_said_the_end_is_shown() =>
        Server.Advice(string.Join('\n', Enumerable.Range(1, 20))).ShouldBe(
            $" It said:\n{string.Join('\n', Enumerable.Range(9, 12))}");

    [Fact]
    public async Task A_start_that_is_called_off_lets_go_of_the_folder()
    {
        using var cancel = new CancellationTokenSource();
        var starting = PrivateCluster.StartAsync(Options, NullLogger.Instance, cancel.Token);

        await cancel.CancelAsync();
        await Should.ThrowAsync<OperationCanceledException>(() => starting);

        (await DataFolder.OpenAsync(root, CancellationToken.None)).Dispose();
    }

    public void Dispose() => Directory.Delete(root, recursive: true);

    Task<PrivateCluster> StartAsync() =>
        PrivateCluster.StartAsync(Options, NullLogger.Instance, CancellationToken.None);

    // What a service leaves that is killed: the folder let go, the server running.
    async Task<int> LeaveRunningAsync()
    {
        using var folder = await DataFolder.OpenAsync(root, CancellationToken.None);
        var binaries = await PostgresBinaries.FindAsync(CancellationToken.None);
        var server = new Server(folder, binaries, Options, NullLogger.Instance);

        await server.InitializeAsync(CancellationToken.None);
        await server.StartAsync(CancellationToken.None);

        return ServerProcesses.Postmaster(folder.Cluster).ShouldNotBeNull();
    }

    static async Task<object?> ScalarAsync(string connectionString, string sql)
    {
        await using var source = NpgsqlDataSource.Create(connectionString);
        await using var command = source.CreateCommand(sql);

        return await command.ExecuteScalarAsync();
    }

    static async Task<object?> ScalarOnceUpAsync(string connectionString, string sql)
    {
        using var enough = new CancellationTokenSource(TimeSpan.FromSeconds(30));

        while (true)
        {
            try
            {
                return await ScalarAsync(connectionString, sql);
            }
            catch (NpgsqlException) when (!enough.IsCancellationRequested)
            {
                await Task.Delay(TimeSpan.FromMilliseconds(20), enough.Token);
            }
        }
    }
}
