using System.Buffers;
using Npgsql;
using Stet.AuditLog;
using static Stet.EventStore.NpgsqlBatchExtensions;

namespace Stet.Audit.SelfCheck;

/// <summary>Reads stretches of a tenant's log and computes what each event leads to; one event at a time is in memory.</summary>
sealed class SweepReader(string tenantId, SaltKeys salts)
{
    // PostgreSQL's microseconds count from 2000; .NET's years end with 9999.
    static readonly DateTimeOffset timeZero = new(2000, 1, 1, 0, 0, 0, TimeSpan.Zero);
    static readonly long firstTime = (DateTimeOffset.MinValue - timeZero).Ticks / TimeSpan.TicksPerMicrosecond;
    static readonly long lastTime = (DateTimeOffset.MaxValue - timeZero).Ticks / TimeSpan.TicksPerMicrosecond;

    readonly ArrayBufferWriter<byte> canonical = new(4096);

    /// <summary>Fills a page that has begun. The rows of positions below a head never change, so it needs no snapshot.</summary>
    public async Task ReadAsync(NpgsqlConnection connection, SweepPage page, CancellationToken cancel)
    {
        await using var batch = connection.BatchFor(tenantId);
        batch.Add("""
            select position, hashes, commits from stet.audit_leaves
            where tenant_id = $1 and position > $2 and position < $3 + 256 order by position
            """, Scalar(tenantId), Scalar(page.Start), Scalar(page.End));
        batch.Add("""
            select size, root, peaks from stet.audit_signed
            where tenant_id = $1 and size > $2 and size <= $3 order by size
            """, Scalar(tenantId), Scalar(page.Start == 0 ? -1 : page.Start), Scalar(page.End));
        var levels = 0;
        for (; Filled(page.Start, levels) < Filled(page.End, levels); levels++)
        {
            batch.Add("""
                select n, root, hashes from stet.audit_tile
                where tenant_id = $1 and level = $2 and n >= $3 and n < $4 order by n
                """, Scalar(tenantId), Scalar((short)levels), Scalar(Filled(page.Start, levels)), Scalar(Filled(page.End, levels)));
        }

        batch.Add("""
            select e.seq_id, e.id, e.stream_id, e.version, e.timestamp, e.type, e.headers ->> 'actor_class', e.data,
                e.headers ->> 'salt_key', k.wrapped, k.kek_id
            from stet.mt_events e
            left join stet.audit_key k
                on k.tenant_id = e.tenant_id and k.kind = 'subject' and k.key_id = e.headers ->> 'salt_key'
            where e.tenant_id = $1 and e.seq_id > $2 and e.seq_id <= $3 order by e.seq_id
            """, Scalar(tenantId), Scalar(page.Start), Scalar(page.End));

        await using var rows = await batch.ExecuteReaderAsync(cancel);
        await rows.NextResultAsync(cancel);
        while (await rows.ReadAsync(cancel)) ReadLeaves(rows, page);

        await rows.NextResultAsync(cancel);
        while (await rows.ReadAsync(cancel))
            page.Guards.Add(new(rows.GetInt64(0), StoredTile.HashOf(rows.GetFieldValue<byte[]>(1)), rows.GetFieldValue<byte[]>(2)));

        for (var level = 0; level < levels; level++)
        {
            await rows.NextResultAsync(cancel);
            while (await rows.ReadAsync(cancel))
                page.Tiles[(level, rows.GetInt64(0))] = StoredTile.Read(rows.GetFieldValue<byte[]>(1), rows.GetFieldValue<byte[]>(2));
        }

        await rows.NextResultAsync(cancel);
        while (await rows.ReadAsync(cancel)) ReadEvent(rows, page);
    }

    /// <summary>The keys whose destruction an event of the log says.</summary>
    public async Task<HashSet<string>> ReadErasedKeysAsync(NpgsqlConnection connection, CancellationToken cancel)
    {
        await using var batch = connection.BatchFor(tenantId);
        batch.Add("""
            select data ->> 'salt_key' from stet.mt_events
            where tenant_id = $1 and type ~ '^subject_erased(_v[0-9]+)?$' and data ->> 'salt_key' is not null
            """, Scalar(tenantId));
        await using var rows = await batch.ExecuteReaderAsync(cancel);
        await rows.NextResultAsync(cancel);
        var keys = new HashSet<string>(StringComparer.Ordinal);
        while (await rows.ReadAsync(cancel)) keys.Add(rows.GetString(0));
        return keys;
    }

    /// <summary>How many tiles of a level a log of a size has filled.</summary>
    static long Filled(long size, int level) => Tile.CountAt(level + 1, size);

    static void ReadLeaves(NpgsqlDataReader row, SweepPage page)
    {
        var (hashes, commits) = (row.GetFieldValue<byte[]>(1), row.GetFieldValue<byte[]>(2));
        var count = hashes.Length / LogHash.Size;
        var first = row.GetInt64(0) - page.Start - count;
        for (var i = (int)Math.Max(0, -first); i < count && first + i < page.Count; i++)
        {
            // Two rows that say something of one position are no leaf that anything agrees with.
            var slot = (int)first + i;
            var isFirst = page.Slots[slot] == Slot.Empty;
            page.Slots[slot] = Slot.HasLeaf;
            page.Leaf[slot] = isFirst ? HashAt(hashes, i) : default;
            page.Commit[slot] = isFirst ? HashAt(commits, i) : default;
        }
    }

    static LogHash HashAt(byte[] stored, int i) =>
        stored.Length / LogHash.Size > i ? new LogHash(stored.AsSpan(i * LogHash.Size, LogHash.Size)) : default;

    void ReadEvent(NpgsqlDataReader row, SweepPage page)
    {
        var position = row.GetInt64(0);
        var slot = (int)(position - page.Start - 1);
        var found = page.Slots[slot] | Slot.HasEvent;
        var id = row.GetGuid(1);
        var hasEnvelope = TryReadEnvelope(row, position, id, out var envelope);

        Span<byte> salt = stackalloc byte[Commitment.SaltSize];
        if (!TryWriteSalt(row, position, id, salt, out var keyId))
        {
            found |= Slot.SaltGone;
            if (keyId is not null) page.GoneKeys[slot] = keyId;
        }
        else if (TryCanonicalize(row.GetFieldValue<byte[]>(7)))
        {
            var commit = Commitment.Of(salt, canonical.WrittenSpan);
            if (found.HasFlag(Slot.HasLeaf) && commit == page.Commit[slot]) found |= Slot.CommitAgrees;
            if (hasEnvelope && TryHash(envelope, commit, out page.Computed[slot])) found |= Slot.HasComputed;
        }

        // Tells changed data from a changed envelope, so it matters only where something does not agree.
        if (found.HasFlag(Slot.HasLeaf) && found != Slot.Clean && hasEnvelope
            && TryHash(envelope, page.Commit[slot], out page.WithStoredCommit[slot]))
        {
            found |= Slot.HasWithStoredCommit;
        }

        page.Slots[slot] = found;
    }

    bool TryWriteSalt(NpgsqlDataReader row, long position, Guid id, Span<byte> salt, out string? keyId)
    {
        keyId = row.IsDBNull(8) ? null : row.GetString(8);
        if (keyId is null) return salts.TryWriteSalt(position, id, salt);

        return salts.TryWriteSubjectSalt(
            keyId, row.IsDBNull(9) ? null : row.GetFieldValue<byte[]>(9), row.IsDBNull(10) ? null : row.GetString(10), id, salt);
    }

    bool TryCanonicalize(byte[] data)
    {
        canonical.ResetWrittenCount();
        return CanonicalJson.TryWrite(data, canonical, out _, AuditAppender.MaxDepth);
    }

    static bool TryReadEnvelope(NpgsqlDataReader row, long position, Guid id, out AuditedEvent envelope)
    {
        envelope = default;
        if (row.IsDBNull(2)) return false;

        var time = row.GetFieldValue<long>(4);
        if (time < firstTime || time > lastTime) return false;

        envelope = new AuditedEvent(
            position, id, row.GetGuid(2), row.GetInt64(3), timeZero.AddTicks(time * TimeSpan.TicksPerMicrosecond), row.GetString(5),
            row.IsDBNull(6) ? "system" : row.GetString(6));
        return true;
    }

    static bool TryHash(in AuditedEvent envelope, LogHash commit, out LogHash hash)
    {
        try
        {
            hash = envelope.Entry(commit).LeafHash();
            return true;
        }
        catch (AuditLogFormatException)
        {
            hash = default;
            return false;
        }
    }
}
