using Npgsql;
using NpgsqlTypes;
using static Stet.EventStore.NpgsqlBatchExtensions;

namespace Stet.EventStore;

/// <summary>The writer's connection and its two round trips per batch: lock and load, then write and commit.</summary>
sealed class WriterSession(
    NpgsqlDataSource connections, EventCatalog catalog, IReadOnlyList<IInlineProjection> projections, IAppendLog? log,
    TimeProvider clock)
    : IAsyncDisposable
{
    NpgsqlConnection? connection;

    /// <summary>A batch whose commit was sent and not confirmed: it may or may not have happened.</summary>
    WriteUnit? inDoubt;

    /// <summary>Handles a batch in one transaction and answers its requests.</summary>
    public async Task WriteAsync(IReadOnlyList<PendingAppend> requests, CancellationToken cancel)
    {
        try
        {
            if (connection is null)
            {
                connection = await connections.OpenConnectionAsync(cancel);
                log?.Connected();
            }

            if (inDoubt is { } doubt)
            {
                inDoubt = null;
                if (await HasCommittedAsync(doubt, cancel))
                {
                    doubt.Answer();
                    return;
                }
            }

            var unit = new WriteUnit(requests, catalog, log);
            unit.Plan();
            if (log is not null) await log.PrepareAsync([.. unit.Tenants.Select(t => t.Id)], cancel);
            await LoadAsync(unit, cancel);
            unit.Decide();
            await CommitAsync(unit, cancel);
            unit.Answer();
        }
        catch
        {
            // What Npgsql believes to be prepared on a connection may not be after a failure: it must not come back.
            connections.Clear();
            await CloseAsync();
            throw;
        }
    }

    /// <summary>Gives up on a batch in doubt: its callers were told that its outcome is unknown.</summary>
    public ValueTask ForgetAsync()
    {
        inDoubt = null;
        return CloseAsync();
    }

    public ValueTask DisposeAsync() => CloseAsync();

    async ValueTask CloseAsync()
    {
        if (connection is { } closing)
        {
            connection = null;
            await closing.DisposeAsync();
        }
    }

    async Task LoadAsync(WriteUnit unit, CancellationToken cancel)
    {
        // INVARIANT: heads are locked in the order of their ids, so that two writers never wait for each other in a ring.
        var tenants = unit.Tenants.Select(t => t.Id).Order(StringComparer.Ordinal).ToArray();
        var marks = unit.Marks().ToArray();
        var byState = unit.Streams.GroupBy(s => s.Type.IsStateless ? StateType.Versions : s.Type)
            .Select(g => (State: g.Key, Slots: g.ToArray())).ToArray();

        await using var batch = new NpgsqlBatch(connection);
        batch.Add("begin");
        batch.Add("select set_config('stet.tenant', $1, true)", Scalar(string.Join(',', tenants)));
        batch.Add("""
            select h.tenant_id, h.position, h.last_at, h.audit_peaks
            from unnest($1::varchar[]) as t(id)
            cross join lateral (select * from stet.tenant_head where tenant_id = t.id for update) h
            """, Scalar(tenants));
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
        await reader.NextResultAsync(cancel);

        var now = Microseconds(clock.GetUtcNow());
        while (await reader.ReadAsync(cancel))
            unit.Load(reader.GetString(0), reader.GetInt64(1), LastAt(reader), reader.GetFieldValue<byte[]>(3), now);

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

    async Task CommitAsync(WriteUnit unit, CancellationToken cancel)
    {
        await using var batch = new NpgsqlBatch(connection);
        if (unit.Events.Count > 0) AddWrites(unit, batch);
        batch.Add("commit");

        inDoubt = unit.Events.Count > 0 ? unit : null;
        try
        {
            await batch.ExecuteNonQueryAsync(cancel);
            inDoubt = null;
        }
        catch (PostgresException e) when (!e.IsTransient && e.Severity != "FATAL" && e.InvariantSeverity != "FATAL")
        {
            inDoubt = null; // the server itself says that a statement before the commit failed
            throw;
        }
    }

    void AddWrites(WriteUnit unit, NpgsqlBatch batch)
    {
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

        StoredEvent[] stored = [.. events.Select(e => e.Event)];
        foreach (var projection in projections) projection.Project(stored, batch);

        var tenants = unit.Seal();
        log?.Write([.. tenants.Select(t => t.Log!)], batch);
        batch.Add("""
            with moved as (
                insert into stet.tenant_head (tenant_id, position, last_at, audit_peaks)
                select unnest($1::varchar[]), unnest($2::bigint[]), unnest($3::timestamptz[]), unnest($4::bytea[])
                on conflict (tenant_id) do update
                set position = excluded.position, last_at = excluded.last_at, audit_peaks = excluded.audit_peaks
                returning tenant_id, position)
            select pg_notify('stet_events', tenant_id || ':' || position) from moved
            """,
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

    /// <summary>Whether a batch whose commit went unanswered is in the log: its first event stands at its position.</summary>
    async Task<bool> HasCommittedAsync(WriteUnit unit, CancellationToken cancel)
    {
        var probe = unit.Events[0].Event;
        await using var batch = new NpgsqlBatch(connection);
        batch.Add("begin");
        batch.Add("select set_config('stet.tenant', $1, true)", Scalar(probe.TenantId));

        // The lock waits until the transaction in doubt has ended one way or the other.
        batch.Add("select position from stet.tenant_head where tenant_id = $1 for update", Scalar(probe.TenantId));
        batch.Add(
            "select exists (select from stet.mt_events where tenant_id = $1 and seq_id = $2 and id = $3)",
            Scalar(probe.TenantId), Scalar(probe.Position), Scalar(probe.Id));
        batch.Add("commit");

        await using var reader = await batch.ExecuteReaderAsync(cancel);
        await reader.NextResultAsync(cancel);
        await reader.NextResultAsync(cancel);
        await reader.ReadAsync(cancel);
        return reader.GetBoolean(0);
    }

    static NpgsqlParameter Jsonb(IReadOnlyList<AppendedEvent> events, Func<AppendedEvent, byte[]> json) =>
        Typed(Column(events, json), NpgsqlDbType.Jsonb);

    static NpgsqlParameter Typed(NpgsqlParameter column, NpgsqlDbType element)
    {
        column.NpgsqlDbType = NpgsqlDbType.Array | element;
        return column;
    }

    static DateTimeOffset Microseconds(DateTimeOffset time) => new(time.Ticks - (time.Ticks % 10), TimeSpan.Zero);
}
