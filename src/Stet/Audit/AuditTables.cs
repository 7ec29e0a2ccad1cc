using Npgsql;
using Stet.AuditLog;
using static Stet.EventStore.NpgsqlBatchExtensions;

namespace Stet.Audit;

/// <summary>How rows get into the tables of the audit log, and how its right edge is folded from them.</summary>
static class AuditTables
{
    /// <summary>The most leaves of a row: with some more, PostgreSQL would keep them apart from it (TOAST).</summary>
    const int LeavesInRow = 30;

    /// <summary>Adds leaves, of each log those that follow one another.</summary>
    public static void AddLeaves(IReadOnlyList<(string TenantId, IReadOnlyList<AuditLeaf> Leaves)> logs, NpgsqlBatch batch)
    {
        var rows = new List<LeafRow>();
        foreach (var (tenantId, leaves) in logs)
        {
            for (int next = 0, count; next < leaves.Count; next += count)
            {
                // INVARIANT: no row goes beyond the end of a tile.
                var inTile = Tile.FullWidth - (int)((leaves[next].Audited.Position - 1) % Tile.FullWidth);
                count = Math.Min(Math.Min(LeavesInRow, inTile), leaves.Count - next);
                rows.Add(LeafRow.Of(tenantId, leaves, next, count));
            }
        }

        batch.Add("""
            insert into stet.audit_leaves (tenant_id, position, hashes, commits)
            select unnest($1::varchar[]), unnest($2::bigint[]), unnest($3::bytea[]), unnest($4::bytea[])
            """,
            Column(rows, r => r.TenantId), Column(rows, r => r.Position), Column(rows, r => r.Hashes), Column(rows, r => r.Commits));
    }

    /// <summary>Adds full tiles. A leaf or tile that is missing below breaks the length of one, and with it the transaction.</summary>
    public static void AddTiles((string TenantId, FilledTile Tile)[] tiles, NpgsqlBatch batch)
    {
        foreach (var level in tiles.GroupBy(t => t.Tile.Level).OrderBy(g => g.Key))
        {
            var (rows, below) = (level.ToArray(), level.Key == 0
                ? """
                  select hashes, position as n from stet.audit_leaves
                  where tenant_id = t.tenant_id and position > t.n * 256 and position <= (t.n + 1) * 256
                  order by position limit 256
                  """
                : $"""
                  select root as hashes, n from stet.audit_tile
                  where tenant_id = t.tenant_id and level = {level.Key - 1} and n >= t.n * 256 and n < (t.n + 1) * 256
                  order by n limit 256
                  """);
            batch.Add($"""
                insert into stet.audit_tile (tenant_id, level, n, root, hashes)
                select t.tenant_id, {level.Key}, t.n, t.root, coalesce(filled.hashes, '')
                from unnest($1::varchar[], $2::bigint[], $3::bytea[]) as t(tenant_id, n, root)
                cross join lateral (select string_agg(hashes, ''::bytea order by n) as hashes from ({below}) below) filled
                """,
                Column(rows, t => t.TenantId), Column(rows, t => t.Tile.Index), Column(rows, t => t.Tile.Root.ToArray()));
        }
    }

    public static void AddGuards((string TenantId, Peaks Tree, DateTimeOffset At)[] guards, NpgsqlBatch batch)
    {
        if (guards.Length == 0) return;
        batch.Add("""
            insert into stet.audit_signed (tenant_id, size, root, peaks, reserved_at)
            select unnest($1::varchar[]), unnest($2::bigint[]), unnest($3::bytea[]), unnest($4::bytea[]), unnest($5::timestamptz[])
            """,
            Column(guards, g => g.TenantId), Column(guards, g => g.Tree.Size), Column(guards, g => g.Tree.Root.ToArray()),
            Column(guards, g => g.Tree.ToArray()), Column(guards, g => g.At.UtcDateTime));
    }

    /// <summary>Adds a key that is used from a position on.</summary>
    public static void AddKey(string tenantId, int epoch, NewKey key, long fromPosition, NpgsqlBatch batch) =>
        batch.Add("""
            insert into stet.audit_key (tenant_id, kind, key_id, epoch, public_key, wrapped, kek_id, from_position)
            values ($1, $2, $3, $4, $5::bytea, $6, $7, $8)
            """,
            Scalar(tenantId), Scalar(key.Kind), Scalar(key.KeyId), Scalar(epoch), Optional(key.PublicKey), Scalar(key.Wrapped),
            Scalar(key.KekId), Scalar(fromPosition));

    /// <summary>Adds a statement that fails, as a serialization failure does, when a log has a newer secret than the one named.</summary>
    public static void RequireSecrets((string TenantId, string KeyId)[] newest, NpgsqlBatch batch)
    {
        if (newest.Length == 0) return;
        batch.Add(
            "select stet.audit_require_secrets($1::varchar[], $2::varchar[])",
            Column(newest, n => n.TenantId), Column(newest, n => n.KeyId));
    }

    /// <summary>Appends the stored leaves after the tree's size, up to a size.</summary>
    /// <exception cref="AuditRowsMissingException">A leaf is not there.</exception>
    public static async Task FoldAsync(
        NpgsqlConnection connection, string tenantId, Peaks tree, long toSize, CancellationToken cancel)
    {
        const int Page = 4_096;
        while (tree.Size < toSize)
        {
            await using var command = new NpgsqlCommand("""
                select position, hashes from stet.audit_leaves
                where tenant_id = $1 and position > $2 and position < $3 + 256 order by position limit $4
                """, connection).With(Scalar(tenantId), Scalar(tree.Size), Scalar(toSize), Scalar(Page));
            await using var rows = await command.ExecuteReaderAsync(cancel);
            var before = tree.Size;
            while (tree.Size < toSize && await rows.ReadAsync(cancel))
            {
                var (last, hashes) = (rows.GetInt64(0), rows.GetFieldValue<byte[]>(1));
                var first = last - (hashes.Length / LogHash.Size) + 1;
                if (first > tree.Size + 1) throw new AuditRowsMissingException(tree.Size + 1);
                while (tree.Size < Math.Min(last, toSize))
                    tree.Append(new LogHash(hashes.AsSpan((int)(tree.Size + 1 - first) * LogHash.Size, LogHash.Size)));
            }

            if (tree.Size == before) throw new AuditRowsMissingException(before + 1);
        }
    }

    /// <summary>Leaves that came together, of one tile.</summary>
    readonly record struct LeafRow(string TenantId, long Position, byte[] Hashes, byte[] Commits)
    {
        public static LeafRow Of(string tenantId, IReadOnlyList<AuditLeaf> leaves, int first, int count)
        {
            var (hashes, commits) = (new byte[count * LogHash.Size], new byte[count * LogHash.Size]);
            for (var i = 0; i < count; i++)
            {
                leaves[first + i].Hash.CopyTo(hashes.AsSpan(i * LogHash.Size));
                leaves[first + i].Commit.CopyTo(commits.AsSpan(i * LogHash.Size));
            }

            return new LeafRow(tenantId, leaves[first + count - 1].Audited.Position, hashes, commits);
        }
    }
}

/// <summary>A row of the audit log that must be there is not.</summary>
/// <param name="position">Of the leaf.</param>
public sealed class AuditRowsMissingException(long position) : Exception($"the leaf at position {position} is missing")
{
    /// <summary>Of the leaf.</summary>
    public long Position { get; } = position;
}
