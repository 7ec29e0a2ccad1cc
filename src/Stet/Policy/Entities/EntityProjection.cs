using Npgsql;
using Stet.EventStore;
using static Stet.EventStore.NpgsqlBatchExtensions;

namespace Stet.Policy.Entities;

/// <summary>Keeps <c>policy_entity</c>: where the newest event of each known entity stands in the log.</summary>
public sealed class EntityProjection : IInlineProjection
{
    public string Name => "policy_entities";

    public IReadOnlyList<string> Tables => ["policy_entity"];

    public void Project(IReadOnlyList<StoredEvent> events, NpgsqlBatch batch)
    {
        Dictionary<(string TenantId, string Type, string Id), long?>? newest = null;
        foreach (var stored in events)
        {
            switch (stored.Data)
            {
                case EntityRecorded e: (newest ??= [])[(stored.TenantId, e.Entity.Uid.Type, e.Entity.Uid.Id)] = stored.Position; break;
                case EntityRemoved e: (newest ??= [])[(stored.TenantId, e.Type, e.Id)] = null; break;
            }
        }

        if (newest is null) return;

        var recorded = newest.Where(row => row.Value is not null).ToArray();
        var removed = newest.Where(row => row.Value is null).ToArray();
        if (recorded.Length > 0)
        {
            batch.Add("""
                insert into policy_entity (tenant_id, type, id, position)
                select unnest($1::varchar[]), unnest($2::varchar[]), unnest($3::varchar[]), unnest($4::bigint[])
                on conflict (tenant_id, type, id) do update set position = excluded.position
                """,
                Column(recorded, r => r.Key.TenantId), Column(recorded, r => r.Key.Type), Column(recorded, r => r.Key.Id),
                Column(recorded, r => r.Value!.Value));
        }

        if (removed.Length > 0)
        {
            batch.Add("""
                delete from policy_entity e using unnest($1::varchar[], $2::varchar[], $3::varchar[]) as u(tenant_id, type, id)
                where e.tenant_id = u.tenant_id and e.type = u.type and e.id = u.id
                """,
                Column(removed, r => r.Key.TenantId), Column(removed, r => r.Key.Type), Column(removed, r => r.Key.Id));
        }
    }
}
