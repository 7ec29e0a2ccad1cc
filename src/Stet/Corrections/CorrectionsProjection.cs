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
        if (recorded.Count > 0)
        {
            RecordedRow[] rows = [.. recorded.Values];
            InsertCorrections(rows, batch);
            UpsertFacts(rows, batch);
        }

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

    static void InsertCorrections(RecordedRow[] rows, NpgsqlBatch batch) =>
        batch.Add("""
            insert into corrections (tenant_id, correction_id, position, subject_type, subject_id, field_key, value, class,
                readers, scopes, deny_list, supersedes, actor_type, actor_id, effective_from, effective_to, reason,
                recorded_at, status, superseded_by, ended_position, ended_at, revocation_reason, revocation_note,
                revoked_by_type, revoked_by_id)
            select unnest($1::varchar[]), unnest($2::uuid[]), unnest($3::bigint[]), unnest($4::varchar[]), unnest($5::varchar[]),
                unnest($6::varchar[]), unnest($7::text[]), unnest($8::varchar[]), unnest($9::text[])::varchar[],
                unnest($10::text[])::varchar[], unnest($11::text[])::varchar[], unnest($12::uuid[]), unnest($13::varchar[]),
                unnest($14::varchar[]), unnest($15::timestamptz[]), unnest($16::timestamptz[]), unnest($17::varchar[]),
                unnest($18::timestamptz[]), unnest($19::varchar[]), unnest($20::uuid[]), unnest($21::bigint[]),
                unnest($22::timestamptz[]), unnest($23::varchar[]), unnest($24::varchar[]), unnest($25::varchar[]),
                unnest($26::varchar[])
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
            Column(rows, r => r.End?.Revoked?.Actor.Type), Column(rows, r => r.End?.Revoked?.Actor.Id));

    static void UpsertFacts(RecordedRow[] recorded, NpgsqlBatch batch)
    {
        // One statement may touch a row once: only the last correction of each field counts. Fields that begin in this
        // batch have no row, and an insert costs less than an upsert.
        var fields = recorded
            .GroupBy(r => (r.Event.TenantId, r.Event.StreamId))
            .Select(field => (Begins: field.Any(r => r.Event.Version == 1), Last: field.MaxBy(r => r.Event.Position)!));
        foreach (var group in fields.GroupBy(f => f.Begins)) WriteFacts([.. group.Select(f => f.Last)], upsert: !group.Key, batch);
    }

    static void WriteFacts(RecordedRow[] rows, bool upsert, NpgsqlBatch batch) =>
        batch.Add($"""
            insert into facts (tenant_id, subject_type, subject_id, field_key, correction_id, position, value, class, standing,
                readers, scopes, deny_list, actor_type, actor_id, effective_from, effective_to, recorded_at)
            select unnest($1::varchar[]), unnest($2::varchar[]), unnest($3::varchar[]), unnest($4::varchar[]), unnest($5::uuid[]),
                unnest($6::bigint[]), unnest($7::text[]), unnest($8::varchar[]), unnest($9::boolean[]),
                unnest($10::text[])::varchar[], unnest($11::text[])::varchar[], unnest($12::text[])::varchar[],
                unnest($13::varchar[]), unnest($14::varchar[]), unnest($15::timestamptz[]), unnest($16::timestamptz[]),
                unnest($17::timestamptz[])
            {(upsert ? Overwrite : "")}
            """,
            Column(rows, r => r.Event.TenantId), Column(rows, r => r.Data.Subject.Type), Column(rows, r => r.Data.Subject.Id),
            Column(rows, r => r.Data.FieldKey), Column(rows, r => r.Data.CorrectionId.Value),
            Column(rows, r => r.Event.Position), Column(rows, r => r.Data.Value.Json), Column(rows, r => EnumWords<CorrectionClass>.Capitals.Of(r.Data.Class)),
            Column(rows, r => r.End is null), Column(rows, r => ArrayText(r.Data.Permissions.Readers)),
            Column(rows, r => ArrayText(r.Data.Permissions.Scopes)), Column(rows, r => ArrayText(r.Data.Permissions.DenyList)),
            Column(rows, r => r.Data.Actor.Type), Column(rows, r => r.Data.Actor.Id),
            Column(rows, r => r.Data.EffectiveFrom?.UtcDateTime), Column(rows, r => r.Data.EffectiveTo?.UtcDateTime),
            Column(rows, r => r.Data.RecordedAt.UtcDateTime));

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
    }

    sealed record EndedRow(StoredEvent Event, CorrectionId Id, string Status, Guid? SupersededBy, CorrectionRevoked? Revoked)
    {
        public string? Reason { get; } = Revoked is null ? null : EnumWords<RevocationReason>.Capitals.Of(Revoked.Reason);
    }
}
