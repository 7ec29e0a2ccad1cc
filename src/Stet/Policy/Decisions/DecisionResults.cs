using System.Runtime.InteropServices;
using System.Text.Json;
using Stet.Cedar;

namespace Stet.Policy.Decisions;

/// <summary>What a decision amounts to.</summary>
public enum DecisionClass
{
    /// <summary>Something permits and nothing stands in the way.</summary>
    Allow,

    /// <summary>A policy forbids it.</summary>
    Forbidden,

    /// <summary>Nothing permits it.</summary>
    NotPermitted,

    /// <summary>It could not be decided, and so is denied.</summary>
    Error,
}

/// <summary>Classes as events, answers and queries name them.</summary>
static class DecisionClasses
{
    public static string Name(this DecisionClass kind) => kind switch
    {
        DecisionClass.Allow => "allow",
        DecisionClass.Forbidden => "forbidden",
        DecisionClass.NotPermitted => "not_permitted",
        _ => "error",
    };

    public static DecisionClass Read(string? name) => name switch
    {
        "allow" => DecisionClass.Allow,
        "forbidden" => DecisionClass.Forbidden,
        "not_permitted" => DecisionClass.NotPermitted,
        "error" => DecisionClass.Error,
        _ => throw new JsonException("a stored decision has no known class"),
    };
}

/// <summary>Why a decision that is not an allow and no plain answer of the policies is what it is.</summary>
public static class DecisionCodes
{
    /// <summary>A policy failed: a forbid that fails does not forbid, so nothing is allowed.</summary>
    public const string PolicyError = "policy_error";

    /// <summary>The request or its entities do not fit the schema.</summary>
    public const string RequestInvalid = "request_invalid";

    /// <summary>No policy set is in force.</summary>
    public const string NoActivePolicy = "no_active_policy";

    /// <summary>A permit binds the enforcement point to what it is not known to be able to do.</summary>
    public const string ObligationUnsupported = "obligation_unsupported";

    /// <summary>The schema serves no entity type of that name.</summary>
    public const string UnknownType = "unknown_type";

    /// <summary>The schema declares no action of that name.</summary>
    public const string UnknownAction = "unknown_action";

    /// <summary>The action does not apply to these types.</summary>
    public const string NotApplicable = "not_applicable";
}

/// <summary>Cedar's own answer.</summary>
/// <param name="Decision">Whether something permits and nothing forbids.</param>
/// <param name="Determining">Ids of the policies that it rests on, in ordinal order.</param>
/// <param name="Errors">The policies that failed, in ordinal order of ids.</param>
public sealed record RawResult(bool Decision, EquatableArray<string> Determining, EquatableArray<RawError> Errors)
{
    public static RawResult Of(Authorization authorization)
    {
        var determining = new string[authorization.Determining.Length];
        for (var i = 0; i < determining.Length; i++) determining[i] = authorization.Determining[i].Value;

        var errors = new RawError[authorization.Errors.Length];
        for (var i = 0; i < errors.Length; i++)
            errors[i] = new RawError(authorization.Errors[i].Policy.Value, RawError.KindOf(authorization.Errors[i].Error.Kind));

        return new RawResult(
            authorization.Allowed, new(ImmutableCollectionsMarshal.AsImmutableArray(determining)),
            new(ImmutableCollectionsMarshal.AsImmutableArray(errors)));
    }
}

/// <summary>A policy that failed.</summary>
/// <param name="Policy">Its id.</param>
/// <param name="Kind">Kind of the evaluation error, snake_case: <c>overflow</c>, <c>attribute_absent</c> ...</param>
public sealed record RawError(string Policy, string Kind)
{
    public static string KindOf(EvaluationErrorKind kind) => kind switch
    {
        EvaluationErrorKind.Type => "type",
        EvaluationErrorKind.Overflow => "overflow",
        EvaluationErrorKind.AttributeAbsent => "attribute_absent",
        EvaluationErrorKind.TagAbsent => "tag_absent",
        EvaluationErrorKind.EntityAbsent => "entity_absent",
        EvaluationErrorKind.Arity => "arity",
        _ => "extension_argument",
    };
}

/// <summary>What the enforcement point is told, and has to do.</summary>
/// <param name="Decision">Whether it may go on.</param>
/// <param name="Class">What the decision amounts to.</param>
/// <param name="Code">One of <see cref="DecisionCodes"/>; null for the plain answers of policies.</param>
/// <param name="Obligations">What binds the enforcement point, in ordinal order of ids.</param>
public sealed record EffectiveResult(
    bool Decision, DecisionClass Class, string? Code, EquatableArray<Obligation> Obligations)
{
    public static EffectiveResult Allow(EquatableArray<Obligation> obligations) =>
        new(true, DecisionClass.Allow, null, obligations);

    public static EffectiveResult Deny(DecisionClass @class, string? code = null, EquatableArray<Obligation> obligations = default) =>
        new(false, @class, code, obligations);
}

/// <summary>Who asks, and what binds it that it can do.</summary>
/// <param name="Id">Subject of the enforcement point's credential.</param>
/// <param name="Obligations">Types of obligations that it supports, by its registration or its request.</param>
public sealed record PepSupport(string Id, StringSet Obligations);
