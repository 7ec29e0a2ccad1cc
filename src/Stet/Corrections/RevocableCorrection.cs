using Stet.EventStore;
using static Stet.EventStore.NpgsqlBatchExtensions;

namespace Stet.Corrections;

/// <summary>What taking back a correction needs to know of it: its field, and whether it is revoked already.</summary>
public sealed record RevocableCorrection(Subject Subject, string FieldKey, RevocationReceipt? Revocation)
{
    public static Task<RevocableCorrection?> FindAsync(Store store, string tenantId, CorrectionId id, CancellationToken cancel) =>
        store.QueryAsync(
            tenantId,
            """
            select subject_type, subject_id, field_key, revocation_reason, ended_at, ended_position
            from stet.corrections where tenant_id = $1 and correction_id = $2
            """,
            [Scalar(tenantId), Scalar(id.Value)],
            async (row, _, token) => !await row.ReadAsync(token)
                ? null
                : new RevocableCorrection(
                    new Subject(row.GetString(0), row.GetString(1)), row.GetString(2),
                    row.IsDBNull(3)
                        ? null
                        : new RevocationReceipt(
                            id, CorrectionStatus.Revoked, EnumWords<RevocationReason>.Capitals.Read(row.GetString(3)),
                            row.GetFieldValue<DateTimeOffset>(4), row.GetInt64(5))),
            cancel);
}
