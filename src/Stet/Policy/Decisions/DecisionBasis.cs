using Stet.EventStore;
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
    /// <summary>Takes one decision.</summary>
    public TakenDecision Decide(in AskedEvaluation asked, IReadOnlyCollection<string> supported)
    {
        var translated = RequestTranslation.Of(Policy?.Schema, Entities, asked, Now);
        var support = Pep.Support(supported);
        var (raw, effective) = DecisionPoint.Evaluate(Policy, translated.Request, Entities, support);
        return new TakenDecision(translated, support, raw, effective);
    }
}

/// <summary>A decision before it is recorded.</summary>
sealed record TakenDecision(TranslatedRequest Translated, PepSupport Pep, RawResult? Raw, EffectiveResult Effective)
{
    /// <summary>What is recorded of it; the ids are given when it is.</summary>
    public DecisionRecorded Event(DecisionBasis basis, int? item, string? requestId) => new(
        Guid.Empty, null, item, requestId, Pep, Translated.Request, Translated.Sources, Translated.Dropped,
        basis.Policy?.PolicySetDigest, basis.Policy?.SchemaDigest, basis.Entities.Position, Raw, Effective);
}
