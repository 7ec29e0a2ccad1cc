using System.Collections.Concurrent;
using System.Collections.Frozen;
using System.Collections.Immutable;

namespace Stet.Cedar;

public sealed partial class Schema
{
    readonly Lazy<Declarations> declarations;
    readonly ConcurrentDictionary<string, AnnotatedAttributes> annotated = new(StringComparer.Ordinal);

    /// <summary>The annotation of an entity type's declaration; null when there is none, or no such type.</summary>
    /// <param name="entityType">Full type path.</param>
    /// <param name="name">The annotation's name.</param>
    public Annotation? FindAnnotation(string entityType, string name) =>
        declarations.Value.EntityType(entityType)?.Annotations.FirstOrDefault(annotation => annotation.Name == name);

    /// <summary>
    /// The attributes of an entity type that carry an annotation, or whose type holds an attribute that does. The
    /// annotation of a common type's own declaration does not count.
    /// </summary>
    /// <param name="entityType">Full type path.</param>
    /// <param name="name">The annotation's name.</param>
    public IReadOnlySet<string> FindAnnotatedAttributes(string entityType, string name) =>
        Annotated(name).Of(declarations.Value.EntityType(entityType)?.Shape);

    /// <summary>The same for the context of an action.</summary>
    /// <param name="action">A declared action.</param>
    /// <param name="name">The annotation's name.</param>
    public IReadOnlySet<string> FindAnnotatedContext(EntityUid action, string name) =>
        Annotated(name).Of(declarations.Value.Action(action)?.AppliesTo?.Context);

    /// <summary>Everything that carries an annotation: what it is, and its name, the full one of a type.</summary>
    /// <param name="name">The annotation's name.</param>
    public IEnumerable<(DeclarationKind Kind, string Name)> FindAnnotated(string name)
    {
        foreach (var space in syntax.Namespaces)
        {
            if (IsAnnotated(space.Annotations)) yield return (DeclarationKind.Namespace, space.Name);
            foreach (var type in space.CommonTypes)
                if (IsAnnotated(type.Annotations)) yield return (DeclarationKind.CommonType, space.Qualify(type.Name));
            foreach (var type in space.EntityTypes)
                if (IsAnnotated(type.Annotations)) yield return (DeclarationKind.EntityType, space.Qualify(type.Name));
            foreach (var action in space.Actions)
                if (IsAnnotated(action.Annotations)) yield return (DeclarationKind.Action, action.Name);
        }

        foreach (var attribute in AttributeDeclarations)
            if (IsAnnotated(attribute.Annotations)) yield return (DeclarationKind.Attribute, attribute.Name);

        bool IsAnnotated(ImmutableArray<Annotation> annotations) => annotations.Any(annotation => annotation.Name == name);
    }

    AnnotatedAttributes Annotated(string name) =>
        annotated.GetOrAdd(name, static (name, declarations) => new AnnotatedAttributes(declarations, name), declarations.Value);
}

/// <summary>What a schema declares.</summary>
public enum DeclarationKind
{
    /// <summary>A namespace.</summary>
    Namespace,

    /// <summary>A common type.</summary>
    CommonType,

    /// <summary>An entity type.</summary>
    EntityType,

    /// <summary>An action.</summary>
    Action,

    /// <summary>An attribute, at any depth.</summary>
    Attribute,
}

/// <summary>Finds attributes by an annotation on them or within them.</summary>
sealed class AnnotatedAttributes(Declarations declarations, string name)
{
    // Types may share parts so often that walking all of them would never end: each record is looked at once.
    readonly ConcurrentDictionary<RecordTypeSyntax, bool> known = new(ReferenceEqualityComparer.Instance);

    public FrozenSet<string> Of(TypeSyntax? shape) => declarations.Resolve(shape) is RecordTypeSyntax record
        ? record.Attributes.Where(IsAnnotated).Select(attribute => attribute.Name).ToFrozenSet(StringComparer.Ordinal)
        : [];

    bool IsAnnotated(AttributeSyntax attribute) =>
        attribute.Annotations.Any(annotation => annotation.Name == name) || HasAnnotated(attribute.Type);

    // Names of names are followed in a loop: only what nests is a level.
    bool HasAnnotated(TypeSyntax type) => declarations.Resolve(type) switch
    {
        RecordTypeSyntax record => known.TryGetValue(record, out var found) ? found : known[record] = record.Attributes.Any(IsAnnotated),
        SetTypeSyntax set => HasAnnotated(set.Element),
        _ => false,
    };
}
