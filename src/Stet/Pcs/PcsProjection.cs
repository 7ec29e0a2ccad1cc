using Npgsql;
using Stet.EventStore;
using static Stet.EventStore.NpgsqlBatchExtensions;

namespace Stet.Pcs.Service;

/// <summary>Keeps what is asked about submissions: rows that only name an event hold nothing of its document.</summary>
public sealed class PcsProjection : IInlineProjection
{
    public string Name => "pcs";

    public IReadOnlyList<string> Tables => ["pcs_submission", "pcs_escalation", "pcs_equivocation", "pcs_count"];

    public void Project(IReadOnlyList<StoredEvent> events, NpgsqlBatch batch)
    {
        var submissions = new List<(StoredEvent Event, Submission Data, bool IsEscalated)>();
        var equivocations = new List<(StoredEvent Event, PcsEquivocated Data)>();
        var resolutions = new List<(StoredEvent Event, PcsEscalationResolved Data)>();
        var counts = new SortedDictionary<(string TenantId, string Name), long>();
        foreach (var stored in events)
        {
            switch (stored.Data)
            {
                case PcsAccepted e:
                    submissions.Add((stored, e.Submission, false));
                    Count(stored.TenantId, "accepted");
                    break;
                case PcsEscalated e:
                    submissions.Add((stored, e.Submission, true));
                    Count(stored.TenantId, "escalated");
                    break;
                case PcsEquivocated e:
                    equivocations.Add((stored, e));
                    Count(stored.TenantId, e.SignedPartDiffers ? "equivocated" : "equivocated_unsigned");
                    break;
                case PcsEscalationResolved e:
                    resolutions.Add((stored, e));
                    Count(stored.TenantId, $"resolved_{e.Resolution}");
                    break;
                case PcsRefused e:
                    Count(stored.TenantId, $"refused.{e.Code}");
                    if (e.Suppressed > 0) Count(stored.TenantId, "refused_suppressed", e.Suppressed);
                    break;
            }
        }

        if (submissions.Count > 0) Insert(submissions, batch);
        if (submissions.FindAll(s => s.IsEscalated) is { Count: > 0 } escalated) Escalate(escalated, batch);
        if (equivocations.Count > 0) Insert(equivocations, batch);
        if (resolutions.Count > 0) Resolve(resolutions, batch);
        if (counts.Count > 0) Add([.. counts], batch);

        void Count(string tenantId, string name, long by = 1) =>
            counts[(tenantId, name)] = counts.GetValueOrDefault((tenantId, name)) + by;
    }

    static void Insert(List<(StoredEvent Event, Submission Data, bool IsEscalated)> rows, NpgsqlBatch batch) =>
        batch.Add("""
            insert into pcs_submission (tenant_id, position, pcs_id, shard_id, epoch, is_escalated)
            select unnest($1::varchar[]), unnest($2::bigint[]), unnest($3::varchar[]), unnest($4::varchar[]), unnest($5::bigint[]), unnest($6::boolean[])
            """,
            Column(rows, r => r.Event.TenantId), Column(rows, r => r.Event.Position),
            Column(rows, r => r.Data.Document.PcsId), Column(rows, r => r.Data.Document.ShardId),
            Column(rows, r => r.Data.Document.Epoch), Column(rows, r => r.IsEscalated));

    // The same content, recorded anew long after, is the same escalation: who has looked need not look again.
    static void Escalate(List<(StoredEvent Event, Submission Data, bool IsEscalated)> rows, NpgsqlBatch batch) =>
        batch.Add("""
            insert into pcs_escalation (tenant_id, pcs_id, position)
            select unnest($1::varchar[]), unnest($2::varchar[]), unnest($3::bigint[])
            on conflict (tenant_id, pcs_id) do nothing
            """,
            Column(rows, r => r.Event.TenantId), Column(rows, r => r.Data.Document.PcsId),
            Column(rows, r => r.Event.Position));

    static void Insert(List<(StoredEvent Event, PcsEquivocated Data)> rows, NpgsqlBatch batch) =>
        batch.Add("""
            insert into pcs_equivocation (tenant_id, position, pcs_id, content_digest)
            select unnest($1::varchar[]), unnest($2::bigint[]), unnest($3::varchar[]), unnest($4::varchar[])
            """,
            Column(rows, r => r.Event.TenantId), Column(rows, r => r.Event.Position), Column(rows, r => r.Data.PcsId),
            Column(rows, r => r.Data.ContentDigest));

    static void Resolve(List<(StoredEvent Event, PcsEscalationResolved Data)> rows, NpgsqlBatch batch) =>
        batch.Add("""
            update pcs_escalation e set resolved_position = u.position
            from unnest($1::varchar[], $2::varchar[], $3::bigint[]) as u(tenant_id, pcs_id, position)
            where e.tenant_id = u.tenant_id and e.pcs_id = u.pcs_id
            """,
            Column(rows, r => r.Event.TenantId), Column(rows, r => r.Data.PcsId), Column(rows, r => r.Event.Position));

    static void Add(KeyValuePair<(string TenantId, string Name), long>[] rows, NpgsqlBatch batch) =>
        batch.Add("""
            insert into pcs_count (tenant_id, name, count)
            select unnest($1::varchar[]), unnest($2::varchar[]), unnest($3::bigint[])
            on conflict (tenant_id, name) do update set count = pcs_count.count + excluded.count
            """,
            Column(rows, r => r.Key.TenantId), Column(rows, r => r.Key.Name), Column(rows, r => r.Value));
}
