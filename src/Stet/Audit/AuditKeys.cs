using System.ComponentModel.DataAnnotations;
using Npgsql;
using Stet.AuditLog;
using Stet.EventStore;
using static Stet.EventStore.NpgsqlBatchExtensions;

namespace Stet.Audit;

/// <summary>The answer to <c>GET /v1/audit/keys</c>, for people: verifiers get keys another way, and pin them.</summary>
/// <param name="Origin">The log's name, which is the name of its keys.</param>
/// <param name="Epoch">Counts the log's beginnings, from 1.</param>
/// <param name="Keys">Those of the epoch, oldest first.</param>
/// <param name="Epochs">All beginnings of the log, oldest first.</param>
public sealed record LogKeysAnswer(string Origin, int Epoch, IReadOnlyList<LogKeyAnswer> Keys, IReadOnlyList<EpochAnswer> Epochs);

/// <summary>A signing key of a log.</summary>
/// <param name="Vkey">As verifiers are given it (C2SP signed-note).</param>
/// <param name="State"><c>active</c>; <c>overlap</c>: signs beside a newer one; <c>retired</c>: signs no more.</param>
/// <param name="FromPosition">It signs from this size on.</param>
/// <param name="UntilPosition">It signs up to before this size; null while it signs.</param>
public sealed record LogKeyAnswer(
    string Vkey, [property: AllowedValues("active", "overlap", "retired")] string State, long FromPosition, long? UntilPosition);

/// <summary>A beginning of a log.</summary>
/// <param name="Epoch">From 1.</param>
/// <param name="Origin">Its name since then.</param>
/// <param name="CreatedAt">When.</param>
/// <param name="FrozenAt">Since when it signs nothing; null when it was never frozen.</param>
public sealed record EpochAnswer(int Epoch, string Origin, DateTimeOffset CreatedAt, DateTimeOffset? FrozenAt);

/// <summary>The public keys of logs.</summary>
public sealed class AuditKeys(StoreConnections connections)
{
    /// <summary>The keys and epochs of a log that exists.</summary>
    public async Task<LogKeysAnswer> ReadAsync(string tenantId, CancellationToken cancel)
    {
        await using var connection = await connections.Writer.OpenConnectionAsync(cancel);
        await using var batch = connection.BatchFor(tenantId);
        batch.Add("select epoch, origin, created_at, frozen_at from stet.audit_log where tenant_id = $1 order by epoch", Scalar(tenantId));
        batch.Add("""
            select public_key, from_position, until_position from stet.audit_key
            where tenant_id = $1 and kind = 'sign'
                and epoch = (select epoch from stet.audit_log where tenant_id = $1 order by epoch desc limit 1)
            """, Scalar(tenantId));
        await using var rows = await batch.ExecuteReaderAsync(cancel);
        await rows.NextResultAsync(cancel);
        var epochs = new List<EpochAnswer>();
        while (await rows.ReadAsync(cancel)) epochs.Add(new(rows.GetInt32(0), rows.GetString(1), Time(rows, 2)!.Value, Time(rows, 3)));

        await rows.NextResultAsync(cancel);
        var keys = new List<(byte[] PublicKey, long From, long? Until)>();
        while (await rows.ReadAsync(cancel))
            keys.Add((rows.GetFieldValue<byte[]>(0), rows.GetInt64(1), rows.IsDBNull(2) ? null : rows.GetInt64(2)));

        var current = epochs[^1];
        var newest = keys.Max(k => k.From);
        return new LogKeysAnswer(
            current.Origin, current.Epoch,
            [
                .. keys.OrderBy(k => k.From).Select(k => new LogKeyAnswer(
                    new VerifierKey(current.Origin, SignatureType.Ed25519, k.PublicKey).ToString(),
                    k.Until is not null ? "retired" : k.From < newest ? "overlap" : "active", k.From, k.Until)),
            ],
            epochs);
    }

    static DateTimeOffset? Time(NpgsqlDataReader row, int column) =>
        row.IsDBNull(column) ? null : row.GetFieldValue<DateTimeOffset>(column);
}
