using System.Diagnostics.CodeAnalysis;
using Stet.Cedar;
using Stet.Policy.AuthZen;
using Stet.Policy.Lifecycle;
using CedarSchema = Stet.Cedar.Schema;

namespace Stet.Policy.Decisions;

/// <summary>
/// The fail-closed layer: from what is in force and a request to what the enforcement point is told. Decisions, dry runs
/// and audits all come through here. Pure.
/// </summary>
public static class DecisionPoint
{
    /// <summary>
    /// The version of this layer. Each decision is recorded with the one that it was taken by, and comes out by it again.
    /// 1 holds no entities to the schema but subject and resource, takes the first of the actions that a name may mean, and of
    /// an entity that is both subject and resource what is said of the subject; 2 holds all entities to the schema that the
    /// policies look at, and refuses such names and what contradicts itself.
    /// </summary>
    public const int Layer = 2;

    static readonly EffectiveResult requestInvalid = EffectiveResult.Deny(DecisionClass.Error, DecisionCodes.RequestInvalid);

    /// <summary>Evaluates a request as it was, or is to be, recorded.</summary>
    /// <param name="policy">What is in force; null: nothing is.</param>
    /// <param name="request">The request, filtered and converted.</param>
    /// <param name="entities">What is known of other entities, and what subject and resource are in.</param>
    /// <param name="pep">Who asks.</param>
    /// <returns>Cedar's answer, null when the engine was not asked; and what follows from it.</returns>
    public static (RawResult? Raw, EffectiveResult Effective) Evaluate(
        PolicyInForce? policy, RecordedRequest request, IEntities entities, PepSupport pep)
    {
        if (!TryAsk(policy, request, entities, out var asked, out var refusal)) return (null, refusal);

        return Answer(policy!, policy!.Snapshot.Authorize(asked.At(request.Now), asked.Known), asked.Known, pep);
    }

    /// <summary>What became of each policy, with the first clause that stands in its way; null when the engine is not asked.</summary>
    public static Explanation? Explain(PolicyInForce? policy, RecordedRequest request, IEntities entities)
    {
        if (!TryAsk(policy, request, entities, out var asked, out _)) return null;

        // What deciding comes across is what counts: explaining looks at more.
        var question = asked.At(request.Now);
        policy!.Snapshot.Authorize(question, asked.Known);
        return asked.Known.HasMisfit ? null : policy.Snapshot.Explain(question, asked.Known);
    }

    /// <summary>Prepares a request to be evaluated at many times.</summary>
    /// <inheritdoc cref="Evaluate"/>
    internal static RepeatedQuestion Repeat(PolicyInForce? policy, RecordedRequest request, IEntities entities, PepSupport pep) =>
        TryAsk(policy, request, entities, out var asked, out var refusal)
            ? new RepeatedQuestion(policy!, asked, pep)
            : new RepeatedQuestion(refusal);

    /// <summary>What a decision suggests, without binding anybody: the union of the determining policies' advice.</summary>
    public static EquatableArray<Obligation> Advice(PolicyInForce? policy, RawResult? raw) => policy is null || raw is null
        ? default
        : Obligations.Of(policy, [.. raw.Determining.Select(id => new PolicyId(id))], Obligations.Advice);

    /// <summary>Cedar's answer and what follows from it, unless it rests on an entity that does not fit the schema.</summary>
    internal static (RawResult? Raw, EffectiveResult Effective) Answer(
        PolicyInForce policy, Authorization raw, RequestEntities looked, PepSupport pep) =>
        looked.HasMisfit ? (null, requestInvalid) : (RawResult.Of(raw), Effective(policy, raw, pep));

    /// <summary>What follows from Cedar's answer; the first rule that applies.</summary>
    internal static EffectiveResult Effective(PolicyInForce policy, Authorization raw, PepSupport pep)
    {
        // A forbid that failed did not forbid: whatever else came out is no ground to allow anything.
        if (raw.Errors.Length > 0) return EffectiveResult.Deny(DecisionClass.Error, DecisionCodes.PolicyError);

        var obligations = Obligations.Of(policy, raw.Determining, Obligations.Binding);
        if (!raw.Allowed)
            return EffectiveResult.Deny(
                raw.Determining.IsEmpty ? DecisionClass.NotPermitted : DecisionClass.Forbidden, null, obligations);

        foreach (var obligation in obligations)
            if (!pep.Obligations.Contains(obligation.Type))
                return EffectiveResult.Deny(DecisionClass.Error, DecisionCodes.ObligationUnsupported, obligations);

        return EffectiveResult.Allow(obligations);
    }

    /// <summary>Makes the question for the engine, unless there is an answer without it.</summary>
    static bool TryAsk(
        PolicyInForce? policy, RecordedRequest request, IEntities entities, out EngineQuestion asked,
        [NotNullWhen(false)] out EffectiveResult? refusal)
    {
        (asked, refusal) = (default, null);
        if (request.Problem is not null) refusal = requestInvalid;
        else if (policy is null) refusal = EffectiveResult.Deny(DecisionClass.Error, DecisionCodes.NoActivePolicy);
        if (refusal is not null) return false;

        var schema = AuthZenSchema.Of(policy!.Schema);
        if (!schema.TryGetType(request.Subject.Type, out var subjectType)
            || !schema.TryGetType(request.Resource.Type, out var resourceType))
            refusal = EffectiveResult.Deny(DecisionClass.NotPermitted, DecisionCodes.UnknownType);
        else if (!schema.HasAction(request.Action))
            refusal = EffectiveResult.Deny(DecisionClass.NotPermitted, DecisionCodes.UnknownAction);
        else if (schema.FindAction(request.Action, subjectType.Name, resourceType.Name, out var others) is not { } action)
            refusal = EffectiveResult.Deny(DecisionClass.NotPermitted, DecisionCodes.NotApplicable);
        else if (request.Invalid.Count > 0 || (request.Layer > 1 && (others || Contradicts(request))))
            refusal = requestInvalid;
        else
        {
            var subject = Look(request.Subject, subjectType, entities);
            var resource = Look(request.Resource, resourceType, entities);
            asked = new EngineQuestion(
                subject.Uid, action, resource.Uid, request.Context,
                new RequestEntities(request.Layer > 1 ? policy.Schema : null, entities, subject.Known, resource.Known));
            if (Fits(policy.Schema, asked.At(request.Now), subject.Known, resource.Known)) return true;

            refusal = requestInvalid;
        }

        return false;
    }

    /// <summary>Whether subject and resource are one entity of which two things are said.</summary>
    static bool Contradicts(RecordedRequest request) =>
        request.Subject.Id == request.Resource.Id && request.Subject.Type == request.Resource.Type
        && !request.Subject.Properties.Equals(request.Resource.Properties);

    static bool Fits(CedarSchema schema, in Request question, Entity? subject, Entity? resource) =>
        schema.Check(question).IsEmpty
        && (subject is null || schema.Check(subject).IsEmpty)
        && (resource is null || schema.Check(resource).IsEmpty);

    /// <summary>What is known of a party: its recorded entity, with the attributes it is evaluated with.</summary>
    static (EntityUid Uid, Entity? Known) Look(Party party, AuthZenType type, IEntities entities)
    {
        var uid = new EntityUid(type.Name, party.Id);
        if (!entities.TryGet(uid, out var known))
            return (uid, party.Properties.Count == 0 ? null : new Entity(uid, party.Properties, [], RecordValue.Empty));

        return ReferenceEquals(known.Attributes, party.Properties)
            ? (known.Uid, known)
            : (known.Uid, new Entity(known.Uid, party.Properties, known.Ancestors, known.Tags));
    }
}

/// <summary>
/// Entities with the subject and the resource of a request lying over them, for one evaluation at a time: what it looks at
/// is held to the schema.
/// </summary>
/// <param name="schema">Null: what is known is taken as it is.</param>
/// <param name="known">What is known.</param>
/// <param name="subject">Who asks, found to fit; null when nothing is known of it.</param>
/// <param name="resource">About what, likewise.</param>
sealed class RequestEntities(CedarSchema? schema, IEntities known, Entity? subject, Entity? resource) : IEntities
{
    /// <summary>Whether an entity was looked at that does not fit the schema.</summary>
    public bool HasMisfit { get; set; }

    public bool TryGet(EntityUid uid, [NotNullWhen(true)] out Entity? entity)
    {
        entity = subject is not null && subject.Uid.Equals(uid) ? subject
            : resource is not null && resource.Uid.Equals(uid) ? resource
            : null;
        if (entity is not null) return true;
        if (!known.TryGet(uid, out entity)) return false;

        if (schema is not null && !schema.Check(entity).IsEmpty) HasMisfit = true;
        return true;
    }
}
