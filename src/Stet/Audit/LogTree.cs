using Npgsql;
using Stet.AuditLog;
using static Stet.EventStore.NpgsqlBatchExtensions;

namespace Stet.Audit;

/// <summary>Hashes of a log's tree as they are stored: full tiles as rows, the right edge of each level in the rows below.</summary>
static class LogTree
{
    /// <summary>
    /// A query for the tiles over some leaves (<c>level, n, hashes</c>), on every level: all that a proof about them
    /// takes. <c>$1</c> is the tenant.
    /// </summary>
    /// <param name="leaves">An expression: the indexes, <c>bigint[]</c>; nulls and those beyond the size are left out.</param>
    /// <param name="size">An expression: how many leaves there are to be.</param>
    /// <param name="top">The highest level.</param>
    public static string TilesOver(string leaves, string size, int top = 6) => Tiles(
        $"""
        select distinct level, leaf >> (8 * (level + 1)) as n
        from unnest({leaves}) as leaf cross join generate_series(0, {top}) as level
        where leaf <= {size} and {size} >> (8 * level) > 0
        """,
        size);

    /// <summary>
    /// A query for tiles (<c>level, n, hashes</c>). <c>$1</c> is the tenant. A row of a tile that the size does not fill is not
    /// looked at.
    /// </summary>
    /// <param name="needed">A query: <c>level, n</c>.</param>
    /// <param name="size">An expression: how many leaves there are to be.</param>
    public static string Tiles(string needed, string size) => $"""
        select needed.level, needed.n, coalesce(
            (select t.hashes from stet.audit_tile t
             where t.tenant_id = $1 and t.level = needed.level and t.n = needed.n
                and (needed.n + 1) << (8 * (needed.level + 1)) <= {size}
             order by t.n limit 1),
            case when needed.level = 0 then
                (select case when sum(length(edge.hashes)) = 32 * (max(edge.position) - needed.n * 256) then substr(
                    string_agg(edge.hashes, ''::bytea order by edge.position), 1,
                    32 * greatest(0, least(256, {size} - needed.n * 256))::int) end
                 from (
                    select l.hashes, l.position from stet.audit_leaves l
                    where l.tenant_id = $1 and l.position > needed.n * 256 and l.position <= needed.n * 256 + 256
                    order by l.position limit 256) edge)
            else
                (select string_agg(edge.root, ''::bytea order by edge.n) from (
                    select t.root, t.n from stet.audit_tile t
                    where t.tenant_id = $1 and t.level = needed.level - 1
                        and t.n >= needed.n * 256 and t.n < least(needed.n * 256 + 256, {size} >> (8 * needed.level))
                    order by t.n limit 256) edge)
            end) as hashes
        from ({needed}) needed
        """;

    /// <summary>The peaks of a size, from tiles.</summary>
    /// <param name="connection">An open connection outside of a transaction.</param>
    /// <param name="tenantId">Whose log.</param>
    /// <param name="size">At most the head's position.</param>
    /// <param name="cancel">Ends the wait.</param>
    /// <exception cref="AuditAlteredException">Rows are missing.</exception>
    public static async Task<Peaks> PeaksAsync(NpgsqlConnection connection, string tenantId, long size, CancellationToken cancel)
    {
        await using var batch = connection.BatchFor(tenantId);
        batch.Add(TilesOver("array[$2]", "$2"), Scalar(tenantId), Scalar(size));
        await using var rows = await batch.ExecuteReaderAsync(cancel);
        await rows.NextResultAsync(cancel);
        var tiles = new StoredTiles();
        while (await rows.ReadAsync(cancel)) tiles.Add(rows, 0);
        return tiles.PeaksOf(size);
    }
}

/// <summary>Tiles that were read, full or as wide as they were when they were.</summary>
sealed class StoredTiles
{
    readonly Dictionary<(int Level, long Index), byte[]> tiles = [];

    /// <summary>Takes the columns <c>level, n, hashes</c> of a row, unless they are null.</summary>
    public void Add(NpgsqlDataReader row, int column)
    {
        if (row.IsDBNull(column) || row.IsDBNull(column + 2)) return;
        tiles[(row.GetInt32(column), row.GetInt64(column + 1))] = row.GetFieldValue<byte[]>(column + 2);
        AuditMetrics.TileReads.Add(1);
    }

    /// <summary>The hash of a leaf, by index.</summary>
    /// <exception cref="AuditAlteredException">Its row is missing.</exception>
    public LogHash Leaf(long index)
    {
        var slot = (int)(index % Tile.FullWidth) * LogHash.Size;
        return tiles.TryGetValue((0, index / Tile.FullWidth), out var hashes) && hashes.Length >= slot + LogHash.Size
            ? new LogHash(hashes.AsSpan(slot, LogHash.Size))
            : throw new AuditAlteredException(index + 1);
    }

    /// <summary>A tile of leaf hashes that is full; null when it is not, or is not here.</summary>
    public FullTile? Full(Tile tile) =>
        tile.IsFull && tiles.TryGetValue((tile.Level, tile.Index), out var hashes) && hashes.Length == Tile.FullWidth * LogHash.Size
            ? new FullTile(tile.Index, hashes)
            : null;

    /// <summary>The right edge of a size.</summary>
    /// <exception cref="AuditAlteredException">Rows that must be there are not.</exception>
    public Peaks PeaksOf(long size) => new(size, Make(ProofPlan.Peaks(size)));

    /// <summary>The hashes of a proof.</summary>
    /// <exception cref="AuditAlteredException">Rows that must be there are not.</exception>
    public LogHash[] Make(ProofPlan plan)
    {
        try
        {
            return plan.Compute(tile => tiles.GetValueOrDefault((tile.Level, tile.Index)));
        }
        catch (AuditLogFormatException)
        {
            throw new AuditAlteredException(null);
        }
    }
}
