using Stet.Cedar;
using Stet.EventStore;
using static Stet.EventStore.NpgsqlBatchExtensions;

namespace Stet.Policy.Lifecycle;

/// <summary>Policies that were lately in use, compiled. Those of one digest are the same wherever they come from.</summary>
sealed class CompiledPolicies(Store store, CandidateTexts texts, TimeProvider clock, ILogger<CompiledPolicies> logger)
{
    const int Most = 32;

    // A text that did not load may be mended; until then, it is not compiled for every decision.
    static readonly TimeSpan unsoundFor = TimeSpan.FromSeconds(5);

    // Whoever drafted it was held to the limit: what is in force stays so where the limit was another one then.
    static readonly CedarLimits limits = CedarLimits.Default with { TypedExpressions = CedarLimits.MostTypedExpressions };

    readonly Dictionary<(string TenantId, string Candidate, long DraftedPosition), LinkedListNode<Loaded>> known = [];
    readonly LinkedList<Loaded> newestFirst = new();

    /// <summary>The policies of a candidate that was drafted at a position; null: they do not load, which was logged.</summary>
    public Task<PolicyInForce?> LoadAsync(string tenantId, string candidate, long draftedPosition, CancellationToken cancel)
    {
        var key = (tenantId, candidate, draftedPosition);
        lock (known)
        {
            if (known.TryGetValue(key, out var node) && Counts(node.Value))
            {
                newestFirst.Remove(node);
            }
            else
            {
                if (node is not null) newestFirst.Remove(node);
                known[key] = node = new LinkedListNode<Loaded>(
                    new Loaded(key, clock.GetUtcNow(), Task.Run(() => CompileAsync(tenantId, candidate, draftedPosition), CancellationToken.None)));
                if (known.Count > Most && newestFirst.Last is { } oldest)
                {
                    newestFirst.RemoveLast();
                    known.Remove(oldest.Value.Key);
                }
            }

            newestFirst.AddFirst(node);
            return node.Value.Policies.WaitAsync(cancel);
        }
    }

    /// <summary>
    /// Policies and schema of these digests, of a candidate that was activated: what has decided is valid, and a candidate
    /// with the same policies and other tests need not be. Null: none was, or they do not load.
    /// </summary>
    public async Task<PolicyInForce?> FindAsync(
        string tenantId, string policySetDigest, string schemaDigest, CancellationToken cancel)
    {
        var (candidate, position) = await store.QueryAsync(
            tenantId,
            """
            select c.candidate, c.drafted_position from stet.policy_candidate c
            where c.tenant_id = $1 and c.policy_set_digest = $2 and c.schema_digest = $3
                and exists (select from stet.policy_activation a where a.tenant_id = $1 and a.candidate = c.candidate)
            order by c.drafted_position limit 1
            """,
            [Scalar(tenantId), Scalar(policySetDigest), Scalar(schemaDigest)],
            static async (row, _, token) => await row.ReadAsync(token) ? (row.GetString(0), row.GetInt64(1)) : ("", 0L), cancel);
        return position == 0 ? null : await LoadAsync(tenantId, candidate, position, cancel);
    }

    async Task<PolicyInForce?> CompileAsync(string tenantId, string digest, long draftedPosition)
    {
        try
        {
            var drafted = await texts.AtAsync(tenantId, draftedPosition, CancellationToken.None);
            var candidate = PolicyCandidate.Read(drafted.Text, limits, isStored: true).Candidate;

            // INVARIANT: what decides is what was approved: the digest is computed anew from the text.
            if (candidate?.ValidatedPolicies is { } valid && candidate.Digest == digest) return candidate.Compile(valid, draftedPosition);
        }
        catch (UnreadableEventException e)
        {
            PolicyLog.Unreadable(logger, tenantId, draftedPosition, e.Message);
        }

        PolicyLog.WillNotLoad(logger, tenantId, digest);
        return null;
    }

    bool Counts(Loaded loaded) => loaded.Policies is not { IsCompleted: true } done
        || (done.IsCompletedSuccessfully && (done.Result is not null || (clock.GetUtcNow() - loaded.At).Duration() < unsoundFor));

    sealed record Loaded((string TenantId, string Candidate, long DraftedPosition) Key, DateTimeOffset At, Task<PolicyInForce?> Policies);
}

static partial class PolicyLog
{
    [LoggerMessage(60, LogLevel.Error, "Policies of {TenantId} do not load, and what they would decide is denied: {Candidate}")]
    public static partial void WillNotLoad(ILogger logger, string tenantId, string candidate);

    [LoggerMessage(66, LogLevel.Warning, "The diff {Digest} of {Candidate} of {TenantId} comes out as {Other} today")]
    public static partial void OtherReport(ILogger logger, string tenantId, string candidate, string digest, string other);

    [LoggerMessage(64, LogLevel.Error, "A candidate of {TenantId} cannot be read at position {Position}: {Reason}")]
    public static partial void Unreadable(ILogger logger, string tenantId, long position, string reason);
}
