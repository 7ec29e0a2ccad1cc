using Stet.EventStore;
using Stet.Policy.Decisions;
using Stet.Policy.Entities;

namespace Stet.Policy.Lifecycle;

/// <summary>What came of evaluating a stretch of the log again.</summary>
/// <param name="To">Last position.</param>
/// <param name="Decisions">How many decisions there were.</param>
/// <param name="Unreplayable">How many of them could not be evaluated.</param>
/// <param name="Mismatches">Those that came out otherwise.</param>
sealed record AuditedPage(long To, long Decisions, long Unreplayable, IReadOnlyList<AuditMismatch> Mismatches);

/// <summary>A recorded decision and what comes out of its inputs.</summary>
sealed record AuditMismatch(long Position, DecisionRecorded Decision, AuditedResult Replayed)
{
    public DecisionMismatchFound Event(DateTimeOffset now) => new(
        Position, Decision.EvaluationId, new AuditedResult(Decision.Raw, Decision.Effective), Replayed, ValidatePolicy.Engine, now);
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
        string tenantId, long from, long to, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancel)
    {
        await foreach (var page in new DecisionPages(connections).ReadAsync(tenantId, from, to, cancel))
            yield return await AuditAsync(tenantId, page, cancel);
    }

    async Task<AuditedPage> AuditAsync(string tenantId, DecisionPage page, CancellationToken cancel)
    {
        var (unreplayable, mismatches) = (0L, new List<AuditMismatch>());
        var (policy, digests) = ((PolicyInForce?)null, ((string?)null, (string?)null));
        TenantEntities? known = null;
        foreach (var stored in page.Decisions)
        {
            DecisionRecorded decision;
            try
            {
                decision = (DecisionRecorded)contexts.Catalog.Read("decision_recorded", stored.Json);
            }
            catch (UnreadableEventException)
            {
                unreplayable++;
                continue;
            }

            if (digests != (decision.PolicySetDigest, decision.SchemaDigest))
            {
                digests = (decision.PolicySetDigest, decision.SchemaDigest);
                policy = digests is ({ } set, { } schema) ? await compiled.FindAsync(tenantId, set, schema, cancel) : null;
            }

            if (known?.Position != decision.EntityPosition)
                known = await entities.AtPositionAsync(tenantId, decision.EntityPosition, cancel);
            var (raw, effective) = DecisionPoint.Evaluate(policy, decision.Request, known, decision.Pep);
            if (!effective.Equals(decision.Effective) || !Equals(raw, decision.Raw))
                mismatches.Add(new AuditMismatch(stored.Position, decision, new AuditedResult(raw, effective)));
        }

        return new AuditedPage(page.To, page.Decisions.Count, unreplayable, mismatches);
    }
}
