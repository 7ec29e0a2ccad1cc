using Npgsql;
using static Stet.EventStore.NpgsqlBatchExtensions;

namespace Stet.Audit.SelfCheck;

/// <summary>A sweep that was begun, as it is stored.</summary>
/// <param name="State">What <see cref="TenantSweep.State"/> gave; null: none is under way.</param>
/// <param name="Missing">Positions that it found missing so far.</param>
/// <param name="Altered">Positions that it found altered so far.</param>
sealed record SelfCheckProgress(byte[]? State, long Missing, long Altered)
{
    public static SelfCheckProgress None { get; } = new(null, 0, 0);

    /// <summary>What is stored of a tenant's sweep, unless it is no longer due.</summary>
    /// <param name="connection">Holds the tenant's lock.</param>
    /// <param name="tenantId">Whose log.</param>
    /// <param name="before">A log is due that was last checked before then.</param>
    /// <param name="cancel">Ends the wait.</param>
    /// <returns>Null when another instance has checked it meanwhile.</returns>
    public static async Task<SelfCheckProgress?> ReadAsync(
        NpgsqlConnection connection, string tenantId, DateTime before, CancellationToken cancel)
    {
        await using var batch = connection.BatchFor(tenantId);
        batch.Add("select state, missing, altered, completed_at >= $2 from stet.audit_selfcheck where tenant_id = $1", Scalar(tenantId), Scalar(before));
        await using var rows = await batch.ExecuteReaderAsync(cancel);
        await rows.NextResultAsync(cancel);
        if (!await rows.ReadAsync(cancel)) return None;
        if (!rows.IsDBNull(3) && rows.GetBoolean(3)) return null;
        return new SelfCheckProgress(rows.IsDBNull(0) ? null : rows.GetFieldValue<byte[]>(0), rows.GetInt64(1), rows.GetInt64(2));
    }

    /// <summary>Stores how far a sweep has come.</summary>
    public async Task SaveAsync(NpgsqlConnection connection, string tenantId, long position, DateTime now)
    {
        await using var batch = connection.BatchFor(tenantId);
        batch.Add("""
            insert into stet.audit_selfcheck as c (tenant_id, started_at, position, state, missing, altered)
            values ($1, $2, $3, $4::bytea, $5, $6)
            on conflict (tenant_id) do update set started_at = coalesce(c.started_at, excluded.started_at),
                position = excluded.position, state = excluded.state, missing = excluded.missing, altered = excluded.altered
            """, Scalar(tenantId), Scalar(now), Scalar(position), Optional(State), Scalar(Missing), Scalar(Altered));
        await batch.ExecuteNonQueryAsync(CancellationToken.None);
    }

    /// <summary>Stores that a sweep is done; the next one begins anew.</summary>
    public async Task CompleteAsync(NpgsqlConnection connection, string tenantId, DateTime now)
    {
        await using var batch = connection.BatchFor(tenantId);
        batch.Add("""
            insert into stet.audit_selfcheck (tenant_id, completed_at, last_missing, last_altered) values ($1, $2, $3, $4)
            on conflict (tenant_id) do update set started_at = null, position = 0, state = null, missing = 0, altered = 0,
                completed_at = excluded.completed_at, last_missing = excluded.last_missing, last_altered = excluded.last_altered
            """, Scalar(tenantId), Scalar(now), Scalar(Missing), Scalar(Altered));
        await batch.ExecuteNonQueryAsync(CancellationToken.None);
    }

    /// <summary>Adds what a page brought.</summary>
    public SelfCheckProgress With(IReadOnlyList<Finding> found) => this with
    {
        Missing = Missing + found.Where(f => f.State == PositionState.Missing).Sum(f => f.Count),
        Altered = Altered + found.Where(f => f.State == PositionState.Altered).Sum(f => f.Count),
    };

    /// <summary>Names the lock of whoever sweeps a tenant.</summary>
    public static string LockOf(string tenantId) => $"stet:selfcheck:{tenantId}";
}

/// <summary>All tenants' checks together.</summary>
static class SelfChecks
{
    /// <summary>Tenants whose log was last checked, or began, before a moment; longest ago first.</summary>
    public static async Task<List<string>> DueAsync(NpgsqlConnection connection, DateTime before, int most, CancellationToken cancel)
    {
        await using var command = new NpgsqlCommand("select * from stet.audit_selfcheck_due($1, $2)", connection)
            .With(Scalar(before), Scalar(most));
        return await command.ReadTextsAsync(cancel);
    }

    /// <summary>Since when the log that waits longest is unchecked (null: there is no log), and what is known to be wrong.</summary>
    public static async Task<(DateTime? Oldest, long Missing, long Altered)> SummaryAsync(NpgsqlConnection connection, CancellationToken cancel)
    {
        await using var command = new NpgsqlCommand("select oldest, missing, altered from stet.audit_selfcheck_summary()", connection);
        await using var rows = await command.ExecuteReaderAsync(cancel);
        await rows.ReadAsync(cancel);
        return (rows.IsDBNull(0) ? null : rows.GetDateTime(0), rows.GetInt64(1), rows.GetInt64(2));
    }
}
