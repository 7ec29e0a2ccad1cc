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

        var authorization = policy!.Snapshot.Authorize(asked.At(request.Now), asked.Known);
        return (RawResult.Of(authorization), Effective(policy, authorization, pep));
    }

    /// <summary>What became of each policy, with the first clause that stands in its way; null when the engine is not asked.</summary>
    public static Explanation? Explain(PolicyInForce? policy, RecordedRequest request, IEntities entities) =>
        TryAsk(policy, request, entities, out var asked, out _)
            ? policy!.Snapshot.Explain(asked.At(request.Now), asked.Known)
            : null;

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
        if (request.Problem is not null) refusal = EffectiveResult.Deny(DecisionClass.Error, DecisionCodes.RequestInvalid);
        else if (policy is null) refusal = EffectiveResult.Deny(DecisionClass.Error, DecisionCodes.NoActivePolicy);
        if (refusal is not null) return false;

        var schema = AuthZenSchema.Of(policy!.Schema);
        if (!schema.TryGetType(request.Subject.Type, out var subjectType)
            || !schema.TryGetType(request.Resource.Type, out var resourceType))
            refusal = EffectiveResult.Deny(DecisionClass.NotPermitted, DecisionCodes.UnknownType);
        else if (!schema.HasAction(request.Action))
            refusal = EffectiveResult.Deny(DecisionClass.NotPermitted, DecisionCodes.UnknownAction);
        else if (schema.FindAction(request.Action, subjectType.Name, resourceType.Name) is not { } action)
            refusal = EffectiveResult.Deny(DecisionClass.NotPermitted, DecisionCodes.NotApplicable);
        else if (request.Invalid.Count > 0)
            refusal = EffectiveResult.Deny(DecisionClass.Error, DecisionCodes.RequestInvalid);
        else
        {
            var subject = Look(request.Subject, subjectType, entities);
            var resource = Look(request.Resource, resourceType, entities);
            asked = new EngineQuestion(
                subject.Uid, action, resource.Uid, request.Context, RequestEntities.Over(entities, subject.Known, resource.Known));
            if (Fits(policy.Schema, asked.At(request.Now), subject.Known, resource.Known)) return true;

            refusal = EffectiveResult.Deny(DecisionClass.Error, DecisionCodes.RequestInvalid);
        }

        return false;
    }

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

/// <summary>Entities with the subject and the resource of a request lying over them.</summary>
sealed class RequestEntities(IEntities known, Entity? subject, Entity? resource) : IEntities
{
    public static IEntities Over(IEntities known, Entity? subject, Entity? resource) =>
        IsIn(known, subject) && IsIn(known, resource) ? known : new RequestEntities(known, subject, resource);

    public bool TryGet(EntityUid uid, [NotNullWhen(true)] out Entity? entity)
    {
        entity = subject is not null && subject.Uid.Equals(uid) ? subject
            : resource is not null && resource.Uid.Equals(uid) ? resource
            : null;
        return entity is not null || known.TryGet(uid, out entity);
    }

    static bool IsIn(IEntities known, Entity? entity) =>
        entity is null || (known.TryGet(entity.Uid, out var found) && ReferenceEquals(found, entity));
}
