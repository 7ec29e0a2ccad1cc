using Npgsql;
using static Stet.EventStore.NpgsqlBatchExtensions;

namespace Stet.EventStore;

/// <summary>Reads what the decisions of a batch's round need, in one round trip.</summary>
static class UnitLoad
{
    /// <param name="unit">What it needs.</param>
    /// <param name="locking">Whether to begin a transaction that holds the heads.</param>
    /// <param name="connection">Where to.</param>
    /// <param name="catalog">The events.</param>
    /// <param name="now">The time of recording.</param>
    /// <param name="cancel">Ends the wait.</param>
    public static async Task LoadAsync(
        WriteUnit unit, bool locking, NpgsqlConnection connection, EventCatalog catalog, DateTimeOffset now, CancellationToken cancel)
    {
        // INVARIANT: heads are locked in the order of their ids, so that two writers never wait for each other in a ring.
        var heads = unit.TenantsToLoad.Select(t => t.Id).Order(StringComparer.Ordinal).ToArray();
        var marks = unit.MarksToLoad.ToArray();
        var byState = unit.StreamsToLoad.GroupBy(s => s.Type.IsStateless ? StateType.Versions : s.Type)
            .Select(g => (State: g.Key, Slots: g.ToArray())).ToArray();
        if (heads.Length + marks.Length + byState.Length == 0) return;

        await using var batch = new NpgsqlBatch(connection);
        if (locking) batch.Add("begin");
        batch.EnterTenant(TenantsOf(unit));
        if (heads.Length > 0)
        {
            batch.Add($"""
                select h.tenant_id, h.position, h.last_at, h.audit_peaks, (select switched from stet.rebuilds)
                from unnest($1::varchar[]) as t(id)
                cross join lateral (select * from stet.tenant_head where tenant_id = t.id {(locking ? "for update" : "limit 1")}) h
                """, Scalar(heads));
        }

        if (marks.Length > 0)
        {
            batch.Add("""
                select t.n::int, i.payload_hash, i.position, i.events
                from unnest($1::varchar[], $2::uuid[]) with ordinality as t(tenant_id, id, n)
                cross join lateral (
                    select * from stet.idempotency where tenant_id = t.tenant_id and id = t.id limit 1) i
                """, Column(marks, m => m.TenantId), Column(marks, m => m.Id));
        }

        foreach (var (state, slots) in byState) AddStates(state, slots, batch);

        await using var reader = await batch.ExecuteReaderAsync(cancel);
        await reader.ReadAsync(cancel); // set_config answers with a row
        if (heads.Length > 0)
        {
            await reader.NextResultAsync(cancel);
            while (await reader.ReadAsync(cancel))
            {
                unit.Load(reader.GetString(0), reader.GetInt64(1), LastAt(reader), reader.GetFieldValue<byte[]>(3), now);
                unit.Rebuilds ??= reader.GetInt64(4);
            }
        }

        if (marks.Length > 0)
        {
            await reader.NextResultAsync(cancel);
            while (await reader.ReadAsync(cancel))
            {
                var (tenant, id) = marks[reader.GetInt32(0) - 1];
                unit.Load(tenant, id, reader.GetFieldValue<byte[]>(1), reader.GetInt64(2), reader.GetInt16(3));
            }
        }

        foreach (var (state, slots) in byState)
        {
            await reader.NextResultAsync(cancel);
            while (await reader.ReadAsync(cancel))
            {
                var slot = slots[reader.GetInt32(0) - 1];
                if (state.IsStateless)
                {
                    slot.Load(reader.GetInt64(1), static _ => null);
                    continue;
                }

                var json = reader.GetFieldValue<byte[]>(2);
                var type = state.SnapshotTable is null ? reader.GetString(3) : null;
                slot.Load(reader.GetInt64(1), before => type is null
                    ? state.ReadSnapshot(json)
                    : state.Fold(before, catalog.Read(type, json)));
            }
        }

        static DateTimeOffset LastAt(NpgsqlDataReader reader) =>
            reader.GetFieldValue<DateTime>(2) is var at && at == DateTime.MinValue
                ? DateTimeOffset.MinValue
                : new DateTimeOffset(at, TimeSpan.Zero);
    }

    internal static void AddStates(StateType state, StreamSlot[] slots, NpgsqlBatch batch) =>
        batch.Add(
            state switch
            {
                { IsStateless: true } => """
                    select t.n::int, s.version
                    from unnest($1::varchar[], $2::uuid[]) with ordinality as t(tenant_id, stream_id, n)
                    cross join lateral (
                        select version from stet.mt_streams
                        where tenant_id = t.tenant_id and id = t.stream_id limit 1) s
                    """,
                { SnapshotTable: { } table } => $"""
                    select t.n::int, s.version, s.state
                    from unnest($1::varchar[], $2::uuid[]) with ordinality as t(tenant_id, stream_id, n)
                    cross join lateral (
                        select version, state from {table}
                        where tenant_id = t.tenant_id and stream_id = t.stream_id limit 1) s
                    """,
                _ => $"""
                    select t.n::int, e.version, e.data, e.type
                    from unnest($1::varchar[], $2::uuid[]) with ordinality as t(tenant_id, stream_id, n)
                    cross join lateral (
                        select version, data, type from stet.mt_events
                        where tenant_id = t.tenant_id and stream_id = t.stream_id
                        order by version {(state.IsLatest ? "desc limit 1" : "")}) e
                    """,
            },
            Column(slots, s => s.TenantId), Column(slots, s => s.StreamId));

    // Row security shows these and no others.
    static string TenantsOf(WriteUnit unit) => string.Join(',',
        unit.TenantsToLoad.Select(t => t.Id).Concat(unit.StreamsToLoad.Select(s => s.TenantId)).Concat(unit.MarksToLoad.Select(m => m.TenantId))
            .Distinct(StringComparer.Ordinal));
}
