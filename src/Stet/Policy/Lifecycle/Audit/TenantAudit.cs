using System.Text.Json;
using Npgsql;
using Stet.EventStore;
using Stet.Http;
using static Stet.EventStore.NpgsqlBatchExtensions;

namespace Stet.Policy.Lifecycle;

/// <summary>How far the self-audit of a tenant's decisions has come with one engine.</summary>
/// <param name="Engine">Name and version of the engine; another one begins anew.</param>
/// <param name="Position">The log has been looked at up to there.</param>
/// <param name="Decisions">Decisions evaluated.</param>
/// <param name="Unreplayable">How many of them could not be.</param>
/// <param name="Mismatches">How many came out otherwise.</param>
/// <param name="AuditedAt">When it last reached the log's end; null: it has not yet.</param>
public sealed record AuditProgress(
    string Engine, long Position, long Decisions, long Unreplayable, long Mismatches, DateTimeOffset? AuditedAt)
{
    /// <summary>The engine that runs has looked at nothing yet.</summary>
    public static AuditProgress None { get; } = new(ValidatePolicy.Engine, 0, 0, 0, 0, null);

    /// <summary>Further on, by what was found on the way.</summary>
    public AuditProgress With(long position, long decisions, long unreplayable, long mismatches) => this with
    {
        Position = position,
        Decisions = Decisions + decisions,
        Unreplayable = Unreplayable + unreplayable,
        Mismatches = Mismatches + mismatches,
    };
}

/// <summary>Carries the self-audit of one tenant on, and puts on record what it finds.</summary>
sealed class TenantAudit(
    Store store, StoreConnections connections, DecisionAudit audit, PolicyAuditMetrics metrics, TimeProvider clock,
    ILogger<TenantAudit> logger)
{
    const string StreamName = "policy_audit";

    // Findings are put on record at the end of this many positions at the latest.
    const long MostAtOnce = 1_000_000;

    /// <summary>One stream for each tenant, of which nothing is loaded but its version.</summary>
    public static StateType<NoState> State { get; } = StateType.Stateless(StreamName);

    /// <summary>Evaluates what has not been, up to the log's end.</summary>
    /// <param name="connection">For the lock that leaves a tenant to one instance at a time.</param>
    /// <param name="tenantId">Whose.</param>
    /// <param name="from">
    /// 1 begins anew; a later position begins a run of its own, which leaves alone how far the audit has come; null: goes on
    /// where it left off.
    /// </param>
    /// <param name="asker">Who asks for it; null: nobody does.</param>
    /// <param name="pace">Called after every stretch; rests, or does not.</param>
    /// <param name="cancel">Ends it early; what was found until then is on record.</param>
    /// <returns>Null: another instance is at it.</returns>
    public async Task<AuditProgress?> RunAsync(
        NpgsqlConnection connection, string tenantId, long? from, CommandContext? asker, Func<CancellationToken, Task> pace,
        CancellationToken cancel)
    {
        if (!await SessionLock.TryTakeAsync(connection, LockOf(tenantId), cancel)) return null;

        try
        {
            var (last, version) = await LastAsync(tenantId, cancel);
            var progress = from is { } start
                ? AuditProgress.None with { Position = start - 1 }
                : await LeftOffAsync(tenantId, last, cancel);
            var isKept = from is null or 1;
            var head = await store.PositionAsync(tenantId, cancel);
            if (head == 0) return progress;
            while (progress.Position < head)
            {
                var to = Math.Min(head, progress.Position + MostAtOnce);
                if (await AdvanceAsync(tenantId, progress, version, to, isKept, asker, pace, cancel) is not { } advanced) return null;
                (progress, version) = advanced;
            }

            progress = progress with { AuditedAt = clock.GetUtcNow() };
            if (isKept) await SaveAsync(tenantId, progress);
            return progress;
        }
        finally
        {
            await SessionLock.ReleaseAsync(connection, LockOf(tenantId));
        }
    }

    /// <summary>How far the engine that runs has come.</summary>
    public static async Task<AuditProgress> ReadAsync(Store store, string tenantId, CancellationToken cancel) =>
        await store.QueryAsync(
            tenantId,
            """
            select engine, position, decisions, unreplayable, mismatches, audited_at from stet.policy_audit
            where tenant_id = $1 and engine = $2
            """,
            [Scalar(tenantId), Scalar(ValidatePolicy.Engine)],
            static async (row, _, token) => await row.ReadAsync(token)
                ? new AuditProgress(
                    row.GetString(0), row.GetInt64(1), row.GetInt64(2), row.GetInt64(3), row.GetInt64(4),
                    row.IsDBNull(5) ? null : row.GetFieldValue<DateTimeOffset>(5))
                : AuditProgress.None,
            cancel);

    /// <summary>Where the audit left off: behind what is on record, whether or not that was saved.</summary>
    async Task<AuditProgress> LeftOffAsync(string tenantId, DecisionsAudited? last, CancellationToken cancel)
    {
        var progress = await ReadAsync(store, tenantId, cancel);
        if (last is null || (last.From, last.Engine) != (progress.Position + 1, progress.Engine)) return progress;

        progress = progress.With(last.To, last.Decisions, last.Unreplayable, last.Mismatches);
        await SaveAsync(tenantId, progress);
        return progress;
    }

    async Task<(DecisionsAudited? Last, long Version)> LastAsync(string tenantId, CancellationToken cancel) =>
        await store.FindTenantAsync(tenantId, cancel) is { } tenant
            ? await store.QueryAsync(
                tenantId, "select data, version from stet.mt_events where tenant_id = $1 and stream_id = $2 order by version desc limit 1",
                [Scalar(tenantId), Scalar(tenant.StreamId(StreamName))],
                static async (row, _, token) => await row.ReadAsync(token)
                    ? (JsonSerializer.Deserialize(row.GetFieldValue<byte[]>(0), PolicyEventJson.Default.DecisionsAudited), row.GetInt64(1))
                    : (null, 0),
                cancel)
            : (null, 0);

    /// <summary>Evaluates a stretch and puts on record what was found.</summary>
    /// <returns>Null: another instance has put something on record meanwhile. Who loses the connection of a lock is not told.</returns>
    async Task<(AuditProgress Progress, long Version)?> AdvanceAsync(
        string tenantId, AuditProgress progress, long version, long to, bool isKept, CommandContext? asker, Func<CancellationToken, Task> pace,
        CancellationToken cancel)
    {
        var from = progress.Position + 1;
        var (decisions, unreplayable, mismatches) = (0L, 0L, new List<AuditMismatch>());
        var reached = progress.Position;
        try
        {
            await foreach (var page in audit.RunAsync(tenantId, from, to, cancel))
            {
                reached = page.To;
                decisions += page.Decisions;
                unreplayable += page.Unreplayable;
                mismatches.AddRange(page.Mismatches);
                if (mismatches.Count > 0) break; // told before the rest, however long that is
                await pace(cancel);
            }
        }
        catch (OperationCanceledException) when (cancel.IsCancellationRequested && reached > progress.Position)
        {
            await TellAsync();
            throw;
        }

        var advanced = await TellAsync();
        await pace(cancel);
        return advanced;

        async Task<(AuditProgress, long)?> TellAsync()
        {
            var found = new DecisionsAudited(from, reached, decisions, unreplayable, mismatches.Count, ValidatePolicy.Engine, default);
            if (await RecordAsync(tenantId, version, found, mismatches, asker) is not { } recorded) return null;
            metrics.Audited(decisions, mismatches.Count, unreplayable);
            foreach (var mismatch in mismatches) PolicyAuditLog.Mismatch(logger, tenantId, mismatch.Position, mismatch.EvaluationId);
            var told = progress.With(reached, decisions, unreplayable, mismatches.Count);
            if (isKept) await SaveAsync(tenantId, told);
            return (told, version + recorded);
        }
    }

    /// <returns>How many events were recorded; null: the stream is not at that version any more.</returns>
    async Task<int?> RecordAsync(
        string tenantId, long version, DecisionsAudited found, List<AuditMismatch> mismatches, CommandContext? asker)
    {
        if (found.Decisions == 0 || await store.FindTenantAsync(tenantId, CancellationToken.None) is not { } tenant) return 0;

        var command = new StreamCommand<NoState>(
            State, tenant.StreamId(StreamName), (_, now) => [.. mismatches.Select(m => m.Event(now)), found with { AuditedAt = now }])
        {
            ExpectedVersion = version,
        };
        var results = await store.AppendAsync(
            tenantId, asker?.Metadata ?? new EventMetadata("operator"), [command], asker?.Receipt is not null, CancellationToken.None);
        if (results[0].Outcome == AppendOutcome.VersionConflict) return null;
        asker?.Receipt?.Add(tenantId, results[0]);
        return results[0].Events.Count;
    }

    async Task SaveAsync(string tenantId, AuditProgress progress)
    {
        await using var connection = await connections.Writer.OpenConnectionAsync(CancellationToken.None);
        await using var batch = connection.BatchFor(tenantId);
        batch.Add("""
            insert into stet.policy_audit (tenant_id, engine, position, decisions, unreplayable, mismatches, audited_at)
            values ($1, $2, $3, $4, $5, $6, $7::timestamptz)
            on conflict (tenant_id, engine) do update set
                position = excluded.position, decisions = excluded.decisions, unreplayable = excluded.unreplayable,
                mismatches = excluded.mismatches, audited_at = excluded.audited_at
            """,
            Scalar(tenantId), Scalar(progress.Engine), Scalar(progress.Position), Scalar(progress.Decisions),
            Scalar(progress.Unreplayable), Scalar(progress.Mismatches), Optional(progress.AuditedAt?.UtcDateTime));
        await batch.ExecuteNonQueryAsync(CancellationToken.None);
    }

    static string LockOf(string tenantId) => $"{StreamName}:{tenantId}";
}
