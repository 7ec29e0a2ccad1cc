using Npgsql;
using Stet.AuditLog;
using Stet.EventStore;
using static Stet.EventStore.NpgsqlBatchExtensions;

namespace Stet.Audit;

/// <summary>Reads logs for those who check them. Nothing is read that no guard row covers.</summary>
public sealed class AuditReader(Store store)
{
    /// <summary>What proofs take, in one round trip and from one snapshot.</summary>
    /// <param name="tenantId">Whose log.</param>
    /// <param name="eventId">An event to look up, and whose leaf's tile to read; null: none.</param>
    /// <param name="leaves">Further leaves to prove, by index; the size of an older tree stands for its right edge.</param>
    /// <param name="witnessed">Whether to take the newest size that a witness cosigned for the newest one.</param>
    /// <param name="cancel">Ends the wait.</param>
    internal Task<LogView> ViewAsync(
        string tenantId, Guid? eventId, long[] leaves, bool witnessed, CancellationToken cancel)
    {
        var guard = witnessed
            ? """
              select s.* from (
                  select c.size from stet.audit_cosignature c where c.tenant_id = $1 order by c.size desc limit 1) w
              cross join lateral (select * from stet.audit_signed where tenant_id = $1 and size = w.size limit 1) s
              """
            : "select * from stet.audit_signed where tenant_id = $1 order by size desc limit 1";
        var sql = $"""
            select {LogTree.Incarnation}, l.frozen_at is not null, l.epoch, l.key_changes, g.size, g.root, g.peaks,
                (select string_agg(c.line || chr(10), '' order by c.witness)
                 from stet.audit_cosignature c where c.tenant_id = $1 and c.size = g.size),
                e.seq_id, p.level, p.n, p.hashes
            from stet.tenant_head h
            cross join lateral (
                select * from stet.audit_log where tenant_id = $1 order by epoch desc limit 1) l
            left join lateral ({guard}) g on true
            left join lateral (
                select seq_id from stet.mt_events where tenant_id = $1 and id = $2::uuid order by id limit 1) e on true
            left join lateral ({(eventId is null ? LogTree.TilesOver("$3", "g.size") : LogTree.TilesOver("array[e.seq_id - 1]", "g.size", top: 0))}) p on true
            where h.tenant_id = $1
            """;
        return store.QueryAsync(
            tenantId, sql, [Scalar(tenantId), Optional<object>(eventId), Scalar(leaves)], ReadViewAsync, cancel);
    }

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
            tile.Level == 0
                ? """
                  select coalesce(
                      (select hashes from stet.audit_tile where tenant_id = $1 and level = $2 and n = $3 order by n limit 1),
                      (select string_agg(edge.hash, ''::bytea order by edge.position) from (
                          select hash, position from stet.audit_leaf
                          where tenant_id = $1 and position > $3 * 256 order by position limit $4) edge))
                  """
                : """
                  select coalesce(
                      (select hashes from stet.audit_tile where tenant_id = $1 and level = $2 and n = $3 order by n limit 1),
                      (select string_agg(edge.root, ''::bytea order by edge.n) from (
                          select root, n from stet.audit_tile
                          where tenant_id = $1 and level = $2 - 1 and n >= $3 * 256 order by n limit $4) edge))
                  """,
            [Scalar(tenantId), Scalar(tile.Level), Scalar(tile.Index), Scalar(tile.Width)],
            static async (row, _, token) =>
                await row.ReadAsync(token) && !row.IsDBNull(0) ? row.GetFieldValue<byte[]>(0) : [],
            cancel);

        var length = tile.Width * LogHash.Size;
        if (hashes.Length < length) throw new AuditAlteredException(null);
        return hashes.Length == length ? hashes : hashes[..length];
    }

    /// <summary>Events with their leaves, each entry rebuilt from the event's row and found to be what was hashed.</summary>
    /// <param name="tenantId">Whose log.</param>
    /// <param name="after">The position before the first.</param>
    /// <param name="count">How many there are to be.</param>
    /// <param name="cancel">Ends the wait.</param>
    /// <exception cref="AuditAlteredException">A row is missing, or is not what was hashed.</exception>
    internal async Task<IReadOnlyList<LoggedEvent>> EventsAsync(string tenantId, long after, int count, CancellationToken cancel)
    {
        AuditMetrics.TileReads.Add(1);
        var events = await store.QueryAsync(
            tenantId,
            """
            select e.seq_id, e.id, e.stream_id, e.version, e.timestamp, e.type, e.headers ->> 'actor_class', e.data, l.hash, l.commit
            from (select * from stet.mt_events where tenant_id = $1 and seq_id > $2 order by seq_id limit $3) e
            left join lateral (
                select hash, commit from stet.audit_leaf where tenant_id = $1 and position = e.seq_id limit 1) l on true
            order by e.seq_id
            """,
            [Scalar(tenantId), Scalar(after), Scalar(count)],
            async (row, _, token) =>
            {
                var read = new List<LoggedEvent>(count);
                while (await row.ReadAsync(token)) read.Add(Logged(row, after + read.Count + 1));
                return read;
            },
            cancel);
        return events.Count == count ? events : throw new AuditAlteredException(after + events.Count + 1);
    }

    static LoggedEvent Logged(NpgsqlDataReader row, long position)
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
            ? new LoggedEvent(audited, entry, hash, commit, row.GetFieldValue<byte[]>(AuditedEventRow.Data))
            : throw new AuditAlteredException(position);
    }

    static async Task<LogView> ReadViewAsync(NpgsqlDataReader row, long position, CancellationToken cancel)
    {
        var tiles = new StoredTiles();
        LogView? view = null;
        while (await row.ReadAsync(cancel))
        {
            view ??= new LogView(
                position, row.GetString(0), row.GetBoolean(1), row.GetInt32(2), row.GetInt32(3),
                row.IsDBNull(4)
                    ? null
                    : new SignedSize(
                        row.GetInt64(4), new LogHash(row.GetFieldValue<byte[]>(5)), row.GetFieldValue<byte[]>(6),
                        row.IsDBNull(7) ? "" : row.GetString(7)),
                row.IsDBNull(8) ? null : row.GetInt64(8), tiles);
            tiles.Add(row, 9);
        }

        return view ?? throw new AuditLogChangedException();
    }
}

/// <summary>What one snapshot shows of a log.</summary>
/// <param name="Position">Of its newest event.</param>
/// <param name="Incarnation">Names the database.</param>
/// <param name="IsFrozen">Whether it signs nothing.</param>
/// <param name="Epoch">Of the log.</param>
/// <param name="KeyChanges">How often its keys have changed.</param>
/// <param name="Newest">The newest guard row; null when nothing was signed.</param>
/// <param name="EventPosition">Of the event that was asked about; null when there is none.</param>
/// <param name="Tiles">Those over the leaves that were asked about.</param>
sealed record LogView(
    long Position, string Incarnation, bool IsFrozen, int Epoch, int KeyChanges, SignedSize? Newest, long? EventPosition, StoredTiles Tiles);

/// <summary>A guard row.</summary>
/// <param name="Size">How many leaves.</param>
/// <param name="Root">Of that tree.</param>
/// <param name="Peaks">Of that tree.</param>
/// <param name="Cosignatures">Lines of witnesses for that size, each with its line end.</param>
sealed record SignedSize(long Size, LogHash Root, byte[] Peaks, string Cosignatures);

/// <summary>An event as it was logged.</summary>
/// <param name="Audited">What the entry says.</param>
/// <param name="Entry">The entry.</param>
/// <param name="Hash">Its hash as a leaf.</param>
/// <param name="Commit">The commitment to the data.</param>
/// <param name="Data">The stored data; whether it is what was committed to is for the reader to check.</param>
sealed record LoggedEvent(AuditedEvent Audited, byte[] Entry, LogHash Hash, LogHash Commit, byte[] Data);
