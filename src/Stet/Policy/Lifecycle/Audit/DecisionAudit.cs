using System.Runtime.CompilerServices;
using Stet.EventStore;
using Stet.Policy.Decisions;
using Stet.Policy.Entities;

namespace Stet.Policy.Lifecycle;

/// <summary>What came of evaluating a stretch of the log again.</summary>
/// <param name="To">Last position.</param>
/// <param name="Decisions">How many decisions there were.</param>
/// <param name="Unreplayable">How many of them could not be evaluated, or are not what their replay digest says.</param>
/// <param name="Mismatches">Those that came out otherwise.</param>
sealed record AuditedPage(long To, long Decisions, long Unreplayable, IReadOnlyList<AuditMismatch> Mismatches);

/// <summary>A recorded decision and what comes out of its inputs.</summary>
sealed record AuditMismatch(long Position, Guid EvaluationId, AuditedResult Recorded, AuditedResult Replayed)
{
    public DecisionMismatchFound Event(DateTimeOffset now) =>
        new(Position, EvaluationId, Recorded, Replayed, ValidatePolicy.Engine, now);
}

/// <summary>Evaluates recorded decisions again: by the policies, the schema and the entities that they name.</summary>
sealed class DecisionAudit(StoreConnections connections, ContextCatalog contexts, CompiledPolicies compiled, PolicyEntities entities)
{
    /// <summary>Evaluates a part of a log, stretch by stretch.</summary>
    /// <param name="tenantId">Whose.</param>
    /// <param name="from">First position.</param>
    /// <param name="to">Last position.</param>
    /// <param name="cancel">Ends it early.</param>
    public async IAsyncEnumerable<AuditedPage> RunAsync(
        string tenantId, long from, long to, [EnumeratorCancellation] CancellationToken cancel)
    {
        const int stretch = RecordedDecisions<AuditedDecisions>.Stretch;
        var (policy, digests) = ((PolicyInForce?)null, ((string?)null, (string?)null));
        TenantEntities? known = null;
        var decisions = new RecordedDecisions<AuditedDecisions>(connections, contexts, tenantId, whole: true, async (decision, token) =>
        {
            if (digests != (decision.PolicySetDigest, decision.SchemaDigest))
            {
                digests = (decision.PolicySetDigest, decision.SchemaDigest);
                policy = digests is ({ } set, { } schema) ? await compiled.FindAsync(tenantId, set, schema, token) : null;
            }

            if (known?.Position != decision.EntityPosition)
                known = await entities.AtPositionAsync(tenantId, decision.EntityPosition, token);
            return new AuditedDecisions(policy, decision, known);
        });

        for (var start = from; start <= to; start += stretch)
        {
            var end = Math.Min(start + stretch - 1, to);
            var (unreplayable, mismatches) = (0L, new List<AuditMismatch>());
            var count = await decisions.ReadAsync(start, end, stored =>
            {
                if (stored.Alike?.DifferenceAt(stored.Now) is { } other)
                    mismatches.Add(new AuditMismatch(stored.Position, IdOf(stored.Json), stored.Alike.Recorded, other));
                else if (stored.Alike is not { IsDigested: true })
                    unreplayable++;
            }, cancel);
            yield return new AuditedPage(end, count, unreplayable, mismatches);
        }
    }

    Guid IdOf(ReadOnlyMemory<byte> json) => ((DecisionRecorded)contexts.Catalog.Read("decision_recorded", json.Span)).EvaluationId;
}

/// <summary>Recorded decisions that differ in nothing but their time, and what comes out of their inputs.</summary>
sealed class AuditedDecisions(PolicyInForce? policy, DecisionRecorded decision, TenantEntities known)
{
    readonly RepeatedQuestion again = DecisionPoint.Repeat(policy, decision.Request, known, decision.Pep);

    /// <summary>Whether they are what their replay digest says, which dry runs go by.</summary>
    public bool IsDigested { get; } = decision.ReplayDigest is not { } digest || digest == ReplayDigest.Of(decision);

    /// <summary>What was recorded of each.</summary>
    public AuditedResult Recorded { get; } = new(decision.Raw, decision.Effective);

    /// <summary>What comes out at a time; null: what was recorded.</summary>
    public AuditedResult? DifferenceAt(DateTimeOffset now)
    {
        var (raw, effective) = again.At(now);
        return effective.Equals(Recorded.Effective) && Equals(raw, Recorded.Raw) ? null : new AuditedResult(raw, effective);
    }
}
