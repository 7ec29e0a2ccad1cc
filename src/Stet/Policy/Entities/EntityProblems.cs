using Stet.Cedar;

namespace Stet.Policy.Entities;

/// <summary>Every reason an entity is refused. Clients match on the code; the wording may change.</summary>
public static class EntityProblems
{
    /// <summary>Entities that are well-formed and cannot be: the schema, the hierarchy or a repetition forbids it.</summary>
    public static Problem Refused(IReadOnlyList<MemberError> errors) => new(
        "entity_refused", 409, "The entities cannot be recorded",
        $"{errors[0].Message} Nothing of the request was recorded.")
    { Errors = errors };

    public static Problem TooMany(int most) => new(
        "too_many_entities", 409, "A tenant has an end to its entities", $"a tenant may have {most} entities: remove some first");

    public static Problem NotFound(EntityUid uid) => new(
        "entity_not_found", 404, "There is no such entity", $"nothing is known of an entity `{uid.Id}` of the type `{uid.Type}`");

    public static Problem Changing { get; } = new(
        "entities_change", 503, "The entities change too fast", "others kept recording entities meanwhile; try again")
    { RetryAfterSeconds = 1 };
}
