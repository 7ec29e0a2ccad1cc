using System.Collections.Frozen;
using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;

namespace Stet.Cedar;

/// <summary>
/// What entities, actions and contexts there can be, and so what policies may rely on. Immutable; threads may share it.
/// As <see cref="IEntityShapes"/> it lets entity JSON leave the wrappers of entities and extension values out.
/// </summary>
public sealed partial class Schema : IEntityShapes
{
    readonly SchemaSyntax syntax;
    readonly FrozenDictionary<string, EntityTypeDefinition> entityTypes;
    readonly FrozenDictionary<EntityUid, ActionDefinition> actions;
    readonly EntityStore actionEntities;

    // What entities that fit remember it by: they may outlive it.
    readonly object mark = new();

    internal Schema(
        SchemaSyntax syntax, Dictionary<string, EntityTypeDefinition> entityTypes,
        Dictionary<EntityUid, ActionDefinition> actions, EntityStore actionEntities, CedarLimits limits)
    {
        this.syntax = syntax;
        declarations = new Lazy<Declarations>(() => new Declarations(syntax));
        this.entityTypes = entityTypes.ToFrozenDictionary(StringComparer.Ordinal);
        this.actions = actions.ToFrozenDictionary();
        this.actionEntities = actionEntities;
        Limits = limits;
        ActionTypes = actions.Keys.Select(action => action.Type).ToFrozenSet(StringComparer.Ordinal);
        EntityTypes = [.. entityTypes.Keys.Order(StringComparer.Ordinal)];
        Actions =
        [
            .. actions.Keys.OrderBy(action => action.Type, StringComparer.Ordinal).ThenBy(action => action.Id, StringComparer.Ordinal),
        ];
    }

    /// <summary>The declared entity types by their full paths, in ordinal order. The types of actions are left out.</summary>
    public ImmutableArray<string> EntityTypes { get; }

    /// <summary>The declared actions, groups included, in the ordinal order of types and ids.</summary>
    public ImmutableArray<EntityUid> Actions { get; }

    /// <summary>The actions as entities, each with every group it is in.</summary>
    public IReadOnlyCollection<Entity> ActionEntities => actionEntities.All;

    /// <summary>Every combination of an action with the types of principals and resources it applies to.</summary>
    public IEnumerable<RequestEnvironment> Environments =>
        from action in Actions
        let definition = actions[action]
        from principal in definition.PrincipalTypes
        from resource in definition.ResourceTypes
        select new RequestEnvironment(principal, action, resource);

    /// <summary>The names of all declared attributes, of entities, tags, contexts and common types, at any depth.</summary>
    public IEnumerable<string> AttributeNames => AttributeDeclarations.Select(attribute => attribute.Name);

    IEnumerable<AttributeSyntax> AttributeDeclarations => syntax.Namespaces.SelectMany(space => (IEnumerable<TypeSyntax?>)
    [
        .. space.CommonTypes.Select(type => type.Type),
        .. space.EntityTypes.Select(type => type.Shape), .. space.EntityTypes.Select(type => type.Tags),
        .. space.Actions.Select(action => action.AppliesTo?.Context),
    ]).SelectMany(AttributesIn);

    /// <summary>What it was read under.</summary>
    internal CedarLimits Limits { get; }

    /// <summary>The types of actions: <c>Action</c>, or that within a namespace.</summary>
    internal FrozenSet<string> ActionTypes { get; }

    /// <summary>Reads the schema language.</summary>
    /// <param name="text">The schema.</param>
    /// <param name="limits">How large it may be.</param>
    /// <returns>
    /// The schema; or the first mistake of syntax, or what is wrong with names and definitions. No text causes an
    /// exception.
    /// </returns>
    public static Outcome<Schema> Parse(string text, CedarLimits limits)
    {
        ArgumentNullException.ThrowIfNull(text);
        ArgumentNullException.ThrowIfNull(limits);

        var (parsed, failure) = SchemaParser.Parse(text, limits);
        return parsed is null ? new(null, [failure!]) : new SchemaBuilder(limits).Build(parsed);
    }

    /// <summary>Reads the JSON form of a schema.</summary>
    /// <param name="utf8">The JSON text.</param>
    /// <param name="limits">How large it may be.</param>
    /// <inheritdoc cref="Parse"/>
    public static Outcome<Schema> ParseJson(ReadOnlySpan<byte> utf8, CedarLimits limits)
    {
        ArgumentNullException.ThrowIfNull(limits);

        var (read, failure) = SchemaReader.Read(utf8, limits);
        return read is null ? new(null, [failure!]) : new SchemaBuilder(limits).Build(read);
    }

    /// <summary>
    /// The JSON form, with full names and in canonical JSON (RFC 8785). Equal schemas give equal bytes, whichever form
    /// they were read from. Keep what was read where it has to be read again: this form is longer, and may exceed
    /// <see cref="CedarLimits.SchemaBytes"/>.
    /// </summary>
    public byte[] WriteJson() => new SchemaWriter().Write(syntax);

    /// <summary>SHA-256 over <see cref="WriteJson"/>, which is what approvals and decisions are bound to: 32 bytes.</summary>
    public byte[] ComputeDigest() => SHA256.HashData(WriteJson());

    /// <summary>What the context of a request has to be; null for an action that is not declared.</summary>
    /// <param name="action">The action of the request.</param>
    public IValueShape? ContextShape(EntityUid action) => actions.TryGetValue(action, out var found) ? found.Context : null;

    IValueShape? IEntityShapes.Attributes(string entityType) =>
        entityTypes.TryGetValue(entityType, out var type) ? type.Attributes : null;

    IValueShape? IEntityShapes.Tag(string entityType) =>
        entityTypes.TryGetValue(entityType, out var type) ? type.Tags : null;

    internal bool TryGet(string entityType, [NotNullWhen(true)] out EntityTypeDefinition? definition) =>
        entityTypes.TryGetValue(entityType, out definition);

    internal bool TryGet(EntityUid action, [NotNullWhen(true)] out ActionDefinition? definition) =>
        actions.TryGetValue(action, out definition);

    internal bool TryGetEntity(EntityUid action, [NotNullWhen(true)] out Entity? entity) =>
        actionEntities.TryGet(action, out entity);

    /// <summary>Whether an action is a group or is in it; the action has to be declared.</summary>
    internal bool IsIn(EntityUid action, EntityUid group) =>
        action.Equals(group) || (actionEntities.TryGet(action, out var entity) && entity.IsDescendantOf(group));

    /// <summary>By each type the types whose entities can be in its own, directly.</summary>
    internal Dictionary<string, List<string>> TypesByParent()
    {
        var types = new Dictionary<string, List<string>>(StringComparer.Ordinal);
        foreach (var type in entityTypes.Values)
        {
            foreach (var parent in type.Parents)
            {
                if (!types.TryGetValue(parent, out var children)) types.Add(parent, children = []);
                children.Add(type.Name);
            }
        }

        return types;
    }

    /// <summary>Whether the schema says, directly or by way of others, that entities of a type are in those of another.</summary>
    internal bool HasAncestorType(string entityType, string ancestor)
    {
        if (entityTypes.TryGetValue(entityType, out var direct) && direct.Parents.Contains(ancestor)) return true;

        // Hierarchies of types are small; keeping their closure would let a large schema claim very much memory.
        var seen = new HashSet<string>(StringComparer.Ordinal);
        var pending = new Stack<string>([entityType]);

        while (pending.TryPop(out var next))
        {
            if (!entityTypes.TryGetValue(next, out var type)) continue;

            foreach (var parent in type.Parents)
            {
                if (parent == ancestor) return true;
                if (seen.Add(parent)) pending.Push(parent);
            }
        }

        return false;
    }

    static IEnumerable<AttributeSyntax> AttributesIn(TypeSyntax? type) => type switch
    {
        RecordTypeSyntax record => record.Attributes.SelectMany(item => AttributesIn(item.Type).Prepend(item)),
        SetTypeSyntax set => AttributesIn(set.Element),
        _ => [],
    };
}

/// <summary>What policies are checked in: requests of these types.</summary>
/// <param name="PrincipalType">Full type path.</param>
/// <param name="Action">A declared action.</param>
/// <param name="ResourceType">Full type path.</param>
public readonly record struct RequestEnvironment(string PrincipalType, EntityUid Action, string ResourceType);
