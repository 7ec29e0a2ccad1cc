using System.Collections.Immutable;
using Stet.Cedar;
using Stet.EventStore;
using static Stet.EventStore.NpgsqlBatchExtensions;

namespace Stet.Policy.Lifecycle;

/// <summary>Reads candidates, and their texts from the log.</summary>
sealed class CandidateTexts(Store store) : IDisposable
{
    // Each takes a core for up to seconds: however many are asked for, the other cores are there for everybody else.
    readonly SemaphoreSlim turn = new(1);

    /// <inheritdoc />
    public void Dispose() => turn.Dispose();

    /// <summary>The event by which a candidate was drafted (the last time); null: none was.</summary>
    public async Task<PolicyDrafted?> FindAsync(string tenantId, string candidate, CancellationToken cancel)
    {
        var position = await PositionAsync(tenantId, candidate, cancel);
        return position == 0 ? null : await AtAsync(tenantId, position, cancel);
    }

    /// <summary>Where a candidate was drafted (the last time); 0: none was.</summary>
    public Task<long> PositionAsync(string tenantId, string candidate, CancellationToken cancel) =>
        store.QueryAsync(
            tenantId, "select drafted_position from stet.policy_candidate where tenant_id = $1 and candidate = $2",
            [Scalar(tenantId), Scalar(candidate)],
            static async (row, _, token) => await row.ReadAsync(token) ? row.GetInt64(0) : 0, cancel);

    /// <summary>The event at the position where a candidate was drafted.</summary>
    public async Task<PolicyDrafted> AtAsync(string tenantId, long position, CancellationToken cancel) =>
        (await store.ReadAsync(tenantId, position - 1, limit: 1, cancel)) is [{ Data: PolicyDrafted drafted }]
            ? drafted
            : throw new UnreadableEventException($"no candidate was drafted at position {position}");

    /// <summary>A candidate as the engine that runs now sees it; null: none of that name was drafted.</summary>
    public async Task<PolicyCandidate?> ReadAsync(string tenantId, string candidate, CancellationToken cancel) =>
        await FindAsync(tenantId, candidate, cancel) is { } drafted
            ? (await ReadAsync(drafted.Text, cancel)).Candidate
            : null;

    /// <summary>Reads and validates a candidate, one at a time on this instance.</summary>
    public async Task<(PolicyCandidate? Candidate, ImmutableArray<PolicyFinding> Findings)> ReadAsync(
        CandidateText text, CancellationToken cancel)
    {
        await turn.WaitAsync(cancel);
        try
        {
            return PolicyCandidate.Read(text, CedarLimits.Default, cancel: cancel);
        }
        finally
        {
            turn.Release();
        }
    }
}
