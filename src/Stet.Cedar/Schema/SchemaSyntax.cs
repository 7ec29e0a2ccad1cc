using System.Collections.Immutable;

namespace Stet.Cedar;

// A schema as it was written in either form. Name resolution answers the same tree with full names.

sealed record SchemaSyntax(ImmutableArray<NamespaceSyntax> Namespaces);

/// <summary>A namespace by its path; the path is empty for declarations outside of any.</summary>
sealed record NamespaceSyntax(
    string Name, ImmutableArray<Annotation> Annotations, ImmutableArray<CommonTypeSyntax> CommonTypes,
    ImmutableArray<EntityTypeSyntax> EntityTypes, ImmutableArray<ActionSyntax> Actions, SchemaPlace Place)
{
    /// <summary>The full name of what is declared here under a simple one.</summary>
    public string Qualify(string name) => Name.Length == 0 ? name : $"{Name}::{name}";

    /// <summary>The entity type of the actions declared here.</summary>
    public string ActionType => Qualify("Action");
}

sealed record CommonTypeSyntax(
    string Name, TypeSyntax Type, ImmutableArray<Annotation> Annotations, SchemaPlace Place);

/// <summary>
/// An entity type by its simple name. The shape is a record or the name of one, and null for no attributes; tags are null
/// when there are none, and enumerated ids when there may be any.
/// </summary>
sealed record EntityTypeSyntax(
    string Name, ImmutableArray<NamedTypeSyntax> Parents, TypeSyntax? Shape, TypeSyntax? Tags,
    ImmutableArray<string>? EnumIds, ImmutableArray<Annotation> Annotations, SchemaPlace Place);

/// <summary>An action by its id. It applies to nothing, null, when it is only a group.</summary>
sealed record ActionSyntax(
    string Name, ImmutableArray<ActionReferenceSyntax> Parents, AppliesToSyntax? AppliesTo,
    ImmutableArray<Annotation> Annotations, SchemaPlace Place);

/// <summary>An action that is named as a group; the type is null for that of the same namespace.</summary>
sealed record ActionReferenceSyntax(string? Type, string Name, SchemaPlace Place);

/// <summary>What an action applies to. The context is a record or the name of one, and null for the empty record.</summary>
sealed record AppliesToSyntax(
    ImmutableArray<NamedTypeSyntax> Principals, ImmutableArray<NamedTypeSyntax> Resources, TypeSyntax? Context);

abstract record TypeSyntax(SchemaPlace Place);

sealed record NamedTypeSyntax(string Name, TypeNameKind Kind, SchemaPlace Place) : TypeSyntax(Place);

sealed record SetTypeSyntax(TypeSyntax Element, SchemaPlace Place) : TypeSyntax(Place);

sealed record RecordTypeSyntax(ImmutableArray<AttributeSyntax> Attributes, SchemaPlace Place) : TypeSyntax(Place);

sealed record AttributeSyntax(
    string Name, bool IsRequired, TypeSyntax Type, ImmutableArray<Annotation> Annotations, SchemaPlace Place);

/// <summary>What the name of a type may stand for.</summary>
enum TypeNameKind
{
    /// <summary>A common type, else an entity type, else a built-in type.</summary>
    Any,

    /// <summary>An entity type.</summary>
    Entity,

    /// <summary>A common type, else a built-in type.</summary>
    Common,

    /// <summary>A type of the language, whatever the schema declares.</summary>
    BuiltIn,
}

/// <summary>Where something was written: a piece of the text, or a JSON pointer (RFC 6901).</summary>
readonly record struct SchemaPlace(TextSpan Where, string? Pointer)
{
    public Finding Finding(FindingCode code, string message) =>
        new(code, Policy: null, Where, Pointer is null ? message : $"At `{Pointer}`: {message}") { Pointer = Pointer };
}
