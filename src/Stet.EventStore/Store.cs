using System.Collections.Concurrent;
using System.Security.Cryptography;
using Microsoft.Extensions.Logging;
using Npgsql;
using static Stet.EventStore.NpgsqlBatchExtensions;

namespace Stet.EventStore;

/// <summary>Immutable event streams of many tenants on PostgreSQL, each tenant's events in one dense order.</summary>
/// <remarks>Several instances, in one process or many, may use one database: a tenant's head row is their lock.</remarks>
public sealed class Store : IAsyncDisposable
{
    readonly ConcurrentDictionary<string, (int Generation, Tenant Tenant)> tenants = new(StringComparer.Ordinal);
    readonly StoreConnections connections;
    readonly EventCatalog catalog;
    readonly ITenantKeyWrap? keyWrap;
    readonly TimeProvider clock;
    readonly GroupReader reader;
    readonly Writer writer;
    int generation;

    /// <summary>Opens the store; connections are made when they are needed.</summary>
    /// <param name="connections">To the database.</param>
    /// <param name="catalog">The events it may hold.</param>
    /// <param name="projections">The read models that are written with the events.</param>
    /// <param name="log">The log that is kept beside the events; null: none is.</param>
    /// <param name="options">Bounds.</param>
    /// <param name="clock">Tells the time of recording.</param>
    /// <param name="logger">Hears of trouble with the database.</param>
    public Store(
        StoreConnections connections, EventCatalog catalog, IReadOnlyList<IInlineProjection> projections, IAppendLog? log,
        StoreOptions options, TimeProvider clock, ILogger<Store> logger)
    {
        (this.connections, this.catalog, keyWrap, this.clock) = (connections, catalog, options.KeyWrap, clock);
        reader = new GroupReader(connections.Reader);
        writer = new Writer(new WriterSession(connections, catalog, projections, log, options, clock, Outdate), options, clock, logger);
    }

    /// <summary>Why commands are not recorded now, without a secret; null when they are.</summary>
    public string? Trouble => writer.Trouble;

    /// <summary>
    /// Rises when what was read before may no longer be what there is: the writer lost its connection or met another
    /// database, or rebuilt read models have taken the place of others.
    /// </summary>
    public int Generation => Volatile.Read(ref generation);

    /// <summary>How far events may be ahead of the clock before it is worth a word.</summary>
    public static readonly TimeSpan ClockTolerance = TimeSpan.FromSeconds(1);

    /// <summary>How far the newest event that the writer has met is ahead of the clock; zero when it is not.</summary>
    public TimeSpan Ahead => writer.Newest - clock.GetUtcNow() is var ahead && ahead > TimeSpan.Zero ? ahead : TimeSpan.Zero;

    /// <summary>Commands that wait for the writer.</summary>
    public int Waiting => writer.Waiting;

    /// <summary>Decides and records one command.</summary>
    /// <exception cref="StoreUnavailableException">The queue is full, the store stops or the database is away.</exception>
    public async Task<AppendResult> AppendAsync(
        string tenantId, EventMetadata metadata, StreamCommand command, CancellationToken cancel) =>
        (await AppendAsync(tenantId, metadata, [command], receipt: false, cancel))[0];

    /// <summary>Decides commands in order, each seeing what those before it recorded: all are recorded or none.</summary>
    /// <param name="tenantId">In whose log.</param>
    /// <param name="metadata">Stored beside every event.</param>
    /// <param name="commands">The commands.</param>
    /// <param name="receipt">Whether the append log's part is wanted with the results.</param>
    /// <param name="cancel">Gives up on commands that have not been decided.</param>
    /// <exception cref="StoreUnavailableException">The queue is full, the store stops or the database is away.</exception>
    /// <exception cref="UnloggableEventException">The append log cannot carry an event: nothing was recorded.</exception>
    public async Task<AppendResult[]> AppendAsync(
        string tenantId, EventMetadata metadata, IReadOnlyList<StreamCommand> commands, bool receipt, CancellationToken cancel)
    {
        if (commands.Count == 0) return [];

        var results = await writer.EnqueueAsync(new PendingAppend(tenantId, metadata, commands, receipt, cancel));
        for (var i = 0; i < results.Length; i++)
        {
            StoreMetrics.Commands.Add(1, new KeyValuePair<string, object?>("outcome", results[i].Outcome.ToString()));
            if (results[i] is { Outcome: AppendOutcome.Repeated, Events: [] } repeated)
                results[i] = repeated with { Events = await FirstEventsAsync(tenantId, repeated, cancel) };
        }

        return results;
    }

    /// <summary>Reads a tenant's log: the events after a position, in order.</summary>
    /// <param name="tenantId">Whose log.</param>
    /// <param name="after">0 for the start.</param>
    /// <param name="limit">How many at most.</param>
    /// <param name="cancel">Ends the read.</param>
    public Task<IReadOnlyList<StoredEvent>> ReadAsync(string tenantId, long after, int limit, CancellationToken cancel) =>
        EventsAsync(tenantId, LogReader.Stretch, [Scalar(tenantId), Scalar(after), Scalar(limit)], cancel);

    /// <summary>Runs a query as the reader, inside one tenant, on one snapshot of the log; for answers of a page or so.</summary>
    /// <param name="tenantId">The tenant that row security shows; unknown ones are empty.</param>
    /// <param name="sql">One statement with positional parameters.</param>
    /// <param name="parameters">The parameters, for this call alone.</param>
    /// <param name="read">Reads the result; the position is the one that the snapshot shows.</param>
    /// <param name="cancel">Ends the wait.</param>
    /// <exception cref="StoreUnavailableException">The database is away.</exception>
    public Task<T> QueryAsync<T>(
        string tenantId, string sql, NpgsqlParameter[] parameters,
        Func<NpgsqlDataReader, long, CancellationToken, Task<T>> read, CancellationToken cancel) =>
        reader.QueryAsync(new SingleQuery<T>(tenantId, sql, parameters, read, cancel));

    /// <summary>Runs a query together with others of its kind, as the reader, inside one tenant, on one snapshot of the log.</summary>
    /// <param name="query">The query.</param>
    /// <param name="tenantId">The tenant that row security shows; unknown ones are empty.</param>
    /// <param name="key">What it is about.</param>
    /// <param name="cancel">Ends the wait.</param>
    /// <exception cref="StoreUnavailableException">The database is away.</exception>
    public Task<T> QueryAsync<TKey, T>(SharedQuery<TKey, T> query, string tenantId, TKey key, CancellationToken cancel) =>
        reader.QueryAsync(query.Ask(tenantId, key, cancel));

    /// <summary>The position of a tenant's newest event; 0 when there is none.</summary>
    public Task<long> PositionAsync(string tenantId, CancellationToken cancel) =>
        QueryAsync(tenantId, "select", [], static (_, position, _) => Task.FromResult(position), cancel);

    /// <summary>A tenant, or null while it has not been created.</summary>
    public async Task<Tenant?> FindTenantAsync(string tenantId, CancellationToken cancel)
    {
        var now = Generation;
        if (tenants.TryGetValue(tenantId, out var known) && known.Generation == now) return known.Tenant;

        var found = await AsWriterAsync(tenantId, static _ => { }, cancel);
        if (found is not null) tenants[tenantId] = (now, found);
        return found;
    }

    /// <summary>Creates a tenant's head row, keys and partition entry in one transaction; repeating it changes nothing.</summary>
    /// <param name="tenantId">A UUID in lower-case text form.</param>
    /// <param name="cancel">Ends the wait.</param>
    public async Task<Tenant> CreateTenantAsync(string tenantId, CancellationToken cancel)
    {
        var now = Generation;
        var streamKey = RandomNumberGenerator.GetBytes(32);
        (byte[]? wrapped, string? kekId) = keyWrap is null ? default : keyWrap.Wrap(tenantId, streamKey);
        var created = await AsWriterAsync(tenantId, batch => batch
            .Add("insert into stet.tenant_head (tenant_id) values ($1) on conflict do nothing", Scalar(tenantId))
            .Add("""
                insert into stet.tenant_key (tenant_id, kind, key, wrapped, kek_id)
                values ($1, 'stream', $2::bytea, $3::bytea, $4::varchar) on conflict do nothing
                """, Scalar(tenantId), Optional(keyWrap is null ? streamKey : null), Optional(wrapped), Optional(kekId))
            .Add("insert into stet.mt_tenant_partitions (partition_value, partition_suffix) values ($1, replace($1, '-', '_')) on conflict do nothing",
                Scalar(tenantId)), cancel);
        tenants[tenantId] = (now, created!);
        return created!;
    }

    /// <summary>Answers the commands and queries that wait, then closes.</summary>
    public async ValueTask DisposeAsync()
    {
        await writer.DisposeAsync();
        await reader.DisposeAsync();
    }

    void Outdate()
    {
        connections.Reader.Clear();
        tenants.Clear();
        Interlocked.Increment(ref generation);
    }

    Task<IReadOnlyList<StoredEvent>> FirstEventsAsync(string tenantId, AppendResult repeated, CancellationToken cancel) =>
        QueryAsync(
            tenantId, LogReader.Stretch, [Scalar(tenantId), Scalar(repeated.Position - repeated.Count), Scalar(repeated.Count)],
            (rows, _, token) => LogReader.ReadAsync(rows, catalog, token), cancel);

    async Task<Tenant?> AsWriterAsync(string tenantId, Action<NpgsqlBatch> before, CancellationToken cancel)
    {
        try
        {
            return await connections.AsWriterAsync(
                async connection =>
                {
                    await using var batch = new NpgsqlBatch(connection);
                    batch.EnterTenant(tenantId);
                    before(batch);
                    batch.Add("select key, wrapped, kek_id from stet.tenant_key where tenant_id = $1 and kind = 'stream'", Scalar(tenantId));
                    await using var rows = await batch.ExecuteReaderAsync(cancel);
                    await rows.NextResultAsync(cancel);
                    return await rows.ReadAsync(cancel) ? new Tenant(tenantId, StreamKey(tenantId, rows)) : null;
                },
                cancel);
        }
        catch (NpgsqlException e) when (PassingFailure.Is(e))
        {
            throw new StoreUnavailableException("the database did not answer", TimeSpan.FromSeconds(2), e);
        }
    }

    byte[] StreamKey(string tenantId, NpgsqlDataReader row)
    {
        if (!row.IsDBNull(0)) return row.GetFieldValue<byte[]>(0);

        return keyWrap is null
            ? throw new InvalidOperationException($"the keys of {tenantId} are wrapped, and this store has nothing to unwrap them with")
            : keyWrap.Unwrap(tenantId, row.GetFieldValue<byte[]>(1), row.GetString(2));
    }

    // A long read has a connection of its own: nobody's short query waits behind it.
    async Task<IReadOnlyList<StoredEvent>> EventsAsync(
        string tenantId, string sql, NpgsqlParameter[] parameters, CancellationToken cancel, bool again = false)
    {
        try
        {
            await using var connection = await connections.Reader.OpenConnectionAsync(cancel);
            await using var batch = new NpgsqlBatch(connection);
            GroupReader.Enter(batch, tenantId);
            batch.Add(sql, [.. parameters.Select(p => p.Clone())]);
            await using var rows = await batch.ExecuteReaderAsync(cancel);
            await GroupReader.PositionAsync(rows, cancel);
            await rows.NextResultAsync(cancel);
            return await LogReader.ReadAsync(rows, catalog, cancel);
        }
        catch (NpgsqlException e) when (PassingFailure.Is(e))
        {
            connections.Reader.Clear();
            // A pooled connection may have died unnoticed: a new one will tell.
            return again
                ? throw new StoreUnavailableException("the database did not answer a query", TimeSpan.FromSeconds(2), e)
                : await EventsAsync(tenantId, sql, parameters, cancel, again: true);
        }
    }
}

/// <summary>Somebody's log.</summary>
/// <param name="Id">A UUID in lower-case text form.</param>
/// <param name="StreamKey">Keys the tenant's stream ids, 32 bytes; a secret.</param>
public sealed record Tenant(string Id, byte[] StreamKey)
{
    /// <summary>The id of the stream that a context and a natural key name.</summary>
    public Guid StreamId(params ReadOnlySpan<string> parts) => StreamIds.Of(StreamKey, parts);

    /// <summary>Keys stay out of logs.</summary>
    public override string ToString() => Id;
}

static class LogReader
{
    public const string Select = "select tenant_id, seq_id, id, stream_id, version, timestamp, type, data from stet.mt_events";

    /// <summary>Of a tenant, after a position, so many at most.</summary>
    public const string Stretch = Select + " where tenant_id = $1 and seq_id > $2 order by seq_id limit $3";

    public static async Task<IReadOnlyList<StoredEvent>> ReadAsync(
        NpgsqlDataReader reader, EventCatalog catalog, CancellationToken cancel)
    {
        var events = new List<StoredEvent>();
        while (await reader.ReadAsync(cancel)) events.Add(Read(reader, catalog));
        return events;
    }

    /// <exception cref="UnreadableEventException">Its name is unknown or its body lacks the shape.</exception>
    public static StoredEvent Read(NpgsqlDataReader reader, EventCatalog catalog) => new(
        reader.GetString(0), reader.GetInt64(1), reader.GetGuid(2), reader.GetGuid(3), reader.GetInt64(4),
        reader.GetFieldValue<DateTimeOffset>(5),
        catalog.Read(reader.GetString(6), reader.GetFieldValue<byte[]>(7)));
}
