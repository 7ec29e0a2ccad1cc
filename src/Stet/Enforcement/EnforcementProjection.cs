using Npgsql;
using Stet.EventStore;
using static Stet.EventStore.NpgsqlBatchExtensions;

namespace Stet.Enforcement;

/// <summary>
/// Keeps <c>enforcement_advance</c>: when a system first reported that it enforces more than ever before. A retired
/// system's rows go with it.
/// </summary>
public sealed class EnforcementProjection : IInlineProjection
{
    public string Name => "enforcement";

    public IReadOnlyList<string> Tables => ["enforcement_advance"];

    public void Project(IReadOnlyList<StoredEvent> events, NpgsqlBatch batch)
    {
        var heartbeats = new List<(StoredEvent Event, HeartbeatReceived Data)>();
        var retired = new List<(string TenantId, string SystemId)>();
        foreach (var stored in events)
        {
            switch (stored.Data)
            {
                case HeartbeatReceived e:
                    heartbeats.Add((stored, e));
                    break;
                case SystemRetired e:
                    heartbeats.RemoveAll(h => h.Event.TenantId == stored.TenantId && h.Data.SystemId == e.SystemId);
                    retired.Add((stored.TenantId, e.SystemId));
                    break;
            }
        }

        if (retired.Count > 0)
        {
            batch.Add("""
                delete from enforcement_advance a
                using unnest($1::varchar[], $2::varchar[]) as u(tenant_id, system_id)
                where a.tenant_id = u.tenant_id and a.system_id = u.system_id
                """,
                Column(retired, r => r.TenantId), Column(retired, r => r.SystemId));
        }

        if (heartbeats.Count > 0) Insert(heartbeats, batch);
    }

    // A time stands for the newest fact recorded up to it. Corrections are read where they live, by a rebuild of this
    // projection, too: their positions and times never change.
    static void Insert(List<(StoredEvent Event, HeartbeatReceived Data)> rows, NpgsqlBatch batch) =>
        batch.Add("""
            insert into enforcement_advance (tenant_id, system_id, enforced_position, reported_at)
            select r.tenant_id, r.system_id, r.position, r.reported_at
            from (
                select u.tenant_id, u.system_id, u.reported_at, p.position, before.position as stored, max(p.position) over (
                    partition by u.tenant_id, u.system_id order by u.n
                    rows between unbounded preceding and 1 preceding) as earlier
                from unnest($1::varchar[], $2::varchar[], $3::bigint[], $4::timestamptz[], $5::timestamptz[]) with ordinality
                    as u(tenant_id, system_id, enforced_position, enforced_at, reported_at, n)
                cross join lateral (
                    select (
                        select a.enforced_position from enforcement_advance a
                        where a.tenant_id = u.tenant_id and a.system_id = u.system_id
                        order by a.enforced_position desc limit 1)
                    offset 0) before(position)
                cross join lateral (
                    select coalesce(u.enforced_position, stet.fact_at(u.tenant_id, u.enforced_at, before.position))
                    offset 0) p(position)) r
            where r.position > coalesce(greatest(r.stored, r.earlier), -1)
            """,
            Column(rows, r => r.Event.TenantId), Column(rows, r => r.Data.SystemId),
            Column(rows, r => r.Data.EnforcedPosition), Column(rows, r => r.Data.EnforcedAt.UtcDateTime),
            Column(rows, r => r.Data.ReportedAt.UtcDateTime));
}
