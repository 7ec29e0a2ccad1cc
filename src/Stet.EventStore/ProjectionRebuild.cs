using Npgsql;

namespace Stet.EventStore;

/// <summary>Makes read models again from the log beside live traffic, compares them, puts them in place.</summary>
/// <remarks>
/// The login owns the schema, as a migration's does. The new tables stand in schema <c>stet_rebuild</c> until the
/// switch; an interrupted rebuild leaves the live tables as they were, and the next one starts from nothing.
/// </remarks>
public sealed class ProjectionRebuild(string connectionString, EventCatalog catalog)
{
    const long LockId = 0x5374_6576; // one rebuild at a time per database; migrations and life signs have their own
    const int Attempts = 20;

    /// <summary>Rebuilds one read model; writers wait for two moments, before comparing and to switch.</summary>
    /// <param name="target">What to rebuild.</param>
    /// <param name="compareOnly">Says how the live tables differ and leaves them as they are.</param>
    /// <param name="progress">Told after every few thousand events.</param>
    /// <param name="cancel">Gives up; nothing has changed then.</param>
    /// <exception cref="RebuildException">It cannot be done, or not now; the message says why.</exception>
    public async Task<RebuildReport> RunAsync(
        RebuildTarget target, bool compareOnly, IProgress<RebuildProgress>? progress, CancellationToken cancel)
    {
        // Replaying is the work of the store's writer; the others work on whole tables. A lock is waited for a little
        // longer than PostgreSQL waits before it tells an automatic vacuum to make way.
        await using var probes = Source(
            ShadowTables.SearchPath, $"{StoreConnections.ProbeSettings} -c synchronous_commit=off");
        await using var scans = Source("stet", "-c lock_timeout=1500ms -c idle_in_transaction_session_timeout=10s");
        await using var gate = await scans.OpenConnectionAsync(cancel);
        if (!await ScalarAsync<bool>(gate, $"select pg_try_advisory_lock({LockId})", cancel))
            throw new RebuildException("another rebuild is running on this database");

        await using var replaying = await probes.OpenConnectionAsync(cancel);
        var shadows = new ShadowTables(target.Tables);
        try
        {
            await shadows.CreateAsync(gate, cancel);
            var replay = new LogReplay(replaying, catalog, target, progress);
            await replay.CatchUpAsync(cancel);
            await shadows.VacuumAsync(replaying, cancel);
            var differences = await CompareAsync(scans, gate, replay, shadows, cancel);
            if (!compareOnly)
            {
                await HoldWritersAsync(gate, replay, async () =>
                {
                    await OutlastReadersAsync(gate, cancel);
                    await shadows.SwitchAsync(gate, cancel);
                    await ExecuteAsync(gate, "update stet.rebuilds set switched = switched + 1", cancel);
                }, cancel);
            }

            return new RebuildReport(target.Name, replay.Done, differences, !compareOnly);
        }
        finally
        {
            await LeaveAsync(gate);
        }
    }

    /// <summary>Compares at one position of every log, in a snapshot that outlives the hold on writers.</summary>
    static async Task<IReadOnlyList<TableDifference>> CompareAsync(
        NpgsqlDataSource scans, NpgsqlConnection gate, LogReplay replay, ShadowTables shadows, CancellationToken cancel)
    {
        await using var comparing = await scans.OpenConnectionAsync(cancel);
        await HoldWritersAsync(gate, replay, () => ExecuteAsync(comparing, """
            rollback;
            begin isolation level repeatable read read only;
            select from stet.tenant_head limit 1
            """, cancel), cancel);
        return await shadows.CompareAsync(comparing, cancel);
    }

    /// <summary>Acts while nobody writes and the shadow tables hold everything that was written.</summary>
    static async Task HoldWritersAsync(
        NpgsqlConnection gate, LogReplay replay, Func<Task> act, CancellationToken cancel)
    {
        for (var attempt = 1; ; attempt++)
        {
            await replay.CatchUpAsync(cancel);
            try
            {
                await using var hold = await gate.BeginTransactionAsync(cancel);
                await ExecuteAsync(gate, "lock table stet.tenant_head in exclusive mode", cancel);
                await replay.PassAsync(cancel);
                await act();
                await hold.CommitAsync(cancel);
                return;
            }
            catch (PostgresException e) when (
                e.SqlState is PostgresErrorCodes.LockNotAvailable or PostgresErrorCodes.DeadlockDetected)
            {
                // Whoever waits behind a lock that is asked for waits too: better let them go first.
                if (attempt == Attempts)
                    throw new RebuildException("a long transaction locks a table; try again when it has ended", e);

                await Task.Delay(TimeSpan.FromMilliseconds(100), cancel);
            }
        }
    }

    /// <summary>
    /// Waits for the queries that run. One that has its snapshot and has not touched its table would find the new table
    /// in place, and not see the rows in it that are younger than the snapshot.
    /// </summary>
    static Task OutlastReadersAsync(NpgsqlConnection gate, CancellationToken cancel) => ExecuteAsync(gate, $"""
        do $$
        declare running text[] := array(
            select l.virtualtransaction from pg_locks l join pg_stat_activity a on a.pid = l.pid
            where l.locktype = 'virtualxid' and l.mode = 'ExclusiveLock'
                and a.datname = current_database() and a.application_name = '{StoreConnections.ReaderName}');
        begin
            while exists (select from pg_locks
                where locktype = 'virtualxid' and mode = 'ExclusiveLock' and virtualtransaction = any (running)) loop
                if clock_timestamp() > statement_timestamp() + interval '1 s' then
                    raise exception 'a query does not end' using errcode = 'lock_not_available';
                end if;
                perform pg_sleep(0.005);
            end loop;
        end $$
        """, cancel);

    NpgsqlDataSource Source(string searchPath, string settings)
    {
        var builder = new NpgsqlConnectionStringBuilder(connectionString)
        {
            ApplicationName = "stet-rebuild",
            SearchPath = searchPath,
            Pooling = false,
            CommandTimeout = 0,
            MaxAutoPrepare = 20,
            IncludeErrorDetail = false,
        };
        builder.Options = string.IsNullOrEmpty(builder.Options) ? settings : $"{builder.Options} {settings}";
        return NpgsqlDataSource.Create(builder);
    }

    static async Task LeaveAsync(NpgsqlConnection gate)
    {
        try
        {
            await ShadowTables.DropAsync(gate);

            // The server may take its time to end the session: the next rebuild need not wait for that.
            await ExecuteAsync(gate, $"select pg_advisory_unlock({LockId})", CancellationToken.None);
        }
        catch (Exception e) when (e is NpgsqlException or InvalidOperationException)
        {
            // The connection is gone and the lock with it; the next rebuild begins with dropping what is left.
        }
    }

    static async Task<T> ScalarAsync<T>(NpgsqlConnection connection, string sql, CancellationToken cancel)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        return (T)(await command.ExecuteScalarAsync(cancel))!;
    }

    static async Task ExecuteAsync(NpgsqlConnection connection, string sql, CancellationToken cancel)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync(cancel);
    }
}

/// <summary>How far a rebuild is.</summary>
/// <param name="Name">What is rebuilt.</param>
/// <param name="Done">Events replayed.</param>
/// <param name="Total">Events in the log, as far as it is known to reach.</param>
/// <param name="PerSecond">Events a second, on average.</param>
public sealed record RebuildProgress(string Name, long Done, long Total, double PerSecond);

/// <summary>What a rebuild found and did.</summary>
/// <param name="Name">What was rebuilt.</param>
/// <param name="Events">Events replayed.</param>
/// <param name="Differences">How the live tables differed; empty when they were right.</param>
/// <param name="Switched">Whether the rebuilt tables are the live ones now.</param>
public sealed record RebuildReport(string Name, long Events, IReadOnlyList<TableDifference> Differences, bool Switched);

/// <summary>Rows of one table that differed in one way.</summary>
/// <param name="Table">Unqualified.</param>
/// <param name="Kind">The way.</param>
/// <param name="Rows">How many.</param>
/// <param name="Examples">Keys of up to five of them, the key's columns parted by spaces.</param>
public sealed record TableDifference(string Table, DifferenceKind Kind, long Rows, IReadOnlyList<string> Examples);

/// <summary>How a row of a live table differs from the rebuilt one.</summary>
public enum DifferenceKind
{
    /// <summary>The row has other values.</summary>
    Changed,

    /// <summary>The log does not lead to the row.</summary>
    OnlyLive,

    /// <summary>The row is missing.</summary>
    OnlyRebuilt,
}

/// <summary>A rebuild cannot be done, or not now; the live tables are as they were.</summary>
public sealed class RebuildException(string message, Exception? inner = null) : Exception(message, inner);
