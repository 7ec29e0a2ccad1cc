using System.Collections.Concurrent;
using System.Diagnostics;
using Npgsql;
using Stet.EventStore;
using static Stet.EventStore.NpgsqlBatchExtensions;

namespace Stet.Policy.Entities;

/// <summary>
/// The entities of tenants in memory. All entity events of a tenant stand in one stream, so that its version tells
/// whether what is in memory is the newest: decisions hold the stream to the version they were made with
/// (<see cref="Guard"/>), and the newest is read only when one of them was not.
/// </summary>
public sealed class PolicyEntities(Store store, ContextCatalog contexts) : IDisposable
{
    const int Chunk = 2_000;
    const int MostKept = 8;

    readonly ConcurrentDictionary<string, Entry> entries = new(StringComparer.Ordinal);

    /// <summary>Entities that stay in memory, of all tenants together: those of tenants used longest ago make room.</summary>
    internal int MostEntities { get; init; } = 1_000_000;

    /// <summary>The streams of entities, one per tenant; nothing of them is loaded for deciding.</summary>
    internal static StateType<NoState> State { get; } = StateType.Stateless("policy_entities");

    /// <summary>The stream of a tenant's entities.</summary>
    internal static Guid StreamOf(Tenant tenant) => tenant.StreamId("policy_entities");

    /// <summary>What is in memory, read from the log when there is nothing; it may be older than the newest.</summary>
    /// <exception cref="StoreUnavailableException">They cannot be read.</exception>
    public ValueTask<TenantEntities> KnownAsync(Tenant tenant, CancellationToken cancel)
    {
        var entry = EntryOf(tenant.Id);
        if (Volatile.Read(ref entry.Newest) is not { } known) return new ValueTask<TenantEntities>(RefreshAsync(tenant, cancel));

        entry.LastUsed = Stopwatch.GetTimestamp();
        return ValueTask.FromResult(known);
    }

    /// <summary>The entities with everything that was acknowledged before the call.</summary>
    /// <exception cref="StoreUnavailableException">They cannot be read.</exception>
    public async Task<TenantEntities> RefreshAsync(Tenant tenant, CancellationToken cancel)
    {
        var entry = EntryOf(tenant.Id);
        await entry.Gate.WaitAsync(cancel);
        try
        {
            var newest = await AdvanceAsync(tenant, entry.Newest ?? TenantEntities.Empty, long.MaxValue, cancel);
            Volatile.Write(ref entry.Newest, newest);
            entry.LastUsed = Stopwatch.GetTimestamp();
            MakeRoomFor(entry);
            return newest;
        }
        finally
        {
            entry.Gate.Release();
        }
    }

    /// <summary>The entities of a tenant as of a position of its log; none for an unknown tenant.</summary>
    /// <exception cref="StoreUnavailableException">They cannot be read.</exception>
    public async Task<TenantEntities> AtPositionAsync(string tenantId, long position, CancellationToken cancel)
    {
        if (await store.FindTenantAsync(tenantId, cancel) is not { } tenant) return TenantEntities.Empty;

        var known = await KnownAsync(tenant, cancel);
        if (known.Position == position) return known;

        // From the nearest that is in memory: readers of the past mostly go along the log.
        var entry = EntryOf(tenant.Id);
        var start = TenantEntities.Empty;
        lock (entry.Past)
        {
            foreach (var past in entry.Past.Append(known))
                if (past.Position <= position && past.Position > start.Position) start = past;
        }

        if (start.Position == position) return start;

        var found = await AdvanceAsync(tenant, start, position, cancel);
        lock (entry.Past)
        {
            if (found != known && !entry.Past.Contains(found)) entry.Past.Enqueue(found);
            while (entry.Past.Count > MostKept) entry.Past.Dequeue();
        }

        MakeRoomFor(entry);
        return found;
    }

    /// <summary>A command that goes through only while the tenant's entities are these.</summary>
    internal StreamCommand Guard(Tenant tenant, TenantEntities entities)
    {
        // One for all decisions until the entities change: the name of the stream takes longer than the rest of it.
        var entry = EntryOf(tenant.Id);
        if (Volatile.Read(ref entry.Guard) is { } known && known.ExpectedVersion == entities.Version) return known;

        var guard = new StreamCommand<NoState>(State, StreamOf(tenant), static (_, _) => []) { ExpectedVersion = entities.Version };
        Volatile.Write(ref entry.Guard, guard);
        return guard;
    }

    /// <summary>The events of a tenant's entities after a version and up to a position, in log order.</summary>
    internal Task<List<StoredEvent>> ReadAsync(Tenant tenant, long afterVersion, long position, int limit, CancellationToken cancel) =>
        store.QueryAsync(
            tenant.Id,
            """
            select seq_id, id, version, timestamp, type, data from stet.mt_events
            where tenant_id = $1 and stream_id = $2 and version > $3 order by version limit $4
            """,
            [Scalar(tenant.Id), Scalar(StreamOf(tenant)), Scalar(afterVersion), Scalar(limit)],
            (rows, _, token) => ReadAsync(rows, tenant, position, token), cancel);

    Entry EntryOf(string tenantId)
    {
        var generation = store.Generation;
        var entry = entries.GetOrAdd(tenantId, static (_, generation) => new Entry(generation), generation);
        return entry.Generation >= generation
            ? entry
            : entries.AddOrUpdate(
                tenantId, static (_, generation) => new Entry(generation),
                static (_, before, generation) => before.Generation >= generation ? before : new Entry(generation), generation);
    }

    async Task<TenantEntities> AdvanceAsync(Tenant tenant, TenantEntities from, long position, CancellationToken cancel)
    {
        while (true)
        {
            var events = await ReadAsync(tenant, from.Version, position, Chunk, cancel);
            from = from.With(events);
            if (events.Count < Chunk) return from;
        }
    }

    void MakeRoomFor(Entry used)
    {
        var all = entries.ToArray();
        var sum = all.Sum(e => e.Value.Size);
        if (sum <= MostEntities) return;

        foreach (var other in all.OrderBy(e => e.Value.LastUsed))
        {
            if (other.Value == used) continue;
            if (sum <= MostEntities) return;
            sum -= other.Value.Size;
            entries.TryRemove(other);
        }
    }

    /// <inheritdoc />
    public void Dispose()
    {
        foreach (var entry in entries.Values) entry.Dispose();
    }

    async Task<List<StoredEvent>> ReadAsync(NpgsqlDataReader rows, Tenant tenant, long position, CancellationToken cancel)
    {
        var events = new List<StoredEvent>();
        var stream = StreamOf(tenant);
        while (await rows.ReadAsync(cancel))
        {
            // The stream is in log order: what comes after the position ends the reading.
            if (rows.GetInt64(0) > position) break;
            events.Add(new StoredEvent(
                tenant.Id, rows.GetInt64(0), rows.GetGuid(1), stream, rows.GetInt64(2),
                rows.GetFieldValue<DateTimeOffset>(3),
                contexts.Catalog.Read(rows.GetString(4), rows.GetFieldValue<byte[]>(5))));
        }

        return events;
    }

    /// <param name="generation">Of the store, before anything was read; see <see cref="Store.Generation"/>.</param>
    sealed class Entry(int generation) : IDisposable
    {
        public readonly int Generation = generation;
        public readonly SemaphoreSlim Gate = new(1);
        public readonly Queue<TenantEntities> Past = new();
        public TenantEntities? Newest;
        public StreamCommand? Guard;
        public long LastUsed;

        public long Size
        {
            get
            {
                lock (Past) return (Volatile.Read(ref Newest)?.Count ?? 0) + Past.Sum(past => (long)past.Count);
            }
        }

        public void Dispose() => Gate.Dispose();
    }
}
