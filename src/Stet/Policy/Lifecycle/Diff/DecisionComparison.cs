using Stet.Cedar;
using Stet.Policy.Decisions;

namespace Stet.Policy.Lifecycle;

/// <summary>A recorded decision under two sets of policies.</summary>
/// <param name="Class">One of <see cref="DiffClass"/>.</param>
/// <param name="Before">What the baseline makes of it; null: unreplayable.</param>
/// <param name="After">What the candidate makes of it; null: unreplayable.</param>
readonly record struct DecisionComparison(string Class, ReplayedResult? Before, ReplayedResult? After)
{
    /// <summary>Compares what both made of one question.</summary>
    public static DecisionComparison Of(ReplayedResult before, ReplayedResult after) => new(ClassOf(before, after), before, after);

    /// <summary>The first class that fits. What fitted neither schema is no change.</summary>
    static string ClassOf(ReplayedResult before, ReplayedResult after)
    {
        if (after.IsMisfit && !before.IsMisfit) return DiffClass.SchemaInvalid;
        if (after.HasErrors != before.HasErrors) return after.HasErrors ? DiffClass.NewError : DiffClass.ErrorGone;
        if (after.Effective.Decision != before.Effective.Decision)
            return after.Effective.Decision ? DiffClass.DenyToAllow : DiffClass.AllowToDeny;
        return after.Equals(before) ? DiffClass.Same : DiffClass.ReasonOnly;
    }
}

/// <summary>What policies make of a recorded request.</summary>
/// <param name="Raw">Cedar's answer; null: the engine was not asked.</param>
/// <param name="Effective">What follows from it.</param>
readonly record struct ReplayedResult(RawResult? Raw, EffectiveResult Effective)
{
    public ReplayedResult((RawResult? Raw, EffectiveResult Effective) result) : this(result.Raw, result.Effective)
    {
    }

    /// <summary>Whether the request or an entity does not fit the schema.</summary>
    public bool IsMisfit => Effective.Code is DecisionCodes.RequestInvalid or DecisionCodes.UnknownType
        or DecisionCodes.UnknownAction or DecisionCodes.NotApplicable;

    /// <summary>Whether a policy failed.</summary>
    public bool HasErrors => Raw is { Errors.Count: > 0 };

    /// <summary>The policies that it rests on, in ordinal order.</summary>
    public EquatableArray<string> Determining => Raw?.Determining ?? default;
}
