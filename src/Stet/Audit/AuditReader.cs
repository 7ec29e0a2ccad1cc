using Npgsql;
using Stet.AuditLog;
using Stet.EventStore;
using static Stet.EventStore.NpgsqlBatchExtensions;

namespace Stet.Audit;

/// <summary>Reads logs for those who check them. Nothing is read that no guard row covers.</summary>
public sealed class AuditReader(Store store)
{
    // The newest guard row, and the newest one that a witness has cosigned. An epoch that ended may have left some of sizes
    // that the log `l` has yet to reach.
    const string OfEpoch = "(l.epoch = 1 or s.reserved_at >= l.created_at)";

    /// <summary>A table: the newest epoch of the tenant <c>$1</c>.</summary>
    internal const string NewestEpoch = "lateral (select * from stet.audit_log where tenant_id = $1 order by epoch desc limit 1)";

    /// <summary>A condition: the line <c>c</c> of a witness is about the epoch <c>l</c>, not about one that ended.</summary>
    internal const string LineOfEpoch = "(l.epoch = 1 or c.at >= l.created_at)";

    const string NewestGuard =
        $"select s.* from stet.audit_signed s where s.tenant_id = $1 and {OfEpoch} order by s.size desc limit 1";

    const string WitnessedGuard = $"""
        select s.* from stet.audit_cosignature c join stet.audit_signed s on s.tenant_id = $1 and s.size = c.size
        where c.tenant_id = $1 and {OfEpoch} and {LineOfEpoch} order by c.size desc limit 1
        """;

    /// <summary>What proofs take, in one round trip and from one snapshot.</summary>
    /// <param name="tenantId">Whose log.</param>
    /// <param name="leaves">Leaves to prove, by index; the size of an older tree stands for its right edge.</param>
    /// <param name="witnessed">Whether to take the newest size that a witness cosigned for the newest one.</param>
    /// <param name="cancel">Ends the wait.</param>
    internal Task<LogView> ViewAsync(string tenantId, long[] leaves, bool witnessed, CancellationToken cancel) =>
        store.QueryAsync(
            tenantId,
            View("p.level, p.n, p.hashes", witnessed, $"left join lateral ({LogTree.TilesOver("$2", "g.size")}) p on true"),
            [Scalar(tenantId), Scalar(leaves)],
            static async (row, position, token) =>
            {
                LogView? view = null;
                while (await row.ReadAsync(token))
                {
                    view ??= ReadView(row, position);
                    view.Tiles.Add(row, ViewColumns);
                }

                return view ?? throw new AuditLogChangedException();
            },
            cancel);

    /// <summary>Where an event is in a log, from the snapshot that shows the log.</summary>
    /// <param name="tenantId">Whose log.</param>
    /// <param name="eventId">The event.</param>
    /// <param name="witnessed">Whether to take the newest size that a witness cosigned for the newest one.</param>
    /// <param name="cancel">Ends the wait.</param>
    /// <exception cref="AuditLogChangedException">There is no log.</exception>
    internal async Task<FoundEvent> FindAsync(string tenantId, Guid eventId, bool witnessed, CancellationToken cancel) =>
        await store.QueryAsync(witnessed ? EventInWitnessed : EventInNewest, tenantId, eventId, cancel) ?? throw new AuditLogChangedException();

    /// <summary>Adds to what a proof takes.</summary>
    /// <param name="tenantId">Whose log.</param>
    /// <param name="needed">Tiles of hashes.</param>
    /// <param name="size">How many leaves they cover; a guard row's.</param>
    /// <param name="tiles">Receives them; missing ones are left out.</param>
    /// <param name="cancel">Ends the wait.</param>
    internal Task AddAsync(string tenantId, IReadOnlyList<Tile> needed, long size, StoredTiles tiles, CancellationToken cancel) =>
        store.QueryAsync(
            tenantId, LogTree.Tiles("select * from unnest($2::int[], $3::bigint[]) as t(level, n)", "$4"),
            [Scalar(tenantId), Column(needed, t => t.Level), Column(needed, t => t.Index), Scalar(size)],
            async (row, _, token) =>
            {
                while (await row.ReadAsync(token)) tiles.Add(row, 0);
                return true;
            },
            cancel);

    /// <summary>The bytes of a hash tile, exactly as wide as it says.</summary>
    /// <param name="tenantId">Whose log.</param>
    /// <param name="tile">A tile of hashes within the newest guard row's size.</param>
    /// <param name="cancel">Ends the wait.</param>
    /// <exception cref="AuditAlteredException">Rows that must be there are not.</exception>
    public async Task<byte[]> TileAsync(string tenantId, Tile tile, CancellationToken cancel)
    {
        AuditMetrics.TileReads.Add(1);
        var hashes = await store.QueryAsync(
            tenantId,
            LogTree.Tiles("select $2::int as level, $3::bigint as n", "$4"),
            [Scalar(tenantId), Scalar(tile.Level), Scalar(tile.Index), Scalar(((tile.Index * Tile.FullWidth) + tile.Width) << (Tile.Height * tile.Level))],
            static async (row, _, token) =>
                await row.ReadAsync(token) && !row.IsDBNull(2) ? row.GetFieldValue<byte[]>(2) : [],
            cancel);

        var length = tile.Width * LogHash.Size;
        if (hashes.Length < length) throw new AuditAlteredException(null);
        return hashes.Length == length ? hashes : hashes[..length];
    }

    /// <summary>Entries, each rebuilt from the event's row and found to be what was hashed.</summary>
    /// <param name="tenantId">Whose log.</param>
    /// <param name="after">The position before the first.</param>
    /// <param name="count">How many there are to be.</param>
    /// <param name="cancel">Ends the wait.</param>
    /// <exception cref="AuditAlteredException">A row is missing, or is not what was hashed.</exception>
    internal Task<IReadOnlyList<LoggedEntry>> EntriesAsync(string tenantId, long after, int count, CancellationToken cancel) =>
        LoggedAsync(tenantId, after, count, "null", static (_, entry) => entry, cancel);

    /// <summary>The same with their data, which may be 16 MiB each: one of them is in memory at a time.</summary>
    /// <param name="tenantId">Whose log.</param>
    /// <param name="after">The position before the first.</param>
    /// <param name="count">How many there are to be.</param>
    /// <param name="take">
    /// Is given each when it is read, and answers what is left of it; the first ones again when the database did not answer to the end.
    /// </param>
    /// <param name="cancel">Ends the wait.</param>
    /// <exception cref="AuditAlteredException">A row is missing, or is not what was hashed.</exception>
    internal Task<IReadOnlyList<T>> EventsAsync<T>(
        string tenantId, long after, int count, Func<LoggedEvent, T> take, CancellationToken cancel) =>
        LoggedAsync(
            tenantId, after, count, "e.data",
            (row, entry) => take(new LoggedEvent(entry, row.GetFieldValue<byte[]>(AuditedEventRow.Data))), cancel);

    /// <summary>One event with its data.</summary>
    /// <exception cref="AuditAlteredException">Its row is missing, or is not what was hashed.</exception>
    internal async Task<LoggedEvent> EventAsync(string tenantId, long position, CancellationToken cancel) =>
        (await EventsAsync(tenantId, position - 1, 1, static e => e, cancel))[0];

    async Task<IReadOnlyList<T>> LoggedAsync<T>(
        string tenantId, long after, int count, string data, Func<NpgsqlDataReader, LoggedEntry, T> read, CancellationToken cancel)
    {
        AuditMetrics.TileReads.Add(1);
        var events = await store.QueryAsync(
            tenantId,
            $"""
            select e.seq_id, e.id, e.stream_id, e.version, e.timestamp, e.type, e.headers ->> 'actor_class', {data},
                substr(l.hashes, l.at, 32), substr(l.commits, l.at, 32)
            from (select * from stet.mt_events where tenant_id = $1 and seq_id > $2 order by seq_id limit $3) e
            left join lateral (
                select hashes, commits, (e.seq_id - position)::int * 32 + length(hashes) - 31 as at
                from stet.audit_leaves where tenant_id = $1 and position >= e.seq_id order by position limit 1) l on l.at > 0
            order by e.seq_id
            """,
            [Scalar(tenantId), Scalar(after), Scalar(count)],
            async (row, _, token) =>
            {
                var logged = new List<T>(count);
                while (await row.ReadAsync(token)) logged.Add(read(row, Logged(row, after + logged.Count + 1)));
                return logged;
            },
            cancel);
        return events.Count == count ? events : throw new AuditAlteredException(after + events.Count + 1);
    }

    static LoggedEntry Logged(NpgsqlDataReader row, long position)
    {
        var audited = AuditedEventRow.Read(row);
        if (audited.Position != position || row.IsDBNull(8)) throw new AuditAlteredException(position);

        var commit = new LogHash(row.GetFieldValue<byte[]>(9));
        byte[] entry;
        try
        {
            entry = audited.Entry(commit).ToArray();
        }
        catch (AuditLogFormatException)
        {
            throw new AuditAlteredException(position);
        }

        var hash = LogHash.Leaf(entry);
        return hash == new LogHash(row.GetFieldValue<byte[]>(8))
            ? new LoggedEntry(audited, entry, hash, commit)
            : throw new AuditAlteredException(position);
    }

    /// <summary>Where a view's further columns begin.</summary>
    internal const int ViewColumns = 8;

    static readonly SharedQuery<Guid, FoundEvent?> EventInNewest = Events(witnessed: false);

    static readonly SharedQuery<Guid, FoundEvent?> EventInWitnessed = Events(witnessed: true);

    static SharedQuery<Guid, FoundEvent?> Events(bool witnessed) => new(
        View(
            """
            array(
                select (select e.seq_id from stet.mt_events e where e.tenant_id = $1 and e.id = asked.id order by e.id limit 1)
                from unnest($2::uuid[]) with ordinality as asked(id, n) order by asked.n)
            """,
            witnessed),
        static (tenantId, ids) => [Scalar(tenantId), Column(ids, id => id)],
        static async (row, position, ids) =>
        {
            if (!await row.ReadAsync()) return new FoundEvent?[ids.Count];

            var view = ReadView(row, position);
            return [.. row.GetFieldValue<long?[]>(ViewColumns).Select(at => new FoundEvent(view, at))];
        });

    /// <summary>A query for a log as it stands, one row of it, and more. <c>$1</c> is the tenant.</summary>
    /// <param name="more">Expressions over the head <c>h</c>, the log <c>l</c> and the guard row <c>g</c>.</param>
    /// <param name="witnessed">Whether to take the newest guard row that a witness has cosigned.</param>
    /// <param name="joined">What else to join.</param>
    internal static string View(string more, bool witnessed, string joined = "") => $"""
        select {StoreConnections.Incarnation}, l.frozen_at is not null, l.epoch, l.key_changes, g.size, g.root, g.peaks,
            (select string_agg(c.line || chr(10), '' order by c.witness)
             from stet.audit_cosignature c where c.tenant_id = $1 and c.size = g.size and {LineOfEpoch}),
            {more}
        from stet.tenant_head h
        cross join {NewestEpoch} l
        left join lateral ({(witnessed ? WitnessedGuard : NewestGuard)}) g on true
        {joined}
        where h.tenant_id = $1
        """;

    internal static LogView ReadView(NpgsqlDataReader row, long position) => new(
        position, row.GetString(0), row.GetBoolean(1), row.GetInt32(2), row.GetInt32(3),
        row.IsDBNull(4)
            ? null
            : new SignedSize(
                row.GetInt64(4), new LogHash(row.GetFieldValue<byte[]>(5)), row.GetFieldValue<byte[]>(6),
                row.IsDBNull(7) ? "" : row.GetString(7)),
        new StoredTiles());
}

/// <summary>What one snapshot shows of a log.</summary>
/// <param name="Position">Of its newest event.</param>
/// <param name="Incarnation">Names the database.</param>
/// <param name="IsFrozen">Whether it signs nothing.</param>
/// <param name="Epoch">Of the log.</param>
/// <param name="KeyChanges">How often its keys have changed.</param>
/// <param name="Newest">The newest guard row of the epoch; null when nothing was signed in it.</param>
/// <param name="Tiles">Those over the leaves that were asked about.</param>
sealed record LogView(
    long Position, string Incarnation, bool IsFrozen, int Epoch, int KeyChanges, SignedSize? Newest, StoredTiles Tiles);

/// <summary>Where an event is in a log.</summary>
/// <param name="View">The log as it stood then.</param>
/// <param name="Position">Of the event; null when there is none.</param>
sealed record FoundEvent(LogView View, long? Position);

/// <summary>A guard row.</summary>
/// <param name="Size">How many leaves.</param>
/// <param name="Root">Of that tree.</param>
/// <param name="Peaks">Of that tree.</param>
/// <param name="Cosignatures">Lines of witnesses for that size, each with its line end.</param>
sealed record SignedSize(long Size, LogHash Root, byte[] Peaks, string Cosignatures);

/// <summary>An entry as it was logged.</summary>
/// <param name="Audited">What it says.</param>
/// <param name="Entry">The entry.</param>
/// <param name="Hash">Its hash as a leaf.</param>
/// <param name="Commit">The commitment to the event's data.</param>
sealed record LoggedEntry(AuditedEvent Audited, byte[] Entry, LogHash Hash, LogHash Commit);

/// <summary>An entry with the event's data.</summary>
/// <param name="Logged">The entry.</param>
/// <param name="Data">As it is stored; whether it is what was committed to is for the reader to check.</param>
sealed record LoggedEvent(LoggedEntry Logged, byte[] Data);
