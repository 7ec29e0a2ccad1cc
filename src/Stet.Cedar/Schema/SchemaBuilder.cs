namespace Stet.Cedar;

/// <summary>Makes a schema of its syntax: resolves names, expands common types and refuses cycles.</summary>
sealed class SchemaBuilder(CedarLimits limits)
{
    readonly List<Finding> findings = [];
    readonly TypeInterner interner = new();
    readonly Dictionary<string, CedarType> commonTypes = new(StringComparer.Ordinal);

    public Outcome<Schema> Build(SchemaSyntax written)
    {
        var resolution = new NameResolution(limits);
        var syntax = resolution.Resolve(written);
        if (resolution.Findings.Count > 0) return new(null, [.. resolution.Findings]);

        ExpandCommonTypes(syntax);
        if (findings.Count > 0) return new(null, [.. findings]);

        var entityTypes = EntityTypes(syntax);
        var actions = Actions(syntax);
        RefuseActionCycles(syntax, actions);
        RefuseTooManyEnvironments(actions);

        if (findings.Count > 0) return new(null, [.. findings]);

        var entities = EntityStore.Load(
            [.. actions.Values.Select(action => new EntityInput(action.Uid, RecordValue.Empty, action.Parents, RecordValue.Empty))],
            limits);
        return entities.Value is { } loaded
            ? new(new Schema(syntax, entityTypes, actions, loaded, limits), [])
            : new(null, entities.Findings);
    }

    void ExpandCommonTypes(SchemaSyntax syntax)
    {
        var declared = new Dictionary<string, CommonTypeSyntax>(StringComparer.Ordinal);
        foreach (var space in syntax.Namespaces)
            foreach (var type in space.CommonTypes) declared.Add(space.Qualify(type.Name), type);

        if (!DependencyOrder.TryFind(declared.Keys, name => CommonTypesIn(declared[name].Type), out var ordered, out var cycle))
        {
            findings.Add(declared[cycle[0]].Place.Finding(
                FindingCode.DeclarationCycle, $"{Chain("type", cycle)}: take one of these uses out."));
            return;
        }

        foreach (var name in ordered) commonTypes.Add(name, TypeOf(declared[name].Type, declared[name].Place));
    }

    static IEnumerable<string> CommonTypesIn(TypeSyntax type) => type switch
    {
        NamedTypeSyntax { Kind: TypeNameKind.Common } named => [named.Name],
        SetTypeSyntax set => CommonTypesIn(set.Element),
        RecordTypeSyntax record => record.Attributes.SelectMany(attribute => CommonTypesIn(attribute.Type)),
        _ => [],
    };

    Dictionary<string, EntityTypeDefinition> EntityTypes(SchemaSyntax syntax)
    {
        var definitions = new Dictionary<string, EntityTypeDefinition>(StringComparer.Ordinal);

        foreach (var space in syntax.Namespaces)
        {
            foreach (var type in space.EntityTypes)
            {
                var name = space.Qualify(type.Name);
                definitions.Add(name, new EntityTypeDefinition(
                    name, [.. type.Parents.Select(parent => parent.Name)],
                    RecordOf(type.Shape, type.Place, "The attributes of an entity type are"),
                    type.Tags is null ? null : TypeOf(type.Tags, type.Place), type.EnumIds));
            }
        }

        return definitions;
    }

    Dictionary<EntityUid, ActionDefinition> Actions(SchemaSyntax syntax)
    {
        var definitions = new Dictionary<EntityUid, ActionDefinition>();

        foreach (var space in syntax.Namespaces)
        {
            foreach (var action in space.Actions)
            {
                var uid = new EntityUid(space.ActionType, action.Name);
                definitions.Add(uid, new ActionDefinition(
                    uid, [.. action.Parents.Select(parent => new EntityUid(parent.Type!, parent.Name))],
                    [.. action.AppliesTo?.Principals.Select(type => type.Name) ?? []],
                    [.. action.AppliesTo?.Resources.Select(type => type.Name) ?? []],
                    RecordOf(action.AppliesTo?.Context, action.Place, "A context is")));
            }
        }

        return definitions;
    }

    void RefuseActionCycles(SchemaSyntax syntax, Dictionary<EntityUid, ActionDefinition> actions)
    {
        if (DependencyOrder.TryFind(actions.Keys, uid => actions[uid].Parents, out _, out var cycle)) return;

        var place = syntax.Namespaces.First(space => space.ActionType == cycle[0].Type)
            .Actions.First(action => action.Name == cycle[0].Id).Place;
        findings.Add(place.Finding(
            FindingCode.DeclarationCycle, $"{Chain("action", [.. cycle.Select(uid => uid.Id)])}: take one of these groups out."));
    }

    void RefuseTooManyEnvironments(Dictionary<EntityUid, ActionDefinition> actions)
    {
        var count = actions.Values.Sum(action => (long)action.PrincipalTypes.Length * action.ResourceTypes.Length);
        if (count > limits.Environments)
            findings.Add(new Finding(
                FindingCode.Limit, Policy: null, default,
                $"Actions, principal types and resource types may combine in {limits.Environments} ways, and here it is {count}: "
                + "split the schema, or name fewer types with `appliesTo`."));
    }

    RecordType RecordOf(TypeSyntax? syntax, SchemaPlace place, string what)
    {
        if (syntax is null) return RecordType.Empty;

        var type = TypeOf(syntax, place);
        if (type is RecordType record) return record;

        if (findings.Count == 0)
            findings.Add(syntax.Place.Finding(FindingCode.RecordNeeded, $"{what} a record, and this is `{type}`."));
        return RecordType.Empty;
    }

    CedarType TypeOf(TypeSyntax syntax, SchemaPlace declaration)
    {
        var type = syntax switch
        {
            NamedTypeSyntax { Kind: TypeNameKind.Common } named => commonTypes[named.Name],
            NamedTypeSyntax { Kind: TypeNameKind.Entity } named => interner.Intern(new EntityType(named.Name)),
            NamedTypeSyntax named => SchemaNames.BuiltIn(named.Name),
            SetTypeSyntax set => interner.Intern(new SetType(TypeOf(set.Element, declaration))),
            RecordTypeSyntax record => interner.Intern(new RecordType(
                [.. record.Attributes.Select(item => new RecordAttribute(item.Name, TypeOf(item.Type, declaration), item.IsRequired))])),
            _ => throw new InvalidOperationException("There are no other types."),
        };

        if (type.Depth <= limits.Depth) return type;

        if (findings.Count == 0) findings.Add(declaration.Finding(FindingCode.Limit, SchemaInput.TooDeep(limits)));
        return BoolType.Any;
    }

    static string Chain(string what, List<string> cycle)
    {
        const int most = 8;
        var shown = cycle.Take(most).Select(name => $"`{ValueText.Shown(name)}`");
        return cycle.Count == 1
            ? $"The {what} {shown.First()} is defined by itself"
            : $"The {what}s {string.Join(", ", shown)}{(cycle.Count > most ? " and others" : "")} are defined by one another";
    }
}
