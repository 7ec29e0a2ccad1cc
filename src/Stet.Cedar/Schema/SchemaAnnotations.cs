using System.Collections.Frozen;

namespace Stet.Cedar;

public sealed partial class Schema
{
    /// <summary>The annotation of an entity type's declaration; null when there is none, or no such type.</summary>
    /// <param name="entityType">Full type path.</param>
    /// <param name="name">The annotation's name.</param>
    public Annotation? FindAnnotation(string entityType, string name) =>
        Declaration(entityType)?.Annotations.FirstOrDefault(annotation => annotation.Name == name);

    /// <summary>
    /// The attributes of an entity type that carry an annotation, or whose type holds an attribute that does. The
    /// annotation of a common type's own declaration does not count.
    /// </summary>
    /// <param name="entityType">Full type path.</param>
    /// <param name="name">The annotation's name.</param>
    public IReadOnlySet<string> FindAnnotatedAttributes(string entityType, string name) =>
        new AnnotatedAttributes(syntax, name).Of(Declaration(entityType)?.Shape);

    /// <summary>The same for the context of an action.</summary>
    /// <param name="action">A declared action.</param>
    /// <param name="name">The annotation's name.</param>
    public IReadOnlySet<string> FindAnnotatedContext(EntityUid action, string name) =>
        new AnnotatedAttributes(syntax, name).Of(syntax.Namespaces
            .Where(space => space.ActionType == action.Type).SelectMany(space => space.Actions)
            .FirstOrDefault(declared => declared.Name == action.Id)?.AppliesTo?.Context);

    EntityTypeSyntax? Declaration(string entityType) => syntax.Namespaces
        .SelectMany(space => space.EntityTypes.Where(type => space.Qualify(type.Name) == entityType)).FirstOrDefault();
}

/// <summary>Finds attributes by an annotation on them or within them.</summary>
sealed class AnnotatedAttributes(SchemaSyntax syntax, string name)
{
    // Types may share parts so often that walking all of them would never end: each common type is looked at once.
    readonly Dictionary<string, bool> known = new(StringComparer.Ordinal);

    public FrozenSet<string> Of(TypeSyntax? shape) => Resolve(shape) is RecordTypeSyntax record
        ? record.Attributes.Where(IsAnnotated).Select(attribute => attribute.Name).ToFrozenSet(StringComparer.Ordinal)
        : [];

    bool IsAnnotated(AttributeSyntax attribute) =>
        attribute.Annotations.Any(annotation => annotation.Name == name) || HasAnnotated(attribute.Type);

    bool HasAnnotated(TypeSyntax type) => type switch
    {
        RecordTypeSyntax record => record.Attributes.Any(IsAnnotated),
        SetTypeSyntax set => HasAnnotated(set.Element),
        NamedTypeSyntax { Kind: TypeNameKind.Common } named => HasAnnotated(named),
        _ => false,
    };

    bool HasAnnotated(NamedTypeSyntax common)
    {
        if (!known.TryGetValue(common.Name, out var found))
            known[common.Name] = found = CommonType(common.Name) is { } type && HasAnnotated(type);
        return found;
    }

    TypeSyntax? Resolve(TypeSyntax? type)
    {
        while (type is NamedTypeSyntax { Kind: TypeNameKind.Common } named) type = CommonType(named.Name);
        return type;
    }

    TypeSyntax? CommonType(string fullName) => syntax.Namespaces
        .SelectMany(space => space.CommonTypes.Where(type => space.Qualify(type.Name) == fullName)).FirstOrDefault()?.Type;
}
