using System.Collections.Concurrent;
using Stet.EventStore;
using Stet.Http;
using static Stet.EventStore.NpgsqlBatchExtensions;

namespace Stet.Policy.Lifecycle;

/// <summary>Dry runs of candidates: new ones, those of an activation's tail, and those whose report is gone.</summary>
sealed class PolicyDiffs(
    Store store, CandidateTexts texts, CompiledPolicies compiled, PolicyDiffRunner runner, DiffReports reports, TimeProvider clock,
    ILogger<PolicyDiffs> logger)
    : IDisposable
{
    /// <summary>Most decisions of a diff.</summary>
    public const int Most = 1_000_000;

    static readonly TimeSpan defaultRange = TimeSpan.FromDays(30);

    readonly ConcurrentDictionary<(string TenantId, string Candidate), DiffProgress> running = new();

    // A dry run takes all cores there are: another one would only slow it down.
    readonly SemaphoreSlim turn = new(1);

    /// <inheritdoc />
    public void Dispose() => turn.Dispose();

    /// <summary>How far the dry run of a candidate is that this instance makes; null: it makes none.</summary>
    public DiffProgress? ProgressOf(string tenantId, string candidate) => running.GetValueOrDefault((tenantId, candidate));

    /// <summary>Compares a candidate with what is in force. The report is kept once it is on record.</summary>
    /// <param name="tenantId">Whose.</param>
    /// <param name="candidate">The candidate's digest.</param>
    /// <param name="from">First position; null: 30 days ago, at most 1,000,000 decisions.</param>
    /// <param name="to">Last position; null: the log's end.</param>
    /// <param name="cancel">Ends it early.</param>
    public async Task<(DiffPolicy? Command, DiffReport? Report, DiffAffected? Affected, Problem? Problem)> RunAsync(
        string tenantId, string candidate, long? from, long? to, CancellationToken cancel)
    {
        var (life, now, head) = await PolicyModule.LifeAsync(store, clock, tenantId, cancel);
        if (life.Candidate(candidate) is not { } known) return (null, null, null, PolicyProblems.NotFound(candidate));
        if (!known.IsOpen) return (null, null, null, PolicyProblems.Closed(known));

        var current = life.InForce(now);
        var baseline = current is null ? null : new PolicyBaseline(current.Candidate, current.PolicySetDigest, current.SchemaDigest);
        var last = Math.Min(to ?? head, head);
        var first = from ?? await FirstAsync(tenantId, last, cancel);
        var (report, tally) = await RunAsync(tenantId, candidate, baseline, first, last, cancel);
        if (report is null) return (null, null, null, PolicyProblems.WillNotLoad(candidate));
        if (Sum(tally) > Most) return (null, null, null, PolicyProblems.DiffTooLarge);

        return (new DiffPolicy(candidate, report.Digest, first, last, baseline, tally.Counts), report, tally.Affected, null);
    }

    /// <summary>The report of a recorded diff; made again when it is gone.</summary>
    /// <returns>Null: no such diff of the candidate was recorded, or its policies do not load any more.</returns>
    public async Task<DiffReport?> ReportAsync(string tenantId, string candidate, string digest, CancellationToken cancel)
    {
        if (await DiffedAsync(tenantId, candidate, digest, cancel) is not { } diffed) return null;
        return await reports.FindAsync(tenantId, digest, cancel) ?? (await AgainAsync(tenantId, diffed, cancel)).Report;
    }

    /// <summary>Makes the report of a recorded diff again, from the log.</summary>
    /// <returns>No report: its policies do not load any more.</returns>
    /// <exception cref="BadRequestException">Another report came out: the engine is not what it was. 409.</exception>
    public async Task<(DiffReport? Report, DiffAffected Affected)> AgainAsync(string tenantId, PolicyDiffed diffed, CancellationToken cancel)
    {
        var (report, tally) = await RunAsync(tenantId, diffed.Candidate, diffed.Baseline, diffed.From, diffed.To, cancel);
        if (report is not null && report.Digest != diffed.DiffDigest)
        {
            PolicyLog.OtherReport(logger, tenantId, diffed.Candidate, diffed.DiffDigest, report.Digest);
            throw new BadRequestException(PolicyProblems.EngineChanged);
        }

        if (report is not null) await reports.KeepAsync(tenantId, report, cancel);
        return (report, tally.Affected);
    }

    /// <summary>The replay of the decisions since the diff that an activation rests on; it has looked at none yet.</summary>
    public async Task<(TailReplay Replay, Problem? Problem)> TailAsync(string tenantId, ActivatePolicy command, CancellationToken cancel)
    {
        var (life, _, _) = await PolicyModule.LifeAsync(store, clock, tenantId, cancel);

        // Whatever is wrong with the command itself, its rule says.
        if (life.Candidate(command.Candidate) is not { IsOpen: true, Diff: { } diff } || diff.Digest != command.DiffDigest)
            return (TailReplay.OfNothing(command.Position), null);
        if (await ReportAsync(tenantId, command.Candidate, diff.Digest, cancel) is not { } report
            || await LoadAsync(tenantId, command.Candidate, cancel) is not { } candidate)
            return (TailReplay.OfNothing(command.Position), PolicyProblems.WillNotLoad(command.Candidate));

        var (known, baseline) = (DiffReports.KindsOf(report), await BaselineAsync(tenantId, diff.Baseline, cancel));
        return (new TailReplay(diff.Position, known, async (from, take, token) =>
        {
            var head = await store.PositionAsync(tenantId, token);
            await runner.RunAsync(tenantId, baseline, candidate, from, head, take, progress: null, token);
            return head;
        }), null);
    }

    async Task<(DiffReport? Report, DiffTally Tally)> RunAsync(
        string tenantId, string candidateDigest, PolicyBaseline? baseline, long from, long to, CancellationToken cancel)
    {
        var tally = new DiffTally();
        if (await LoadAsync(tenantId, candidateDigest, cancel) is not { } candidate) return (null, tally);

        var compared = await BaselineAsync(tenantId, baseline, cancel);
        var lines = new DiffReportBuilder();
        var key = (tenantId, candidateDigest);
        running[key] = new DiffProgress(0, from - 1, from, to, 0);
        try
        {
            await turn.WaitAsync(cancel);
            try
            {
                await runner.RunAsync(tenantId, compared, candidate, from, to, part =>
                {
                    part.CountInto(tally);
                    lines.Add(part.Lines);
                    return Sum(tally) <= Most;
                }, progress => running[key] = progress, cancel);
            }
            finally
            {
                turn.Release();
            }
        }
        finally
        {
            running.TryRemove(key, out _);
        }

        return (lines.Finish(candidateDigest, baseline, from, to, tally), tally);
    }

    /// <summary>The first position of the default range.</summary>
    Task<long> FirstAsync(string tenantId, long to, CancellationToken cancel) =>
        store.QueryAsync(
            tenantId,
            $"""
            select greatest(stet.position_at($1, $2), 1, (
                select seq_id from stet.mt_events where tenant_id = $1 and type = 'decision_recorded' and seq_id <= $3
                order by seq_id desc offset {Most - 1} limit 1))
            """,
            [Scalar(tenantId), Scalar((clock.GetUtcNow() - defaultRange).UtcDateTime), Scalar(to)],
            static async (row, _, token) => await row.ReadAsync(token) ? row.GetInt64(0) : 1, cancel);

    async Task<PolicyInForce?> LoadAsync(string tenantId, string candidate, CancellationToken cancel) =>
        await texts.PositionAsync(tenantId, candidate, cancel) is var position and > 0
            ? await compiled.LoadAsync(tenantId, candidate, position, cancel)
            : null;

    // A baseline that does not load decides nothing, here as in life.
    async Task<PolicyInForce?> BaselineAsync(string tenantId, PolicyBaseline? baseline, CancellationToken cancel) =>
        baseline is null ? null : await LoadAsync(tenantId, baseline.Candidate, cancel);

    /// <summary>The event of a diff; null: there is none of that digest.</summary>
    Task<PolicyDiffed?> DiffedAsync(string tenantId, string candidate, string digest, CancellationToken cancel) =>
        store.QueryAsync(
            tenantId,
            """
            select e.data
            from stet.policy_step s
            cross join lateral (
                select type, data from stet.mt_events where tenant_id = $1 and seq_id = s.position limit 1) e
            where s.tenant_id = $1 and s.candidate = $2 and e.type = 'policy_diffed' and e.data ->> 'diff_digest' = $3
            order by s.position desc limit 1
            """,
            [Scalar(tenantId), Scalar(candidate), Scalar(digest)],
            static async (row, _, token) => await row.ReadAsync(token)
                ? System.Text.Json.JsonSerializer.Deserialize(row.GetFieldValue<byte[]>(0), PolicyEventJson.Default.PolicyDiffed)
                : null,
            cancel);

    static long Sum(DiffTally tally)
    {
        var sum = 0L;
        foreach (var count in tally.Total) sum += count;
        return sum;
    }
}
