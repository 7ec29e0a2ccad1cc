namespace Stet.Cedar;

/// <summary>Why an expression has no value.</summary>
/// <param name="Kind">What kind of reason.</param>
/// <param name="Where">The place in the policy's text.</param>
/// <param name="Expected">For <see cref="EvaluationErrorKind.Type"/>: a kind that would have been right.</param>
/// <param name="Actual">For <see cref="EvaluationErrorKind.Type"/>: the kind that was met.</param>
/// <param name="Name">The attribute, tag, entity or function it is about; null where there is none.</param>
public sealed record EvaluationError(
    EvaluationErrorKind Kind, TextSpan Where, ValueKind? Expected = null, ValueKind? Actual = null, string? Name = null)
{
    /// <summary>A sentence for people. It holds names from policies and requests, never other values.</summary>
    public string Describe() => Kind switch
    {
        EvaluationErrorKind.Type => $"A value of kind {Expected} is needed here, and this is of kind {Actual}.",
        EvaluationErrorKind.Overflow => "The result does not fit 64 bits.",
        EvaluationErrorKind.AttributeAbsent => $"There is no attribute `{Name}`: test with `has` first.",
        EvaluationErrorKind.TagAbsent => $"There is no tag `{Name}`: test with `hasTag` first.",
        EvaluationErrorKind.EntityAbsent => $"Nothing is known of the entity `{Name}`.",
        EvaluationErrorKind.Arity => $"`{Name}` is called with the wrong number of arguments.",
        _ => $"`{Name}` does not accept this text.",
    };
}

/// <summary>Kinds of <see cref="EvaluationError"/>.</summary>
public enum EvaluationErrorKind
{
    /// <summary>A value of the wrong kind; also a condition that is no Bool.</summary>
    Type,

    /// <summary>A result beyond 64 bits.</summary>
    Overflow,

    /// <summary>An attribute or key that is not there.</summary>
    AttributeAbsent,

    /// <summary>A tag that is not there.</summary>
    TagAbsent,

    /// <summary>An attribute or tag of an entity of which nothing is known.</summary>
    EntityAbsent,

    /// <summary>An extension function with too few or too many arguments.</summary>
    Arity,

    /// <summary>A text that an extension constructor does not accept.</summary>
    ExtensionArgument,
}
