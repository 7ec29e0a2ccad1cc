using System.Text.Json;
using Npgsql;
using Stet.EventStore;
using Stet.Policy.Decisions;
using static Stet.EventStore.NpgsqlBatchExtensions;

namespace Stet.Policy.Lifecycle;

/// <summary>
/// Reads recorded decisions of one tenant, a stretch of the log at a time; between stretches it holds no connection. Those
/// that differ in nothing but their time are prepared once. For one thread at a time.
/// </summary>
/// <typeparam name="T">What decisions that differ in nothing but their time are made into.</typeparam>
/// <param name="connections">To the log.</param>
/// <param name="contexts">Names the events.</param>
/// <param name="tenantId">Whose log.</param>
/// <param name="whole">
/// Reads every decision whole; else those with a <see cref="ReplayDigest"/> only as far as that has not come up before.
/// </param>
/// <param name="prepare">Makes it of the first of them; null: it is none that can be made into anything.</param>
sealed class RecordedDecisions<T>(
    StoreConnections connections, ContextCatalog contexts, string tenantId, bool whole,
    Func<DecisionRecorded, CancellationToken, ValueTask<T?>> prepare)
    where T : class
{
    /// <summary>Positions that are read at once.</summary>
    public const int Stretch = 4_096;

    // Positions whose decisions come as one value: in small packets, waiting for the next would cost more than reading.
    const int Chunk = 64;

    // Enough for what many agents ask again and again, and no more than some tens of megabytes.
    const int MostKept = 16_384;

    readonly DecisionKey key = new();
    readonly Dictionary<byte[], T?> known = new(new DecisionKeyComparer());
    readonly List<(long[] Positions, byte[] Lines)> chunks = new(Stretch / Chunk);

    // No text of a jsonb begins with the mark or holds a line feed.
    string Line => whole
        ? "data::text"
        : "coalesce('#' || (data ->> 'replay_digest') || (data -> 'now')::text, data::text)";

    /// <summary>Reads the decisions of a stretch.</summary>
    /// <param name="from">First position.</param>
    /// <param name="to">Last position, at most <see cref="Stretch"/> positions on.</param>
    /// <param name="take">Gets each, in log order.</param>
    /// <param name="cancel">Ends it early.</param>
    /// <returns>How many there were.</returns>
    public async Task<int> ReadAsync(long from, long to, Action<RecordedDecision<T>> take, CancellationToken cancel)
    {
        if (known.Count > MostKept - Stretch) known.Clear(); // here: what the stretch makes known is known to its end
        await using (var connection = await connections.Reader.OpenConnectionAsync(cancel))
        {
            await FetchAsync(connection, from, to, cancel);
            await FetchUnknownAsync(connection, cancel);
        }

        var count = 0;
        foreach (var (position, line) in Lines(chunks))
        {
            if (!TryFind(line.Span, out var alike, out var now)) known[key.Text.ToArray()] = alike = await PrepareAsync(line, cancel);
            take(new RecordedDecision<T>(position, alike, now, line));
            count++;
        }

        return count;
    }

    static IEnumerable<(long Position, ReadOnlyMemory<byte> Line)> Lines(IEnumerable<(long[] Positions, byte[] Lines)> chunks)
    {
        foreach (var (positions, lines) in chunks)
        {
            ReadOnlyMemory<byte> rest = lines;
            foreach (var position in positions)
            {
                var end = rest.Span.IndexOf((byte)'\n');
                yield return (position, end < 0 ? rest : rest[..end]);
                rest = end < 0 ? default : rest[(end + 1)..];
            }
        }
    }

    static bool TryReadDigest(ReadOnlySpan<byte> line, out ReadOnlySpan<byte> digest, out ReadOnlySpan<byte> time)
    {
        digest = time = default;
        if (line[0] != (byte)'#') return false;

        var end = line.IndexOf((byte)'"') is var quote and >= 0 ? quote : line.Length;
        digest = line[1..end];
        time = line[end..];
        return true;
    }

    static DateTimeOffset TimeOf(ReadOnlySpan<byte> text)
    {
        var json = new Utf8JsonReader(text);
        return text.Length > 0 && json.Read() && json.TryGetDateTimeOffset(out var time) ? time.ToUniversalTime() : default;
    }

    bool TryFind(ReadOnlySpan<byte> line, out T? alike, out DateTimeOffset now)
    {
        if (TryReadDigest(line, out var digest, out var time))
        {
            now = TimeOf(time);
            alike = known.GetAlternateLookup<ReadOnlySpan<byte>>()[digest];
            return true;
        }

        key.Read(line);
        now = key.Now;
        return known.GetAlternateLookup<ReadOnlySpan<byte>>().TryGetValue(key.Text, out alike);
    }

    /// <summary>The first of its kind; null: it cannot be read.</summary>
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

        return await prepare(decision, cancel);
    }

    // The whole stretch, before it is looked at: whatever that takes, the statement has its end.
    async Task FetchAsync(NpgsqlConnection connection, long from, long to, CancellationToken cancel)
    {
        chunks.Clear();
        await using var batch = connection.BatchFor(tenantId);
        batch.Add($"""
            select c.positions, c.lines
            from generate_series($2, $3, {Chunk}) as first
            cross join lateral (
                select array_agg(seq_id) as positions, string_agg({Line}, E'\n') as lines
                from (
                    select seq_id, data from stet.mt_events
                    where tenant_id = $1 and seq_id between first and least(first + {Chunk - 1}, $3) and type = 'decision_recorded'
                    order by seq_id) d) c
            where c.positions is not null
            """, Scalar(tenantId), Scalar(from), Scalar(to));
        await ReadAsync(batch, chunks, cancel);
        chunks.Sort(static (left, right) => left.Positions[0].CompareTo(right.Positions[0])); // the server would spill them
    }

    /// <summary>Reads and prepares the first of those whose digest has not come up before.</summary>
    async Task FetchUnknownAsync(NpgsqlConnection connection, CancellationToken cancel)
    {
        var unknown = new Dictionary<long, byte[]>();
        var digests = new HashSet<byte[]>(known.Comparer).GetAlternateLookup<ReadOnlySpan<byte>>();
        foreach (var (position, line) in Lines(chunks)) Note(position, line.Span);
        if (unknown.Count == 0) return;

        var found = new List<(long[] Positions, byte[] Lines)>();
        await using var batch = connection.BatchFor(tenantId);
        foreach (var positions in unknown.Keys.Chunk(Chunk))
        {
            batch.Add("""
                select array_agg(seq_id), string_agg(data::text, E'\n')
                from (
                    select seq_id, data from stet.mt_events
                    where tenant_id = $1 and seq_id = any($2) and type = 'decision_recorded'
                    order by seq_id) d
                having count(*) > 0
                """, Scalar(tenantId), Scalar(positions));
        }

        await ReadAsync(batch, found, cancel);
        foreach (var (position, json) in Lines(found)) known[unknown[position]] = await PrepareAsync(json, cancel);

        void Note(long position, ReadOnlySpan<byte> line)
        {
            if (TryReadDigest(line, out var digest, out _)
                && !known.GetAlternateLookup<ReadOnlySpan<byte>>().ContainsKey(digest) && digests.Add(digest))
            {
                unknown.Add(position, digest.ToArray());
            }
        }
    }

    static async Task ReadAsync(NpgsqlBatch batch, List<(long[] Positions, byte[] Lines)> chunks, CancellationToken cancel)
    {
        await using var rows = await batch.ExecuteReaderAsync(cancel);
        while (await rows.NextResultAsync(cancel))
            while (await rows.ReadAsync(cancel)) chunks.Add((rows.GetFieldValue<long[]>(0), rows.GetFieldValue<byte[]>(1)));
    }
}

/// <summary>A recorded decision.</summary>
/// <param name="Position">Its position in the log.</param>
/// <param name="Alike">What it and those like it were made into; null: it cannot be read.</param>
/// <param name="Now">The time that it was made at.</param>
/// <param name="Json">As it is stored, if it was read whole.</param>
readonly record struct RecordedDecision<T>(long Position, T? Alike, DateTimeOffset Now, ReadOnlyMemory<byte> Json) where T : class;
