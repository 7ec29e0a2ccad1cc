using System.Collections.Immutable;

namespace Stet.Cedar;

/// <param name="Name">Full type path.</param>
/// <param name="Parents">Types of which its entities may be members, directly.</param>
/// <param name="Attributes">The empty record for an enumerated type.</param>
/// <param name="Tags">The type of every tag; null when its entities have no tags.</param>
/// <param name="EnumIds">The ids there are, in ordinal order; null when any id may be.</param>
sealed record EntityTypeDefinition(
    string Name, ImmutableArray<string> Parents, RecordType Attributes, CedarType? Tags, ImmutableArray<string>? EnumIds)
{
    /// <summary>Whether there can be an entity of this type with this id.</summary>
    public bool Admits(string id) =>
        EnumIds is not { } ids || ids.BinarySearch(id, StringComparer.Ordinal) >= 0;

    /// <summary>Why an id is not admitted.</summary>
    public string ExplainRefused(string id) =>
        $"The entity type `{ValueText.Shown(Name)}` has only the ids its `enum` lists, and `{ValueText.Shown(id)}` is none of them."
        + Suggestion.For(id, EnumIds ?? []);
}

/// <param name="Uid">Its name.</param>
/// <param name="Parents">The groups it is in, directly.</param>
/// <param name="PrincipalTypes">Empty for an action that is only a group.</param>
/// <param name="ResourceTypes">Empty for an action that is only a group.</param>
/// <param name="Context">What a request has to bring along.</param>
sealed record ActionDefinition(
    EntityUid Uid, ImmutableArray<EntityUid> Parents, ImmutableArray<string> PrincipalTypes,
    ImmutableArray<string> ResourceTypes, RecordType Context);
