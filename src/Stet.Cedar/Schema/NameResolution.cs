using System.Collections.Immutable;

namespace Stet.Cedar;

/// <summary>
/// Puts full names in the place of those written, and everything whose order means nothing into ordinal order, so that
/// equal schemas become equal trees.
/// </summary>
sealed class NameResolution(CedarLimits limits)
{
    const int MostFindings = 100;

    // One declaration may give many names to a large type, and a short name may stand for a long one. What comes of it
    // stays within this many times the length of a schema.
    const int MostGrowth = 16;

    readonly SchemaNames names = new();
    readonly List<Finding> findings = [];
    long size;
    string space = "";

    public IReadOnlyList<Finding> Findings => findings;

    bool HasGrown => size > (long)limits.SchemaBytes * MostGrowth;

    bool IsExhausted => findings.Count >= MostFindings || HasGrown;

    /// <summary>The schema with full names; worth nothing when there are findings.</summary>
    public SchemaSyntax Resolve(SchemaSyntax schema)
    {
        Declare(schema);
        RefuseShadows(schema);
        var resolved = ImmutableArray.CreateBuilder<NamespaceSyntax>();

        foreach (var written in schema.Namespaces)
        {
            if (IsExhausted) break;
            space = written.Name;
            resolved.Add(Resolve(written));
        }

        if (HasGrown)
            findings.Add(new Finding(
                FindingCode.Limit, Policy: null, default,
                "This schema is too large once every name stands in full and every declaration by itself: declare fewer "
                + "names at once, or name large types with `type`."));

        return new SchemaSyntax(Sorted(resolved, item => item.Name));
    }

    void Declare(SchemaSyntax schema)
    {
        var declared = new HashSet<string>(StringComparer.Ordinal);

        foreach (var written in schema.Namespaces)
        {
            if (!declared.Add(written.Name)) AddTwice(written.Place, "namespace", written.Name);
            space = written.Name;

            foreach (var type in written.CommonTypes.TakeWhile(_ => !IsExhausted)) Declare(type, written);
            foreach (var type in written.EntityTypes.TakeWhile(_ => !IsExhausted)) Declare(type, written);
            foreach (var action in written.Actions.TakeWhile(_ => !IsExhausted)) Declare(action, written);
        }
    }

    void Declare(CommonTypeSyntax type, NamespaceSyntax inside)
    {
        Spend(type.Name);

        if (SchemaNames.IsReserved(type.Name))
            Add(
                type.Place, FindingCode.ReservedName,
                $"No type may be named `{type.Name}`, which the language uses itself: choose another name.");
        else if (!names.CommonTypes.Add(inside.Qualify(type.Name))) AddTwice(type.Place, "type", type.Name);
    }

    void Declare(EntityTypeSyntax type, NamespaceSyntax inside)
    {
        Spend(type.Name);

        if (type.Name == "Action")
            Add(
                type.Place, FindingCode.ReservedName,
                "No entity type may be named `Action`, which is the type of actions: choose another name.");
        else if (!names.EntityTypes.Add(inside.Qualify(type.Name))) AddTwice(type.Place, "entity type", type.Name);
    }

    void Declare(ActionSyntax action, NamespaceSyntax inside)
    {
        Spend(action.Name);
        if (!names.Actions.Add(new EntityUid(inside.ActionType, action.Name))) AddTwice(action.Place, "action", action.Name);
    }

    /// <summary>No name may mean one thing in a namespace and another outside of all (Cedar's RFC 70).</summary>
    void RefuseShadows(SchemaSyntax schema)
    {
        foreach (var written in schema.Namespaces.Where(item => item.Name.Length > 0))
        {
            foreach (var type in written.CommonTypes) RefuseShadow(type.Place, type.Name);
            foreach (var type in written.EntityTypes) RefuseShadow(type.Place, type.Name);
            foreach (var action in written.Actions)
                if (names.Actions.Contains(new EntityUid("Action", action.Name))) AddShadow(action.Place, "action", action.Name);
        }
    }

    void RefuseShadow(SchemaPlace place, string type)
    {
        if (names.CommonTypes.Contains(type) || names.EntityTypes.Contains(type)) AddShadow(place, "type", type);
    }

    NamespaceSyntax Resolve(NamespaceSyntax written) => written with
    {
        Annotations = Resolve(written.Annotations),
        CommonTypes = Sorted(written.CommonTypes.Select(Resolve), type => type.Name),
        EntityTypes = Sorted(written.EntityTypes.Select(Resolve), type => type.Name),
        Actions = Sorted(written.Actions.Select(action => Resolve(action, written)), action => action.Name),
    };

    CommonTypeSyntax Resolve(CommonTypeSyntax written) => IsExhausted ? written : written with
    {
        Annotations = Resolve(written.Annotations),
        Type = Resolve(written.Type),
    };

    EntityTypeSyntax Resolve(EntityTypeSyntax written) => IsExhausted ? written : written with
    {
        Annotations = Resolve(written.Annotations),
        Parents = Resolve(written.Parents),
        Shape = written.Shape is null ? null : Resolve(written.Shape),
        Tags = written.Tags is null ? null : Resolve(written.Tags),
        EnumIds = written.EnumIds is { } ids ? Resolve(ids) : null,
    };

    ActionSyntax Resolve(ActionSyntax written, NamespaceSyntax inside) => IsExhausted ? written : written with
    {
        Annotations = Resolve(written.Annotations),
        Parents =
        [
            .. written.Parents.Select(parent => Resolve(parent, inside)).Distinct()
                .OrderBy(parent => parent.Type, StringComparer.Ordinal).ThenBy(parent => parent.Name, StringComparer.Ordinal),
        ],
        AppliesTo = written.AppliesTo is { } appliesTo && !IsOfGroup(appliesTo)
            ? new AppliesToSyntax(
                Resolve(appliesTo.Principals), Resolve(appliesTo.Resources),
                appliesTo.Context is null ? null : Resolve(appliesTo.Context))
            : null,
    };

    // What the reference implementation writes for an action without `appliesTo`.
    static bool IsOfGroup(AppliesToSyntax appliesTo) =>
        appliesTo is { Principals: [], Resources: [], Context: null or RecordTypeSyntax { Attributes: [] } };

    ActionReferenceSyntax Resolve(ActionReferenceSyntax written, NamespaceSyntax inside)
    {
        if (IsExhausted) return written;

        var type = written.Type ?? "Action";
        Spend(type);
        Spend(written.Name);

        if (Find(type, written.Name, inside) is { } uid) return new ActionReferenceSyntax(uid.Type, uid.Id, default);

        var hint = Suggestion.For(written.Name, names.Actions.Select(action => action.Id));
        Add(
            written.Place, FindingCode.UnknownName,
            $"There is no action `{ValueText.Shown(written.Name)}` of the type `{ValueText.Shown(type)}` here.{hint}");
        return written;
    }

    EntityUid? Find(string type, string id, NamespaceSyntax inside)
    {
        var uid = new EntityUid(type, id);
        var near = type.Contains("::", StringComparison.Ordinal) ? uid : new EntityUid(inside.Qualify(type), id);

        return names.Actions.Contains(near) ? near : names.Actions.Contains(uid) ? uid : null;
    }

    ImmutableArray<NamedTypeSyntax> Resolve(ImmutableArray<NamedTypeSyntax> written) =>
        [.. written.Select(Resolve).DistinctBy(type => type.Name).OrderBy(type => type.Name, StringComparer.Ordinal)];

    ImmutableArray<string> Resolve(ImmutableArray<string> ids)
    {
        foreach (var id in ids) Spend(id);
        return [.. ids.Distinct().Order(StringComparer.Ordinal)];
    }

    ImmutableArray<Annotation> Resolve(ImmutableArray<Annotation> written)
    {
        foreach (var annotation in written) size += annotation.Name.Length + (annotation.Value?.Length ?? 0);

        // `@note` and `@note("")` are the same to Cedar.
        return written.IsEmpty
            ? written
            : Sorted(written.Select(item => item.Value is "" ? item with { Value = null } : item), annotation => annotation.Name);
    }

    TypeSyntax Resolve(TypeSyntax written) => IsExhausted ? written : written switch
    {
        NamedTypeSyntax named => Resolve(named),
        SetTypeSyntax set => set with { Element = Resolve(set.Element) },
        RecordTypeSyntax record => record with { Attributes = Sorted(record.Attributes.Select(Resolve), item => item.Name) },
        _ => written,
    };

    AttributeSyntax Resolve(AttributeSyntax written)
    {
        Spend(written.Name);
        return written with { Type = Resolve(written.Type), Annotations = Resolve(written.Annotations) };
    }

    NamedTypeSyntax Resolve(NamedTypeSyntax written)
    {
        if (IsExhausted) return written;

        Spend(written.Name);
        if (names.Find(written.Name, written.Kind, space) is { } found)
            return written with { Name = found.Name, Kind = found.Kind };

        var what = written.Kind switch
        {
            TypeNameKind.Entity => "entity type",
            TypeNameKind.BuiltIn => "built-in type",
            _ => "type",
        };
        var hint = Suggestion.For(written.Name, names.Candidates(written.Kind));
        Add(written.Place, FindingCode.UnknownName, $"There is no {what} `{ValueText.Shown(written.Name)}` here.{hint}");
        return written;
    }

    void Spend(string name) => size += space.Length + name.Length + 1;

    void AddTwice(SchemaPlace place, string what, string name) => Add(
        place, FindingCode.DuplicateDeclaration,
        $"The {what} `{ValueText.Shown(name)}` is declared twice: remove one, or merge them.");

    void AddShadow(SchemaPlace place, string what, string name) => Add(
        place, FindingCode.DuplicateDeclaration,
        $"The {what} `{ValueText.Shown(name)}` is declared outside of namespaces, too, and would be hidden here: rename one.");

    void Add(SchemaPlace place, FindingCode code, string message)
    {
        if (findings.Count < MostFindings) findings.Add(place.Finding(code, message));
    }

    static ImmutableArray<T> Sorted<T>(IEnumerable<T> items, Func<T, string> name) =>
        [.. items.OrderBy(name, StringComparer.Ordinal)];
}
