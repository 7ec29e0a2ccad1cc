using System.Collections.Immutable;

namespace Stet.Cedar;

/// <summary>A value, or the findings that prevented it; beside a value, findings are warnings.</summary>
/// <param name="Value">What was asked for; null when a finding prevented it.</param>
/// <param name="Findings">In the order of the input; never the default array.</param>
public sealed record Outcome<T>(T? Value, ImmutableArray<Finding> Findings) where T : class;

/// <summary>Something the author of a policy, a schema or data should know.</summary>
/// <param name="Code">What kind of thing; programs match on it.</param>
/// <param name="Policy">The policy it concerns; null when it concerns none.</param>
/// <param name="Where">
/// The place in the text it was read from; the empty span at 0 for JSON, whose messages name a JSON pointer (RFC 6901).
/// </param>
/// <param name="Message">A sentence that says what to change, with input in backticks. The wording may change.</param>
public sealed record Finding(FindingCode Code, PolicyId? Policy, TextSpan Where, string Message)
{
    /// <summary>The JSON pointer that the message begins with, as it stands there; null when it names none.</summary>
    public string? Pointer { get; init; }
}

/// <summary>What a <see cref="Finding"/> is about.</summary>
public enum FindingCode
{
    /// <summary>The text does not follow the grammar.</summary>
    Syntax,

    /// <summary>An escape in a string or pattern that the language does not have.</summary>
    Escape,

    /// <summary>An integer beyond 64 bits.</summary>
    IntegerRange,

    /// <summary>A record key, annotation or JSON member that occurs twice.</summary>
    DuplicateKey,

    /// <summary>A function or method that does not exist, or one called as the other.</summary>
    UnknownFunction,

    /// <summary>A built-in method with too few or too many arguments.</summary>
    Arity,

    /// <summary>One of <see cref="CedarLimits"/> is exceeded.</summary>
    Limit,

    /// <summary>An id that breaks the rule of <see cref="PolicyId"/>.</summary>
    PolicyId,

    /// <summary>Two policies, templates or links with one id.</summary>
    DuplicateId,

    /// <summary>A template link that names no template or does not fill exactly its slots.</summary>
    Link,

    /// <summary>JSON that is malformed or is not the form expected there.</summary>
    Json,

    /// <summary>An extension value that its constructor does not accept.</summary>
    ExtensionValue,

    /// <summary>An entity that is listed twice.</summary>
    DuplicateEntity,

    /// <summary>Entities that are their own ancestors.</summary>
    EntityCycle,

    /// <summary>A name of an entity type, an action, a type, or the id of an enumerated entity that no schema declares.</summary>
    UnknownName,

    /// <summary>Two declarations of one name in a schema.</summary>
    DuplicateDeclaration,

    /// <summary>A declaration under a name that the language keeps for itself.</summary>
    ReservedName,

    /// <summary>Types or actions of a schema that are defined by themselves.</summary>
    DeclarationCycle,

    /// <summary>A type in a place of a schema where only a record may stand.</summary>
    RecordNeeded,

    /// <summary>An expression whose type does not fit its place.</summary>
    TypeMismatch,

    /// <summary>An attribute or tags that the schema does not declare.</summary>
    UnknownAttribute,

    /// <summary>An optional attribute or a tag that is read without a test for it.</summary>
    UnsafeAccess,

    /// <summary>A set literal without elements, whose type nobody can tell.</summary>
    EmptySet,

    /// <summary>An extension constructor called with anything but one string literal.</summary>
    LiteralNeeded,

    /// <summary>A scope that no request of the schema can satisfy.</summary>
    NoApplicableAction,

    /// <summary>A warning: conditions that no request of the schema can satisfy.</summary>
    NeverSatisfied,

    /// <summary>A warning: text that may not be what it looks like.</summary>
    DeceptiveText,

    /// <summary>A request or an entity that does not fit the schema.</summary>
    Nonconforming,
}
