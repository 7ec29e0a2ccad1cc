using Npgsql;
using Stet.EventStore;
using static Stet.EventStore.NpgsqlBatchExtensions;

namespace Stet.Corrections;

/// <summary>Keeps <c>corrections</c> and <c>facts</c>: rows of this batch are written as they end, older ones changed.</summary>
public sealed class CorrectionsProjection : IInlineProjection
{
    public string Name => "corrections";

    public IReadOnlyList<string> Tables => ["corrections", "facts"];

    public void Project(IReadOnlyList<StoredEvent> events, NpgsqlBatch batch)
    {
        var recorded = new Dictionary<(string Tenant, CorrectionId Id), RecordedRow>();
        var ended = new List<EndedRow>();
        foreach (var stored in events)
        {
            switch (stored.Data)
            {
                case CorrectionRecorded e:
                    recorded[(stored.TenantId, e.CorrectionId)] = new RecordedRow(stored, e);
                    break;
                case CorrectionSuperseded e:
                    End(new EndedRow(stored, e.CorrectionId, "SUPERSEDED", e.SupersededBy.Value, null));
                    break;
                case CorrectionRevoked e:
                    End(new EndedRow(stored, e.CorrectionId, "REVOKED", null, e));
                    break;
            }
        }

        if (ended.Count > 0) UpdateEnded(ended, batch);
        Insert([.. recorded.Values], batch);

        void End(EndedRow row)
        {
            if (recorded.TryGetValue((row.Event.TenantId, row.Id), out var fresh)) fresh.End = row;
            else ended.Add(row);
        }
    }

    // The order, which equality would make redundant, is what keeps the planner on the primary key: see StoreConnections.
    const string ById = """
        from corrections where tenant_id = u.tenant_id and correction_id >= u.id and correction_id <= u.id
        order by correction_id limit 1
        """;

    static void UpdateEnded(List<EndedRow> rows, NpgsqlBatch batch)
    {
        batch.Add($"""
            update corrections c
            set status = u.status, superseded_by = u.superseded_by, ended_position = u.position, ended_at = u.at,
                revocation_reason = u.reason, revocation_note = u.note, revoked_by_type = u.by_type, revoked_by_id = u.by_id
            from unnest($1::varchar[], $2::uuid[], $3::varchar[], $4::uuid[], $5::bigint[], $6::timestamptz[],
                    $7::varchar[], $8::varchar[], $9::varchar[], $10::varchar[])
                as u(tenant_id, id, status, superseded_by, position, at, reason, note, by_type, by_id)
            cross join lateral (select ctid {ById}) found
            where c.ctid = found.ctid
            """,
            Column(rows, r => r.Event.TenantId), Column(rows, r => r.Id.Value), Column(rows, r => r.Status),
            Column(rows, r => r.SupersededBy), Column(rows, r => r.Event.Position),
            Column(rows, r => r.Event.Timestamp.UtcDateTime), Column(rows, r => r.Reason), Column(rows, r => r.Revoked?.Note),
            Column(rows, r => r.Revoked?.Actor.Type), Column(rows, r => r.Revoked?.Actor.Id));

        EndedRow[] revoked = [.. rows.Where(r => r.SupersededBy is null)];
        if (revoked.Length == 0) return;
        batch.Add($"""
            update facts f
            set standing = false
            from unnest($1::varchar[], $2::uuid[]) as u(tenant_id, id)
            cross join lateral (select * {ById}) c
            where f.tenant_id = c.tenant_id and f.subject_type = c.subject_type and f.subject_id = c.subject_id
                and f.field_key = c.field_key and f.correction_id = c.correction_id
            """,
            Column(revoked, r => r.Event.TenantId), Column(revoked, r => r.Id.Value));
    }

    static void Insert(RecordedRow[] recorded, NpgsqlBatch batch)
    {
        // Fields that begin in this batch have no row in facts yet, and an insert costs less than an upsert. A statement may
        // touch a row once: only the last correction of each field counts.
        var fields = recorded.GroupBy(r => (r.Event.TenantId, r.Event.StreamId));
        foreach (var group in fields.GroupBy(field => field.Any(r => r.Event.Version == 1)))
        {
            foreach (var field in group) field.MaxBy(r => r.Event.Position)!.IsLast = true;
            Insert([.. group.SelectMany(field => field)], begin: group.Key, batch);
        }
    }

    static void Insert(RecordedRow[] rows, bool begin, NpgsqlBatch batch) =>
        batch.Add($"""
            with recorded as (
                select unnest($1::varchar[]) as tenant_id, unnest($2::uuid[]) as correction_id, unnest($3::bigint[]) as position,
                    unnest($4::varchar[]) as subject_type, unnest($5::varchar[]) as subject_id, unnest($6::varchar[]) as field_key,
                    unnest($7::text[]) as value, unnest($8::varchar[]) as class, unnest($9::text[])::varchar[] as readers,
                    unnest($10::text[])::varchar[] as scopes, unnest($11::text[])::varchar[] as deny_list,
                    unnest($12::uuid[]) as supersedes, unnest($13::varchar[]) as actor_type, unnest($14::varchar[]) as actor_id,
                    unnest($15::timestamptz[]) as effective_from, unnest($16::timestamptz[]) as effective_to,
                    unnest($17::varchar[]) as reason, unnest($18::timestamptz[]) as recorded_at, unnest($19::varchar[]) as status,
                    unnest($20::uuid[]) as superseded_by, unnest($21::bigint[]) as ended_position,
                    unnest($22::timestamptz[]) as ended_at, unnest($23::varchar[]) as revocation_reason,
                    unnest($24::varchar[]) as revocation_note, unnest($25::varchar[]) as revoked_by_type,
                    unnest($26::varchar[]) as revoked_by_id, unnest($27::boolean[]) as is_last),
            inserted as (
                insert into corrections (tenant_id, correction_id, position, subject_type, subject_id, field_key, value, class,
                    readers, scopes, deny_list, supersedes, actor_type, actor_id, effective_from, effective_to, reason,
                    recorded_at, status, superseded_by, ended_position, ended_at, revocation_reason, revocation_note,
                    revoked_by_type, revoked_by_id)
                select tenant_id, correction_id, position, subject_type, subject_id, field_key, value, class, readers, scopes,
                    deny_list, supersedes, actor_type, actor_id, effective_from, effective_to, reason, recorded_at, status,
                    superseded_by, ended_position, ended_at, revocation_reason, revocation_note, revoked_by_type, revoked_by_id
                from recorded)
            insert into facts (tenant_id, subject_type, subject_id, field_key, correction_id, position, value, class, standing,
                readers, scopes, deny_list, actor_type, actor_id, effective_from, effective_to, recorded_at)
            select tenant_id, subject_type, subject_id, field_key, correction_id, position, value, class, status = 'ACTIVE',
                readers, scopes, deny_list, actor_type, actor_id, effective_from, effective_to, recorded_at
            from recorded
            where is_last
            {(begin ? "" : Overwrite)}
            """,
            Column(rows, r => r.Event.TenantId), Column(rows, r => r.Data.CorrectionId.Value),
            Column(rows, r => r.Event.Position), Column(rows, r => r.Data.Subject.Type), Column(rows, r => r.Data.Subject.Id),
            Column(rows, r => r.Data.FieldKey), Column(rows, r => r.Data.Value.Json), Column(rows, r => EnumWords<CorrectionClass>.Capitals.Of(r.Data.Class)),
            Column(rows, r => ArrayText(r.Data.Permissions.Readers)), Column(rows, r => ArrayText(r.Data.Permissions.Scopes)),
            Column(rows, r => ArrayText(r.Data.Permissions.DenyList)), Column(rows, r => r.Data.Supersedes?.Value),
            Column(rows, r => r.Data.Actor.Type), Column(rows, r => r.Data.Actor.Id),
            Column(rows, r => r.Data.EffectiveFrom?.UtcDateTime), Column(rows, r => r.Data.EffectiveTo?.UtcDateTime),
            Column(rows, r => r.Data.Reason), Column(rows, r => r.Data.RecordedAt.UtcDateTime),
            Column(rows, r => r.End?.Status ?? "ACTIVE"), Column(rows, r => r.End?.SupersededBy),
            Column(rows, r => r.End?.Event.Position), Column(rows, r => r.End?.Event.Timestamp.UtcDateTime),
            Column(rows, r => r.End?.Reason), Column(rows, r => r.End?.Revoked?.Note),
            Column(rows, r => r.End?.Revoked?.Actor.Type), Column(rows, r => r.End?.Revoked?.Actor.Id), Column(rows, r => r.IsLast));

    const string Overwrite = """
        on conflict (tenant_id, subject_type, subject_id, field_key) do update set
            correction_id = excluded.correction_id, position = excluded.position, value = excluded.value,
            class = excluded.class, standing = excluded.standing, readers = excluded.readers, scopes = excluded.scopes,
            deny_list = excluded.deny_list, actor_type = excluded.actor_type, actor_id = excluded.actor_id,
            effective_from = excluded.effective_from, effective_to = excluded.effective_to,
            recorded_at = excluded.recorded_at
        """;

    /// <summary>A list as PostgreSQL's array text: unnest would flatten an array of arrays.</summary>
    static string ArrayText(StringSet items) =>
        items.Count == 0
            ? "{}"
            : $"{{{string.Join(',', items.Select(i => $"\"{i.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal)}\""))}}}";

    sealed class RecordedRow(StoredEvent stored, CorrectionRecorded data)
    {
        public StoredEvent Event { get; } = stored;

        public CorrectionRecorded Data { get; } = data;

        public EndedRow? End { get; set; }

        /// <summary>Of its field, in this batch.</summary>
        public bool IsLast { get; set; }
    }

    sealed record EndedRow(StoredEvent Event, CorrectionId Id, string Status, Guid? SupersededBy, CorrectionRevoked? Revoked)
    {
        public string? Reason { get; } = Revoked is null ? null : EnumWords<RevocationReason>.Capitals.Of(Revoked.Reason);
    }
}
