using System.Collections.Concurrent;
using System.Collections.Frozen;

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

    AnnotatedAttributes Annotated(string name) =>
        annotated.GetOrAdd(name, static (name, declarations) => new AnnotatedAttributes(declarations, name), declarations.Value);
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
