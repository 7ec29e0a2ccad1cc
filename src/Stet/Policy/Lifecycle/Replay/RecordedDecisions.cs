using Npgsql;
using Stet.EventStore;
using Stet.Policy.Decisions;
using static Stet.EventStore.NpgsqlBatchExtensions;

namespace Stet.Policy.Lifecycle;

/// <summary>
/// Reads recorded decisions of one tenant, a stretch of the log at a time, over a connection of its own. Those that differ
/// in nothing but their time are read, and prepared, once. For one thread at a time.
/// </summary>
/// <typeparam name="T">What decisions that differ in nothing but their time are made into.</typeparam>
/// <param name="connections">To the log.</param>
/// <param name="contexts">Names the events.</param>
/// <param name="tenantId">Whose log.</param>
/// <param name="prepare">Makes it of the first of them.</param>
sealed class RecordedDecisions<T>(
    StoreConnections connections, ContextCatalog contexts, string tenantId, Func<DecisionRecorded, CancellationToken, ValueTask<T>> prepare)
    : IAsyncDisposable
    where T : class
{
    /// <summary>Positions that are read at once.</summary>
    public const int Stretch = 4_096;

    // Positions whose decisions come as one value: in small packets, waiting for the next would cost more than reading.
    const int Chunk = 64;

    // Enough for what many agents ask again and again, and no more than some tens of megabytes.
    const int MostKept = 16_384;

    readonly DecisionKey key = new();
    readonly Dictionary<byte[], T> known = new(new DecisionKeyComparer());
    readonly List<(long[] Positions, byte[] Lines)> chunks = new(Stretch / Chunk);
    NpgsqlConnection? connection;

    /// <summary>Reads the decisions of a stretch.</summary>
    /// <param name="from">First position.</param>
    /// <param name="to">Last position.</param>
    /// <param name="take">Gets each, in log order.</param>
    /// <param name="cancel">Ends it early.</param>
    /// <returns>How many there were.</returns>
    public async Task<int> ReadAsync(long from, long to, Action<RecordedDecision<T>> take, CancellationToken cancel)
    {
        var count = 0;
        await FetchAsync(from, to, cancel);
        foreach (var (positions, lines) in chunks)
        {
            ReadOnlyMemory<byte> rest = lines;
            foreach (var position in positions)
            {
                var end = rest.Span.IndexOf((byte)'\n');
                var json = end < 0 ? rest : rest[..end];
                rest = end < 0 ? default : rest[(end + 1)..];
                key.Read(json.Span);
                if (!known.GetAlternateLookup<ReadOnlySpan<byte>>().TryGetValue(key.Text, out var alike)) alike = await PrepareAsync(json, cancel);
                take(new RecordedDecision<T>(position, alike, key.Now, json));
            }

            count += positions.Length;
        }

        return count;
    }

    public ValueTask DisposeAsync() => connection?.DisposeAsync() ?? default;

    /// <summary>The first of its kind, as it will be known by its key; null: it cannot be read.</summary>
    async ValueTask<T?> PrepareAsync(ReadOnlyMemory<byte> json, CancellationToken cancel)
    {
        DecisionRecorded decision;
        try
        {
            decision = (DecisionRecorded)contexts.Catalog.Read("decision_recorded", json.Span);
        }
        catch (UnreadableEventException)
        {
            return null;
        }

        if (known.Count == MostKept) known.Clear();
        var prepared = await prepare(decision, cancel);
        known.GetAlternateLookup<ReadOnlySpan<byte>>()[key.Text] = prepared;
        return prepared;
    }

    // The whole stretch, before it is looked at: whatever that takes, the statement has its end. No text of a jsonb holds a
    // line feed.
    async Task FetchAsync(long from, long to, CancellationToken cancel)
    {
        connection ??= await connections.Reader.OpenConnectionAsync(cancel);
        chunks.Clear();
        await using var batch = new NpgsqlBatch(connection);
        batch.Add("select set_config('stet.tenant', $1, true)", Scalar(tenantId));
        batch.Add($"""
            select c.positions, c.lines
            from generate_series($2, $3, {Chunk}) as first
            cross join lateral (
                select array_agg(seq_id) as positions, string_agg(data::text, E'\n') as lines
                from (
                    select seq_id, data from stet.mt_events
                    where tenant_id = $1 and seq_id between first and least(first + {Chunk - 1}, $3) and type = 'decision_recorded'
                    order by seq_id) d) c
            where c.positions is not null
            """, Scalar(tenantId), Scalar(from), Scalar(to));
        await using var rows = await batch.ExecuteReaderAsync(cancel);
        await rows.NextResultAsync(cancel);
        while (await rows.ReadAsync(cancel)) chunks.Add((rows.GetFieldValue<long[]>(0), rows.GetFieldValue<byte[]>(1)));
        chunks.Sort(static (left, right) => left.Positions[0].CompareTo(right.Positions[0])); // the server would spill them
    }
}

/// <summary>A recorded decision.</summary>
/// <param name="Position">Its position in the log.</param>
/// <param name="Alike">What it and those like it were made into; null: it cannot be read.</param>
/// <param name="Now">The time that it was made at.</param>
/// <param name="Json">As it is stored.</param>
readonly record struct RecordedDecision<T>(long Position, T? Alike, DateTimeOffset Now, ReadOnlyMemory<byte> Json) where T : class;
