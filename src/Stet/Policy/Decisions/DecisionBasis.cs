using Stet.Cedar;
using Stet.EventStore;
using Stet.Policy.AccessRequests;
using Stet.Policy.AuthZen;
using Stet.Policy.Entities;
using Stet.Policy.Lifecycle;

namespace Stet.Policy.Decisions;

/// <summary>All that a decision rests on beside the question.</summary>
/// <param name="Policy">What is in force; null: nothing is.</param>
/// <param name="Entities">What is known.</param>
/// <param name="Pep">Who asks.</param>
/// <param name="Now">The time of the decision.</param>
/// <param name="AsOf">Position of a past that it looks at; null: the present.</param>
/// <param name="Guards">Commands that go through only while this is the newest; none for a past.</param>
sealed record DecisionBasis(
    PolicyInForce? Policy, TenantEntities Entities, RegisteredPep Pep, DateTimeOffset Now, long? AsOf,
    IReadOnlyList<StreamCommand> Guards)
{
    /// <summary>What questions refer to of approvals; null when they do not, or may not.</summary>
    public GivenApprovals? Approvals { get; init; }

    /// <summary>Takes one decision.</summary>
    public TakenDecision Decide(in AskedEvaluation asked, IReadOnlyCollection<string> supported)
    {
        var translated = RequestTranslation.Of(Policy?.Schema, Entities, asked, Now);
        ApprovalStanding? approval = null;
        if (Approvals is not null) (translated, approval) = Approvals.Overlay(asked, translated, Policy?.Schema, Now);

        var support = SupportOf(supported);
        var (raw, effective) = DecisionPoint.Evaluate(Policy, translated.Request, Entities, support);
        return new TakenDecision(translated, support, raw, effective) { Approval = approval };
    }

    /// <summary>Denies what is no question: an item of a batch that lacks a part.</summary>
    /// <param name="parts">What can be read of it.</param>
    /// <param name="problem">What is wrong with it.</param>
    public TakenDecision Refuse(in AskedEvaluation parts, in AskedProblem problem)
    {
        var request = new RecordedRequest(
            new Party(parts.Subject.Type, parts.Subject.Id, RecordValue.Empty), parts.Action,
            new Party(parts.Resource.Type, parts.Resource.Id, RecordValue.Empty), RecordValue.Empty, Now, StringSet.Empty, problem.ToString());
        var support = SupportOf([]);
        var (raw, effective) = DecisionPoint.Evaluate(Policy, request, Entities, support);
        return new TakenDecision(new TranslatedRequest(request, RequestSources.None, StringSet.Empty), support, raw, effective);
    }

    /// <summary>What the enforcement point can do. Of what its request names, what is not advertised counts for nothing.</summary>
    public PepSupport SupportOf(IReadOnlyCollection<string> requested) =>
        Pep.Support(requested.Count == 0 || Policy is null ? [] : [.. requested.Where(Policy.Obligations.Types.Contains)]);
}

/// <summary>A decision before it is recorded.</summary>
sealed record TakenDecision(TranslatedRequest Translated, PepSupport Pep, RawResult? Raw, EffectiveResult Effective)
{
    /// <summary>What the approval that the question refers to is worth; null when it refers to none.</summary>
    public ApprovalStanding? Approval { get; init; }

    /// <summary>What is recorded of it; the ids are given when it is.</summary>
    public DecisionRecorded Event(DecisionBasis basis, int? item, string? requestId)
    {
        var recorded = new DecisionRecorded(
            Guid.Empty, null, item, requestId, Pep, Translated.Request, Translated.Sources, Translated.Dropped,
            basis.Policy?.PolicySetDigest, basis.Policy?.SchemaDigest, basis.Entities.Position, Raw, Effective);
        return recorded with { ReplayDigest = ReplayDigest.Of(recorded) };
    }
}
