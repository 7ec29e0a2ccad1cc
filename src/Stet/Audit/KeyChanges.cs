using Npgsql;
using Stet.AuditLog;
using Stet.EventStore;
using static Stet.EventStore.NpgsqlBatchExtensions;

namespace Stet.Audit;

/// <summary>What events about keys do to the rows of keys and epochs, in the transaction that appends them.</summary>
static class KeyChanges
{
    public static void Write(AuditPart part, NewKeys newKeys, NpgsqlBatch batch)
    {
        var log = part.Log;
        foreach (var leaf in part.Leaves)
        {
            var position = leaf.Audited.Position;
            switch (leaf.Appended!.Event.Data)
            {
                case AuditKeyAdded added:
                    AuditTables.AddKey(log.TenantId, log.Epoch, newKeys.Find(log.TenantId, IdOf(added.Vkey)), position, batch);
                    batch.Add("""
                        update stet.audit_key set retire_at = $3 where tenant_id = $1 and kind = 'sign' and key_id = $2
                        """, Scalar(log.TenantId), Scalar(IdOf(added.Replaces)), Scalar(added.OverlapUntil.UtcDateTime));
                    Count(log, batch);
                    break;
                case AuditKeyRetired retired:
                    batch.Add("""
                        update stet.audit_key set until_position = $3 where tenant_id = $1 and kind = 'sign' and key_id = $2
                        """, Scalar(log.TenantId), Scalar(IdOf(retired.Vkey)), Scalar(position));
                    Count(log, batch);
                    break;
                case AuditEpochStarted started:
                    AuditTables.AddKey(log.TenantId, started.Epoch, newKeys.Find(log.TenantId, IdOf(started.Vkey)), position, batch);
                    batch.Add(
                        "insert into stet.audit_log (tenant_id, epoch, origin, created_at) values ($1, $2, $3, $4)",
                        Scalar(log.TenantId), Scalar(started.Epoch), Scalar(started.Origin), Scalar(started.StartedAt.UtcDateTime));
                    batch.Add(
                        "update stet.audit_key set retire_at = null where tenant_id = $1 and kind = 'sign' and epoch < $2",
                        Scalar(log.TenantId), Scalar(started.Epoch));
                    break;
                case AuditSecretReplaced replaced:
                    // The whole batch was salted with the secret before.
                    AuditTables.AddKey(log.TenantId, log.Epoch, newKeys.Find(log.TenantId, replaced.KeyId), part.Tree.Size + 1, batch);
                    Count(log, batch);
                    break;
            }
        }
    }

    static void Count(TenantLog log, NpgsqlBatch batch) =>
        batch.Add(
            "update stet.audit_log set key_changes = key_changes + 1 where tenant_id = $1 and epoch = $2",
            Scalar(log.TenantId), Scalar(log.Epoch));

    static string IdOf(string vkey) => NewKey.IdOf(VerifierKey.Parse(vkey).PublicKey);
}
