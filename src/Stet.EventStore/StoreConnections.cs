using Npgsql;

namespace Stet.EventStore;

/// <summary>The connections of the two service roles, made from one login that is a member of both.</summary>
public sealed class StoreConnections : IAsyncDisposable
{
    /// <summary>
    /// An expression that names the database, and another one once it was restored, in place or not, or promoted, or its server
    /// started again.
    /// </summary>
    public const string Incarnation =
        "pg_postmaster_start_time()::text || (select d.oid from pg_database d where d.datname = current_database()) || pg_is_in_recovery()"
        + " || coalesce(pg_relation_filenode('stet.tenant_head')::bigint, 0)";

    // Every statement of the write path is a set of single-row probes: the planner must not be talked into a scan or a
    // join of whole tables by statistics that lag behind a load, and need not plan the same statement twice. Without
    // sorts, an "order by ... limit 1" names the index to take where a table has several and looks empty.
    internal const string ProbeSettings =
        "-c plan_cache_mode=force_generic_plan -c jit=off -c enable_seqscan=off -c enable_hashjoin=off"
        + " -c enable_mergejoin=off -c enable_bitmapscan=off -c enable_sort=off";

    // Shorter than the writer's patience, so that what it gives up on has been named.
    const string LockTimeout = " -c lock_timeout=8s";

    // Readers try again once, and are done before the writer gives up.
    const string ReaderLockTimeout = " -c lock_timeout=4s";

    const string WriterSettings =
        ProbeSettings + LockTimeout + " -c role=stet_writer -c synchronous_commit=on -c idle_in_transaction_session_timeout=10s";

    // One snapshot for all statements of a query, so that its answer is the log at one position.
    const string OneSnapshot = " -c default_transaction_read_only=on -c default_transaction_isolation=repeatable\\ read";

    const string ReaderSettings =
        "-c role=stet_reader -c plan_cache_mode=force_generic_plan -c jit=off -c statement_timeout=15s" + ReaderLockTimeout + OneSnapshot;

    internal const string ReaderName = "stet-reader";

    StoreConnections(string connectionString)
    {
        ConnectionString = connectionString;
        Writer = With(connectionString, "writer", "stet-writer", WriterSettings, pool: 10);
        Ahead = With(connectionString, "ahead", ReaderName, ProbeSettings + LockTimeout + " -c role=stet_writer -c statement_timeout=15s" + OneSnapshot, pool: 10);
        Reader = With(connectionString, "reader", ReaderName, ReaderSettings, pool: 32);
        Subscriber = With(connectionString, "subscriber", "stet-subscriber", WriterSettings, pool: 0);
    }

    /// <summary>The login that both were made from.</summary>
    public string ConnectionString { get; }

    /// <summary>Sessions of <c>stet_writer</c>: they add events and keep read models.</summary>
    public NpgsqlDataSource Writer { get; }

    /// <summary>Read-only sessions of <c>stet_writer</c>: they load what decisions need, while nothing is locked.</summary>
    internal NpgsqlDataSource Ahead { get; }

    /// <summary>Read-only sessions of <c>stet_reader</c>, which see one tenant or nothing.</summary>
    public NpgsqlDataSource Reader { get; }

    /// <summary>
    /// Sessions of <c>stet_writer</c> outside of the pool: for those who listen, hold locks or must not wait for a pooled one.
    /// Each ends when it is closed.
    /// </summary>
    public NpgsqlDataSource Subscriber { get; }

    /// <summary>Prepares connections; opens none.</summary>
    public static StoreConnections For(string connectionString) => new(connectionString);

    /// <summary>
    /// Does something on a session of <see cref="Writer"/>, once more when that fails in passing: a pooled connection may have
    /// died unnoticed, and a new one will tell.
    /// </summary>
    /// <param name="work">May be repeated.</param>
    /// <param name="cancel">Ends the wait for a connection.</param>
    public async Task<T> AsWriterAsync<T>(Func<NpgsqlConnection, Task<T>> work, CancellationToken cancel)
    {
        for (var again = false; ; again = true)
        {
            try
            {
                await using var connection = await Writer.OpenConnectionAsync(cancel);
                return await work(connection);
            }
            catch (NpgsqlException e) when (!again && PassingFailure.Is(e))
            {
                Writer.Clear();
            }
        }
    }

    /// <inheritdoc />
    public async ValueTask DisposeAsync()
    {
        await Writer.DisposeAsync();
        await Ahead.DisposeAsync();
        await Reader.DisposeAsync();
        await Subscriber.DisposeAsync();
    }

    static NpgsqlDataSource With(string connectionString, string name, string application, string settings, int pool)
    {
        var builder = new NpgsqlConnectionStringBuilder(connectionString) { ApplicationName = application };
        builder.Options = string.IsNullOrEmpty(builder.Options) ? settings : $"{builder.Options} {settings}";
        if (pool > 0) builder.MaxPoolSize = pool;
        else builder.Pooling = false;
        builder.MaxAutoPrepare = 100;
        builder.AutoPrepareMinUsages = 2;
        builder.NoResetOnClose = true; // sessions keep no state: the tenant is set for one transaction at a time
        builder.IncludeErrorDetail = false;
        builder.SearchPath = "stet";
        // Without a name, Npgsql's metrics would tell the connection string.
        return new NpgsqlDataSourceBuilder(builder.ConnectionString) { Name = name }.Build();
    }
}
