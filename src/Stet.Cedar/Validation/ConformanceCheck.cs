using System.Collections.Immutable;
using System.Globalization;

namespace Stet.Cedar;

/// <summary>Whether requests and entities are what a schema says they are. Messages hold names, never values.</summary>
sealed class ConformanceCheck(Schema schema)
{
    const int MostFindings = 100;

    readonly List<string> path = [];
    EntityUid? checkedEntity;
    ImmutableArray<Finding>.Builder? findings;

    public ImmutableArray<Finding> Findings => findings?.ToImmutable() ?? [];

    // What else is wrong is not looked for: naming what may have been meant takes its time.
    bool IsFull => findings is { Count: MostFindings };

    public void Check(in Request request)
    {
        if (!schema.TryGet(request.Action, out var action))
        {
            var hint = Suggestion.For(request.Action.Id, schema.Actions.Select(known => known.Id));
            Add($"The schema declares no action `{Shown(request.Action)}`.{hint}");
            return;
        }

        CheckRole("principal", request.Principal, action, action.PrincipalTypes);
        CheckRole("resource", request.Resource, action, action.ResourceTypes);

        path.Add("context");
        Check(request.Context, action.Context);
        path.Clear();
    }

    public void Check(Entity entity)
    {
        // Its name is made into text only when there is something to say.
        checkedEntity = entity.Uid;

        if (schema.ActionTypes.Contains(entity.Uid.Type)) CheckAction(entity);
        else if (Find(entity.Uid) is { } type)
        {
            CheckAncestors(entity);
            Check(entity.Attributes, type.Attributes);
            CheckTags(entity.Tags, type.Tags);
        }

        checkedEntity = null;
    }

    void CheckRole(string role, EntityUid uid, ActionDefinition action, ImmutableArray<string> types)
    {
        path.Add(role);

        if (!types.Contains(uid.Type))
            Add(
                $"The action `{Shown(action.Uid)}` does not apply to a {role} of the type `{ValueText.Shown(uid.Type)}`."
                + Suggestion.For(uid.Type, types));
        else Find(uid);

        path.Clear();
    }

    /// <summary>The entity's type, when the schema declares it and admits the id.</summary>
    EntityTypeDefinition? Find(EntityUid uid)
    {
        if (!schema.TryGet(uid.Type, out var type))
            Add($"The schema declares no entity type `{ValueText.Shown(uid.Type)}`.{Suggestion.For(uid.Type, schema.EntityTypes)}");
        else if (!type.Admits(uid.Id))
            Add(type.ExplainRefused(uid.Id));
        else return type;

        return null;
    }

    void CheckAction(Entity entity)
    {
        if (!schema.TryGetEntity(entity.Uid, out var declared))
        {
            Add("The schema declares no such action.");
            return;
        }

        if (entity.Attributes.Count + entity.Tags.Count > 0) Add("Actions have no attributes and no tags: leave them out.");

        foreach (var ancestor in entity.Ancestors)
            if (!ancestor.Equals(entity.Uid) && !declared.IsDescendantOf(ancestor))
                Add($"The schema does not put this action in `{Shown(ancestor)}`.");

        foreach (var ancestor in declared.Ancestors)
            if (!entity.IsDescendantOf(ancestor)) Add($"The schema puts this action in `{Shown(ancestor)}`: list it among the parents.");
    }

    void CheckAncestors(Entity entity)
    {
        // Ancestors come in runs of one type.
        string? admitted = null;
        foreach (var ancestor in entity.Ancestors)
        {
            if (IsFull) return;
            if (ancestor.Equals(entity.Uid)) continue;

            if (ancestor.Type != admitted && !schema.HasAncestorType(entity.Uid.Type, ancestor.Type))
                Add(
                    $"Entities of the type `{ValueText.Shown(entity.Uid.Type)}` cannot be in `{Shown(ancestor)}`: "
                    + "the schema does not say so with `in`.");
            else
            {
                admitted = ancestor.Type;
                Find(ancestor);
            }
        }
    }

    void CheckTags(RecordValue tags, CedarType? type)
    {
        if (tags.Count > 0 && type is null)
        {
            Add("The schema declares no tags for this entity type.");
            return;
        }

        for (var i = 0; i < tags.Count; i++) CheckPart($"tag {tags.Keys[i]}", tags.Values[i], type!);
    }

    void Check(Value value, CedarType type)
    {
        if (IsFull) return;

        if (value.Kind != type.Kind)
        {
            Add($"`{type}` is declared, and this is a value of kind {value.Kind}.");
            return;
        }

        switch (value)
        {
            case RecordValue record:
                CheckRecord(record, (RecordType)type);
                break;
            case SetValue set:
                for (var i = 0; i < set.Count; i++)
                    CheckPart(i.ToString(CultureInfo.InvariantCulture), set.Items[i], ((SetType)type).Element);
                break;
            case EntityUid uid:
                CheckReference(uid, (EntityType)type);
                break;
        }
    }

    void CheckReference(EntityUid uid, EntityType type)
    {
        if (uid.Type != type.Name) Add($"An entity of the type `{type}` is declared, and this is one of `{ValueText.Shown(uid.Type)}`.");
        else Find(uid);
    }

    void CheckRecord(RecordValue record, RecordType type)
    {
        // Both are in ordinal order.
        var declared = 0;

        for (var i = 0; i < record.Count; i++)
        {
            if (IsFull) return;
            var name = record.Keys[i];

            while (declared < type.Attributes.Length && string.CompareOrdinal(type.Attributes[declared].Name, name) < 0)
                RequireOptional(type.Attributes[declared++]);

            if (declared < type.Attributes.Length && type.Attributes[declared].Name == name)
                CheckPart(name, record.Values[i], type.Attributes[declared++].Type);
            else
                Add(
                    $"The schema declares no attribute `{ValueText.Shown(name)}` here."
                    + Suggestion.For(name, type.Attributes.Select(item => item.Name)));
        }

        while (declared < type.Attributes.Length) RequireOptional(type.Attributes[declared++]);
    }

    void RequireOptional(RecordAttribute missing)
    {
        if (missing.IsRequired) Add($"The attribute `{ValueText.Shown(missing.Name)}` of type `{missing.Type}` is missing.");
    }

    void CheckPart(string name, Value value, CedarType type)
    {
        path.Add(name);
        Check(value, type);
        path.RemoveAt(path.Count - 1);
    }

    void Add(string problem)
    {
        findings ??= ImmutableArray.CreateBuilder<Finding>();
        if (IsFull) return;

        List<string> steps = checkedEntity is null ? path : [Shown(checkedEntity), .. path];
        var message = steps.Count == 0 ? problem : $"At `{string.Join('.', steps.Select(step => ValueText.Shown(step)))}`: {problem}";
        findings.Add(new Finding(FindingCode.Nonconforming, Policy: null, default, message));
    }

    static string Shown(EntityUid uid) => ValueText.Shown(uid.ToString());
}
