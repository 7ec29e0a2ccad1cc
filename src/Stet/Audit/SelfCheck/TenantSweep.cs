using Npgsql;
using Stet.AuditLog;
using static Stet.EventStore.NpgsqlBatchExtensions;

namespace Stet.Audit.SelfCheck;

/// <summary>
/// Reads one tenant's log again, from the first position to where the head stood when the sweep began, and compares
/// everything that is stored with what the events lead to. No stored hash is believed.
/// </summary>
sealed class TenantSweep : IDisposable
{
    const byte StateFormat = 1;

    readonly string tenantId;
    readonly SaltKeys salts;
    readonly SweepReader reader;
    readonly SweepPage page;
    readonly BlockCheck block = new();
    readonly TreeCheck tree;
    readonly TileCheck tiles;
    readonly Head? head;
    Findings findings;
    HashSet<string>? erasedKeys;

    TenantSweep(string tenantId, SaltKeys salts, int pageSize, long target, Head? head, TreeCheck tree, TileCheck tiles)
    {
        (this.tenantId, this.salts, this.head, this.tree, this.tiles) = (tenantId, salts, head, tree, tiles);
        (Target, reader, page, findings) = (target, new SweepReader(tenantId, salts), new SweepPage(pageSize), new Findings(tenantId));
    }

    /// <summary>How many positions have been checked.</summary>
    public long Position => tree.Size;

    /// <summary>Where the sweep ends.</summary>
    public long Target { get; }

    /// <summary>How many positions were erased, since this object began or resumed the sweep.</summary>
    public long Erased { get; private set; }

    public bool IsDone => Position == Target;

    /// <summary>Begins at the first position.</summary>
    /// <param name="connection">Of the writer, which may read keys.</param>
    /// <param name="installation">Unwraps them.</param>
    /// <param name="tenantId">Whose log.</param>
    /// <param name="pageSize">Positions in a page, a multiple of 256.</param>
    /// <param name="noted">The newest checkpoint of an origin that is remembered outside the database.</param>
    /// <param name="cancel">Ends the wait.</param>
    /// <exception cref="InstallationKeyException">A key is wrapped by one that this installation was not given.</exception>
    public static async Task<TenantSweep> BeginAsync(
        NpgsqlConnection connection, InstallationKeys installation, string tenantId, int pageSize, Func<string, SignedCheckpoint?> noted,
        CancellationToken cancel)
    {
        var bounds = await LogBounds.ReadAsync(connection, tenantId, noted, cancel);
        var sweep = new TenantSweep(
            tenantId, await SaltKeys.ReadAsync(connection, installation, tenantId, cancel), pageSize, bounds.Target,
            bounds.HeadAtTarget, new TreeCheck(), new TileCheck());
        bounds.Report(sweep.findings);
        return sweep;
    }

    /// <summary>Goes on where <see cref="State"/> was taken; null when that cannot be read any more: begin anew.</summary>
    /// <exception cref="InstallationKeyException">A key is wrapped by one that this installation was not given.</exception>
    public static async Task<TenantSweep?> ResumeAsync(
        NpgsqlConnection connection, InstallationKeys installation, string tenantId, int pageSize, byte[] state, CancellationToken cancel)
    {
        var keys = await SaltKeys.ReadAsync(connection, installation, tenantId, cancel);
        using var bytes = new BinaryReader(new MemoryStream(state));
        try
        {
            if (bytes.ReadByte() == StateFormat)
            {
                var sweep = new TenantSweep(
                    tenantId, keys, pageSize, bytes.ReadInt64(),
                    bytes.ReadBoolean() ? new Head(bytes.ReadInt64(), TreeCheck.ReadPeaks(bytes)) : null,
                    TreeCheck.Read(bytes), TileCheck.Read(bytes));
                if (sweep.Position >= 0 && sweep.Position <= sweep.Target) return sweep;
            }
        }
        catch (Exception e) when (e is EndOfStreamException or AuditLogFormatException or ArgumentException)
        {
            // Somebody wrote into it. What it stood for is checked again.
        }

        keys.Dispose();
        return null;
    }

    /// <summary>All that going on takes.</summary>
    public byte[] State()
    {
        using var bytes = new MemoryStream();
        using var writer = new BinaryWriter(bytes);
        writer.Write(StateFormat);
        writer.Write(Target);
        writer.Write(head is not null);
        if (head is not null)
        {
            writer.Write(head.Size);
            writer.Write(head.Peaks.Length);
            writer.Write(head.Peaks);
        }

        tree.Write(writer);
        tiles.Write(writer);
        return bytes.ToArray();
    }

    /// <summary>Checks the next page.</summary>
    /// <returns>What was found in it, in the order of positions but for few.</returns>
    public async Task<IReadOnlyList<Finding>> NextAsync(NpgsqlConnection connection, CancellationToken cancel)
    {
        page.Begin(Position, Target);
        await reader.ReadAsync(connection, page, cancel);
        if (page.GoneKeys.Count > 0) erasedKeys ??= await reader.ReadErasedKeysAsync(connection, cancel);
        Check();

        var found = findings.All;
        findings = new Findings(tenantId);
        return found;
    }

    /// <inheritdoc />
    public void Dispose() => salts.Dispose();

    void Check()
    {
        var guards = 0;
        MeetGuards(ref guards);
        for (var first = 0; first < page.Count; first += Tile.FullWidth)
        {
            var width = Math.Min(Tile.FullWidth, page.Count - first);
            block.Check(page, first, width, tree, head, erasedKeys ?? [], findings);
            Erased += block.Erased;
            foreach (var leaf in block.Truth[..width])
            {
                tree.Append(leaf);
                MeetGuards(ref guards);
            }

            if (width == Tile.FullWidth) tiles.Add(block.Root, tree.Size, page, findings);
        }

        if (IsDone && head is not null) tree.Meet(head, findings);
    }

    void MeetGuards(ref int next)
    {
        for (; next < page.Guards.Count && page.Guards[next].Size == tree.Size; next++) tree.Meet(page.Guards[next], findings);
    }
}

/// <summary>Where a tenant's log begins and ends, by each of its tables, at one moment.</summary>
/// <param name="Head">Null when there is none.</param>
/// <param name="FirstEvent">Its position; 1 when there is none.</param>
/// <param name="LastEvent">Its position; 0 when there is none.</param>
/// <param name="LastLeaf">Its position; 0 when there is none.</param>
/// <param name="LastGuard">The largest size that is guarded; 0 when none is.</param>
/// <param name="Noted">What is remembered outside the database as signed last.</param>
/// <param name="NotedGuard">The guarded root of that size; null when there is no such guard.</param>
/// <param name="Surplus">Full tiles that the head's size does not fill: the append that does would run into them.</param>
sealed record LogBounds(
    Head? Head, long FirstEvent, long LastEvent, long LastLeaf, long LastGuard, SignedCheckpoint? Noted, LogHash? NotedGuard,
    IReadOnlyList<Tile> Surplus)
{
    const int MostSurplus = 100;

    /// <summary>The last position that a sweep reads: a changed head cannot make it read for ever.</summary>
    public long Target => Math.Max(0, Math.Min(Head?.Size ?? long.MaxValue, Math.Max(LastEvent, LastLeaf)));

    public Head? HeadAtTarget => Head?.Size == Target ? Head : null;

    public static async Task<LogBounds> ReadAsync(
        NpgsqlConnection connection, string tenantId, Func<string, SignedCheckpoint?> noted, CancellationToken cancel)
    {
        // First what is remembered: the log may grow and be signed until the rest is read.
        var note = await OriginAsync(connection, tenantId, cancel) is { } origin ? noted(origin) : null;

        await using var batch = connection.BatchFor(tenantId);
        batch.Add("""
            select h.position, h.audit_peaks,
                coalesce((select e.seq_id from stet.mt_events e where e.tenant_id = $1 order by e.seq_id limit 1), 1),
                coalesce((select e.seq_id from stet.mt_events e where e.tenant_id = $1 order by e.seq_id desc limit 1), 0),
                coalesce((select l.position from stet.audit_leaves l where l.tenant_id = $1 order by l.position desc limit 1), 0),
                coalesce((select g.size from stet.audit_signed g where g.tenant_id = $1 order by g.size desc limit 1), 0),
                (select g.root from stet.audit_signed g where g.tenant_id = $1 and g.size = $2)
            from (values ($1)) wanted (tenant_id) left join stet.tenant_head h on h.tenant_id = wanted.tenant_id
            """, Scalar(tenantId), Scalar(note?.Size ?? -1));
        batch.Add("""
            select t.level, t.n from stet.tenant_head h
            cross join generate_series(0, 6) as above (level)
            cross join lateral (
                select level, n from stet.audit_tile
                where tenant_id = $1 and level = above.level and n >= h.position >> (8 * (above.level + 1)) order by n limit $2) t
            where h.tenant_id = $1 order by t.level, t.n
            """, Scalar(tenantId), Scalar(MostSurplus));
        await using var rows = await batch.ExecuteReaderAsync(cancel);
        await rows.NextResultAsync(cancel);
        await rows.ReadAsync(cancel);
        var head = rows.IsDBNull(0) ? null : new Head(rows.GetInt64(0), rows.GetFieldValue<byte[]>(1));
        var bounds = new LogBounds(
            head, rows.GetInt64(2), rows.GetInt64(3), rows.GetInt64(4), rows.GetInt64(5), note,
            rows.IsDBNull(6) ? null : StoredTile.HashOf(rows.GetFieldValue<byte[]>(6)), []);

        await rows.NextResultAsync(cancel);
        var surplus = new List<Tile>();
        while (await rows.ReadAsync(cancel)) surplus.Add(new Tile(rows.GetInt16(0), rows.GetInt64(1), Tile.FullWidth));
        return bounds with { Surplus = surplus };
    }

    /// <summary>What is wrong with the bounds themselves.</summary>
    public void Report(Findings findings)
    {
        var last = Math.Max(LastEvent, LastLeaf);
        if (FirstEvent < 1) findings.Add(PositionState.Altered, LogParts.Event, FirstEvent, 0);
        if (Head is null) findings.Add(PositionState.Missing, LogParts.Head, last);
        else if (Head.Size > last) findings.Add(PositionState.Missing, LogParts.Event | LogParts.Leaf, last + 1, Head.Size);
        else if (Head.Size < last) findings.Add(PositionState.Altered, LogParts.Head, Head.Size + 1, last);
        if (LastGuard > (Head?.Size ?? last)) findings.Add(PositionState.Altered, LogParts.Guard, LastGuard);
        if (Noted is { Size: > 0 } noted) Report(noted, Math.Max(last, Head?.Size ?? 0), findings);
        foreach (var tile in Surplus) findings.Add(PositionState.Altered, LogParts.Tile, LastLeafOf(tile), tile: tile);
    }

    /// <summary>No size is signed, and so remembered, without a guard, which is held against the leaves when the sweep gets there.</summary>
    void Report(SignedCheckpoint noted, long size, Findings findings)
    {
        if (noted.Size > size) findings.Add(PositionState.Missing, LogParts.Event | LogParts.Leaf, size + 1, noted.Size);
        if (NotedGuard is null) findings.Add(PositionState.Missing, LogParts.Guard, noted.Size);
        else if (NotedGuard != noted.Root) findings.Add(PositionState.Altered, LogParts.Guard, noted.Size);
    }

    /// <summary>The position of the last leaf under a tile, whose index may be anything.</summary>
    static long LastLeafOf(Tile tile)
    {
        var height = Tile.Height * (tile.Level + 1);
        return tile.Index < long.MaxValue >> height ? (tile.Index + 1) << height : long.MaxValue;
    }

    static async Task<string?> OriginAsync(NpgsqlConnection connection, string tenantId, CancellationToken cancel)
    {
        await using var batch = connection.BatchFor(tenantId);
        batch.Add("select origin from stet.audit_log where tenant_id = $1 order by epoch desc limit 1", Scalar(tenantId));
        await using var rows = await batch.ExecuteReaderAsync(cancel);
        await rows.NextResultAsync(cancel);
        return await rows.ReadAsync(cancel) ? rows.GetString(0) : null;
    }
}
