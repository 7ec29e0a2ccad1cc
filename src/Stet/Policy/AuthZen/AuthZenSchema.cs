using System.Collections.Frozen;
using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using Stet.Cedar;
using Stet.Policy.AccessRequests;
using Stet.Policy.Decisions;
using CedarSchema = Stet.Cedar.Schema;

namespace Stet.Policy.AuthZen;

/// <summary>
/// How a schema serves AuthZEN's names: an entity type declared <c>@authzen("user")</c> serves that type, one without the
/// annotation its own name, and the name of an action is its id. Immutable; made once for each schema.
/// </summary>
public sealed class AuthZenSchema
{
    /// <summary>On an entity type: the name it serves.</summary>
    internal const string TypeAnnotation = "authzen";

    /// <summary>On an attribute: requests have no say in it.</summary>
    internal const string GovernedAnnotation = "governed";

    static readonly ConditionalWeakTable<CedarSchema, AuthZenSchema> known = [];

    readonly FrozenDictionary<string, AuthZenType> types;
    readonly FrozenDictionary<string, ImmutableArray<AuthZenAction>> actions;
    readonly FrozenSet<RequestEnvironment> environments;

    AuthZenSchema(CedarSchema schema)
    {
        var names = schema.EntityTypes.ToDictionary(
            type => type, type => schema.FindAnnotation(type, TypeAnnotation)?.Value ?? type, StringComparer.Ordinal);

        // A name that two types claim serves neither: a guess could be the wrong one.
        types = schema.EntityTypes.GroupBy(type => names[type], StringComparer.Ordinal).Where(claims => claims.Count() == 1)
            .ToFrozenDictionary(claims => claims.Key, claims => new AuthZenType(schema, claims.Single()), StringComparer.Ordinal);
        Ambiguous = StringSet.Of(names.Values.Where(name => !types.ContainsKey(name)));
        environments = schema.Environments.ToFrozenSet();
        actions = schema.Actions.GroupBy(action => action.Id, StringComparer.Ordinal).ToFrozenDictionary(
            group => group.Key, group => group.Select(action => new AuthZenAction(schema, action)).ToImmutableArray(),
            StringComparer.Ordinal);
    }

    /// <summary>Names that more than one type claims, and that none of them serves therefore.</summary>
    public StringSet Ambiguous { get; }

    /// <summary>Names of actions of which more than one applies to the same types, so that none serves these.</summary>
    public StringSet AmbiguousActions => StringSet.Of(actions
        .Where(group => group.Value.Length > 1)
        .Where(group =>
        {
            var taken = new HashSet<(string, string)>();
            var ids = group.Value.Select(action => action.Uid).ToHashSet();
            return environments.Any(found => ids.Contains(found.Action) && !taken.Add((found.PrincipalType, found.ResourceType)));
        })
        .Select(group => group.Key));

    /// <summary>What a schema serves.</summary>
    public static AuthZenSchema Of(CedarSchema schema) => known.GetValue(schema, static schema => new AuthZenSchema(schema));

    /// <summary>The entity type that serves one of AuthZEN's.</summary>
    public bool TryGetType(string name, [NotNullWhen(true)] out AuthZenType? type) => types.TryGetValue(name, out type);

    /// <summary>The entity type that an attribute's <c>{type, id}</c> means: AuthZEN's name, else the schema's own.</summary>
    public string TypeOf(string name) => types.TryGetValue(name, out var type) ? type.Name : name;

    /// <summary>Whether there is an action of that name, whatever it applies to.</summary>
    public bool HasAction(string name) => actions.ContainsKey(name);

    /// <summary>The action of a name that applies to two entity types; null when none does, or more than one.</summary>
    public AuthZenAction? FindAction(string name, string subjectType, string resourceType) =>
        FindAction(name, subjectType, resourceType, out var others) is { } action && !others ? action : null;

    /// <summary>The first action of a name that applies to two entity types; null when none does.</summary>
    /// <param name="name">The action's id.</param>
    /// <param name="subjectType">Full type path.</param>
    /// <param name="resourceType">Full type path.</param>
    /// <param name="others">Whether another one does as well: a guess could be the wrong one.</param>
    internal AuthZenAction? FindAction(string name, string subjectType, string resourceType, out bool others)
    {
        others = false;
        if (!actions.TryGetValue(name, out var group)) return null;

        AuthZenAction? found = null;
        foreach (var action in group)
        {
            if (!environments.Contains(new RequestEnvironment(subjectType, action.Uid, resourceType))) continue;

            if (found is not null)
            {
                others = true;
                break;
            }

            found = action;
        }

        return found;
    }

    /// <summary>The names of all actions that apply to two entity types, in ordinal order.</summary>
    public IEnumerable<string> ActionsFor(string subjectType, string resourceType) =>
        actions.Keys.Where(name => FindAction(name, subjectType, resourceType) is not null).Order(StringComparer.Ordinal);

    internal static IReadOnlySet<string> Governed(CedarSchema schema, string entityType) =>
        schema.FindAnnotatedAttributes(entityType, GovernedAnnotation);

    internal static IReadOnlySet<string> Governed(CedarSchema schema, EntityUid action) =>
        schema.FindAnnotatedContext(action, GovernedAnnotation);
}

/// <summary>An entity type that serves a type of AuthZEN.</summary>
public sealed class AuthZenType
{
    internal AuthZenType(CedarSchema schema, string name)
    {
        Name = name;
        Shape = ((IEntityShapes)schema).Attributes(name)!;
        Governed = AuthZenSchema.Governed(schema, name);
    }

    /// <summary>Full type path.</summary>
    public string Name { get; }

    /// <summary>What attributes it declares.</summary>
    public IValueShape Shape { get; }

    /// <summary>Attributes that requests have no say in.</summary>
    public IReadOnlySet<string> Governed { get; }
}

/// <summary>An action by the name that AuthZEN calls it.</summary>
public sealed class AuthZenAction
{
    internal AuthZenAction(CedarSchema schema, EntityUid uid)
    {
        Uid = uid;
        Context = schema.ContextShape(uid)!;
        Governed = new HashSet<string>(AuthZenSchema.Governed(schema, uid), StringComparer.Ordinal) { GivenApprovals.Member };
        TakesNow = Context.Attribute(EngineQuestion.Now)?.Kind == ValueKind.DateTime;
        TakesWeekday = Governed.Contains(EngineQuestion.Weekday) && Context.Attribute(EngineQuestion.Weekday)?.Kind == ValueKind.Long;
    }

    /// <summary>The action.</summary>
    public EntityUid Uid { get; }

    /// <summary>What context it declares.</summary>
    public IValueShape Context { get; }

    /// <summary>
    /// Attributes of the context that requests have no say in, beside <c>now</c>; always the approval: one that a request
    /// could state would be no approval.
    /// </summary>
    public IReadOnlySet<string> Governed { get; }

    /// <summary>Whether <c>context.now</c> is declared, a datetime.</summary>
    public bool TakesNow { get; }

    /// <summary>Whether <c>context.weekday</c> is declared, a governed Long.</summary>
    public bool TakesWeekday { get; }
}
