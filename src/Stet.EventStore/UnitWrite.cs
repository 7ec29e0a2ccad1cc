using Npgsql;
using NpgsqlTypes;
using static Stet.EventStore.NpgsqlBatchExtensions;

namespace Stet.EventStore;

/// <summary>The statements that write a decided batch.</summary>
static class UnitWrite
{
    /// <summary>What <c>stet.require_unchanged</c> fails with where the schema is a newer version's.</summary>
    public const string SchemaChanged = "ST002";

    /// <summary>Whether a batch failed because a command had been recorded before that was taken for new.</summary>
    public static bool IsRepetition(Exception e) =>
        e is PostgresException { SqlState: PostgresErrorCodes.UniqueViolation, TableName: "idempotency" };

    // INVARIANT: who changes the schema locks the table of heads first, so it is the same until a batch that looked is committed.
    const string OwnSchema = "(select count(*) from stet.schema_version) =";

    /// <summary>
    /// Fails with <c>serialization_failure</c> unless heads and read models are those that the decisions were made on, with
    /// <see cref="SchemaChanged"/> unless the schema is this version's, and holds the heads that are about to move.
    /// </summary>
    public static void AddComparison(WriteUnit unit, int? scripts, NpgsqlBatch batch)
    {
        // INVARIANT: heads are locked in the order of their ids, so that two writers never wait for each other in a ring.
        var heads = unit.Tenants.Where(t => t.Exists).OrderBy(t => t.Id, StringComparer.Ordinal).ToArray();
        batch.EnterTenant(string.Join(',', heads.Select(t => t.Id)));
        batch.Add($"""
            select stet.require_unchanged(
                h.position = t.position and h.audit_peaks = t.edge and (select switched from stet.rebuilds) = $5, {OwnSchema} $4)
            from unnest($1::varchar[], $2::bigint[], $3::bytea[]) as t(id, position, edge)
            left join lateral (
                select position, audit_peaks from stet.tenant_head
                where tenant_id = t.id {(unit.Events.Count > 0 ? "for update" : "limit 1")}) h on true
            """, Column(heads, t => t.Id), Column(heads, t => t.LoadedPosition), Column(heads, t => t.LoadedEdge), Optional(scripts),
            Scalar(unit.Rebuilds ?? 0));
    }

    /// <summary>Likewise where the heads are held already.</summary>
    public static void AddComparison(int? scripts, NpgsqlBatch batch) =>
        batch.Add($"select stet.require_unchanged(true, {OwnSchema} $1)", Optional(scripts));

    /// <summary>Adds everything but the end of the transaction; the batch has been sealed.</summary>
    public static void AddWrites(
        WriteUnit unit, IReadOnlyList<IInlineProjection> projections, IAppendLog? log, bool wakesSubscriptions, NpgsqlBatch batch)
    {
        // First: what fails because a command came again does so before there is anything to undo.
        if (unit.NewAnswers.Count > 0)
        {
            batch.Add("""
                insert into stet.idempotency (tenant_id, id, payload_hash, position, events)
                select unnest($1::varchar[]), unnest($2::uuid[]), unnest($3::bytea[]), unnest($4::bigint[]), unnest($5::smallint[])
                """,
                Column(unit.NewAnswers, a => a.TenantId), Column(unit.NewAnswers, a => a.Id),
                Column(unit.NewAnswers, a => a.PayloadHash), Column(unit.NewAnswers, a => a.Position),
                Column(unit.NewAnswers, a => (short)a.Count));
        }

        var events = unit.Events;
        var headers = new Dictionary<EventMetadata, byte[]>(ReferenceEqualityComparer.Instance);
        batch.Add("""
            insert into stet.mt_events (seq_id, id, stream_id, version, data, type, timestamp, tenant_id, mt_dotnet_type,
                correlation_id, causation_id, headers, is_archived)
            select unnest($1::bigint[]), unnest($2::uuid[]), unnest($3::uuid[]), unnest($4::bigint[]), unnest($5::jsonb[]),
                unnest($6::varchar[]), unnest($7::timestamptz[]), unnest($8::varchar[]), unnest($9::varchar[]),
                unnest($10::varchar[]), unnest($11::varchar[]), unnest($12::jsonb[]), false
            """,
            Column(events, e => e.Event.Position), Column(events, e => e.Event.Id), Column(events, e => e.Event.StreamId),
            Column(events, e => e.Event.Version), Jsonb(events, e => e.Json), Column(events, e => e.Type.StoredName),
            Column(events, e => e.Event.Timestamp.UtcDateTime), Column(events, e => e.Event.TenantId),
            Column(events, e => e.Type.DotNetType), Column(events, e => e.Metadata.CorrelationId),
            Column(events, e => e.Metadata.CausationId), Jsonb(events, e => Headers(e.Metadata)));

        var streams = unit.Streams.Where(s => s.Changed).ToArray();
        var times = unit.Tenants.ToDictionary(t => t.Id, t => t.Now.UtcDateTime);
        foreach (var (slots, upsert) in NewAndOld(streams))
        {
            batch.Add($"""
                insert into stet.mt_streams (tenant_id, id, type, version, timestamp, created, is_archived)
                select unnest($1::varchar[]), unnest($2::uuid[]), unnest($3::varchar[]), unnest($4::bigint[]),
                    unnest($5::timestamptz[]), unnest($5::timestamptz[]), false
                {(upsert ? "on conflict (tenant_id, id) do update set version = excluded.version, timestamp = excluded.timestamp" : "")}
                """,
                Column(slots, s => s.TenantId), Column(slots, s => s.StreamId), Column(slots, s => s.Type.StreamType),
                Column(slots, s => s.Version), Column(slots, s => times[s.TenantId]));
        }

        foreach (var group in streams.Where(s => s.Type.SnapshotTable is not null).GroupBy(s => s.Type))
            AddSnapshots(group.Key, [.. group], batch);

        StoredEvent[] stored = [.. events.Select(e => e.Event)];
        foreach (var projection in projections) projection.Project(stored, batch);

        var tenants = unit.Tenants.Where(t => t.Changed).ToArray();
        log?.Write([.. tenants.Select(t => t.Log!)], batch);
        const string Move = """
            insert into stet.tenant_head (tenant_id, position, last_at, audit_peaks)
            select unnest($1::varchar[]), unnest($2::bigint[]), unnest($3::timestamptz[]), unnest($4::bytea[])
            on conflict (tenant_id) do update
            set position = excluded.position, last_at = excluded.last_at, audit_peaks = excluded.audit_peaks
            """;
        batch.Add(
            wakesSubscriptions
                ? $"with moved as ({Move} returning tenant_id, position) select pg_notify('stet_events', tenant_id || ':' || position) from moved"
                : Move,
            Column(tenants, t => t.Id), Column(tenants, t => t.Position), Column(tenants, t => t.Now.UtcDateTime),
            Column(tenants, t => t.Edge));

        byte[] Headers(EventMetadata metadata)
        {
            if (!headers.TryGetValue(metadata, out var text)) headers[metadata] = text = Json.Headers(metadata);
            return text;
        }
    }

    internal static void AddSnapshots(StateType type, StreamSlot[] changed, NpgsqlBatch batch)
    {
        foreach (var (slots, upsert) in NewAndOld(changed))
        {
            batch.Add($"""
                insert into {type.SnapshotTable} (tenant_id, stream_id, version, state)
                select unnest($1::varchar[]), unnest($2::uuid[]), unnest($3::bigint[]), unnest($4::json[])
                {(upsert ? "on conflict (tenant_id, stream_id) do update set version = excluded.version, state = excluded.state" : "")}
                """,
                Column(slots, s => s.TenantId), Column(slots, s => s.StreamId), Column(slots, s => s.Version),
                Typed(Column(slots, s => type.WriteSnapshot(s.State!)), NpgsqlDbType.Json));
        }
    }

    /// <summary>Streams that begin in this batch, and those that go on: an insert costs less than an upsert.</summary>
    static IEnumerable<(StreamSlot[] Slots, bool Upsert)> NewAndOld(StreamSlot[] slots) =>
        slots.GroupBy(s => s.LoadedVersion > 0).Select(g => (g.ToArray(), g.Key));

    static NpgsqlParameter Jsonb(IReadOnlyList<AppendedEvent> events, Func<AppendedEvent, byte[]> json) =>
        Typed(Column(events, json), NpgsqlDbType.Jsonb);

    static NpgsqlParameter Typed(NpgsqlParameter column, NpgsqlDbType element)
    {
        column.NpgsqlDbType = NpgsqlDbType.Array | element;
        return column;
    }
}
