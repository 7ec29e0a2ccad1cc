using System.Collections.Immutable;

namespace Stet.Cedar;

/// <summary>
/// Cedar's own answer. Beware: a <c>forbid</c> that errors does not forbid, so an answer with errors is no ground to
/// allow anything.
/// </summary>
/// <param name="Allowed">Whether something permits and nothing forbids.</param>
/// <param name="Determining">
/// The satisfied forbids; if there are none, the satisfied permits; in ordinal order, each once.
/// </param>
/// <param name="Errors">The policies that were skipped because they failed, in ordinal order, each once.</param>
public sealed record Authorization(
    bool Allowed, ImmutableArray<PolicyId> Determining, ImmutableArray<PolicyError> Errors);

/// <summary>A policy that failed, and why.</summary>
public sealed record PolicyError(PolicyId Policy, EvaluationError Error);

/// <summary>Why a decision came out as it did: what became of every policy.</summary>
/// <param name="Policies">One for each policy and link, in ordinal order of ids.</param>
public sealed record Explanation(ImmutableArray<PolicyExplanation> Policies);

/// <summary>What became of one policy.</summary>
/// <param name="Policy">Its id.</param>
/// <param name="Effect">What it does when it is satisfied.</param>
/// <param name="FirstFailing">The first clause that is false or fails; null when the policy is satisfied.</param>
/// <param name="Where">
/// The place of that clause in the policy's text; for a condition that is a conjunction, of its first false operand; for
/// an error, of what failed.
/// </param>
/// <param name="Error">Why the clause failed; null when it is false or there is none.</param>
public sealed record PolicyExplanation(
    PolicyId Policy, Effect Effect, Clause? FirstFailing, TextSpan Where, EvaluationError? Error)
{
    /// <summary>Whether scope and conditions all hold.</summary>
    public bool IsSatisfied => FirstFailing is null;
}

/// <summary>The parts of a policy, in the order in which they are tested.</summary>
public enum Clause
{
    /// <summary>The scope's principal.</summary>
    Principal,

    /// <summary>The scope's action.</summary>
    Action,

    /// <summary>The scope's resource.</summary>
    Resource,

    /// <summary>A <c>when</c> or <c>unless</c>.</summary>
    Condition,
}
