using System.Collections.Immutable;
using System.Text.Json;

namespace Stet.Cedar;

/// <summary>Reads policies from JSON.</summary>
sealed class PolicyReader(JsonInput input)
{
    static readonly PolicySource NoSource = new("", default);

    readonly ValueReader values = new(input);

    internal Policy? Read(PolicyId id, JsonElement json)
    {
        if (input.Members(json, ["effect", "principal", "action", "resource", "conditions"], "annotations") is not
            [var effect, var principal, var action, var resource, var conditions, var annotations]) return null;

        return ReadEffect(effect) is { } does && ReadAnnotations(annotations) is { } notes
            && ReadScope("principal", principal, "?principal") is { } who
            && ReadScope("action", action, slot: null) is { } what
            && ReadScope("resource", resource, "?resource") is { } which && ReadConditions(conditions) is { } tests
            ? new Policy(id, does, new(notes), who, what, which, new(tests), NoSource)
            : null;
    }

    internal TemplateLink? ReadLink(JsonElement json)
    {
        if (input.Members(json, ["templateId", "newId", "values"]) is not [var template, var id, var slots]
            || input.String(template, "templateId") is not { } templateId
            || input.String(id, "newId") is not { } newId) return null;

        input.Policy = new PolicyId(newId);
        input.Enter("values");
        if (input.Members(slots, [], "?principal", "?resource") is not [var principal, var resource]) return null;

        if (!ReadSlot(principal, out var who) || !ReadSlot(resource, out var which)) return null;
        input.Leave();
        return new TemplateLink(new(templateId), new(newId), who, which);
    }

    bool ReadSlot(JsonElement json, out EntityUid? uid)
    {
        uid = null;
        return json.ValueKind == JsonValueKind.Undefined || (uid = values.ReadUid(json)) is not null;
    }

    Effect? ReadEffect(JsonElement json)
    {
        switch (input.String(json, "effect"))
        {
            case "permit": return Effect.Permit;
            case "forbid": return Effect.Forbid;
            case null: return null;
        }

        input.Fail(FindingCode.Json, "`effect` has to be `permit` or `forbid`.");
        return null;
    }

    ImmutableArray<Annotation>? ReadAnnotations(JsonElement json)
    {
        if (json.ValueKind == JsonValueKind.Undefined) return [];
        if (!input.IsObject(json, "annotations")) return null;

        var annotations = ImmutableArray.CreateBuilder<Annotation>();
        input.Enter("annotations");

        foreach (var member in json.EnumerateObject())
        {
            var isNull = member.Value.ValueKind == JsonValueKind.Null;

            if (!EntityTypeName.IsAnyIdentifier(member.Name))
            {
                input.Fail(FindingCode.Json,
                    $"`{ValueText.Shown(member.Name)}` is no name of an annotation: use `[_a-zA-Z][_a-zA-Z0-9]*`.");
                return null;
            }

            var value = isNull ? null : input.String(member.Value, member.Name);
            if (value is null && !isNull) return null;
            annotations.Add(new Annotation(member.Name, value, default));
        }

        input.Leave();
        return annotations.ToImmutable();
    }

    ScopeConstraint? ReadScope(string variable, JsonElement json, string? slot)
    {
        input.Enter(variable);
        if (input.Members(json, ["op"], "entity", "slot", "entities", "entity_type", "in") is not
            [var op, var entity, var slotted, var entities, var type, var group]
            || input.String(op, "op") is not { } name) return null;

        var given = Given(entity, 1) | Given(slotted, 2) | Given(entities, 4) | Given(type, 8) | Given(group, 16);

        var constraint = (name, given) switch
        {
            ("All", 0) => new ScopeAny(default(TextSpan)),
            ("==", 1 or 2) => ReadReference(entity, slotted, slot) is { } same ? new ScopeEqual(same, default) : null,
            ("in", 1 or 2) => ReadReference(entity, slotted, slot) is { } within ? new ScopeIn(within, default) : null,
            ("in", 4) when slot is null => ReadEntities(entities),
            ("is", 8 or 24) when slot is not null => ReadIs(type, group, slot),
            _ => Fail(
                "`All` goes alone, `==` with `entity` or `slot`, `in` also with the `entities` of an action, and `is`, which "
                + "no action has, with `entity_type` and perhaps `in`."),
        };

        if (constraint is not null) input.Leave();
        return constraint;
    }

    static int Given(JsonElement json, int bit) => json.ValueKind == JsonValueKind.Undefined ? 0 : bit;

    EntityReference? ReadReference(JsonElement entity, JsonElement slotted, string? slot)
    {
        if (slotted.ValueKind == JsonValueKind.Undefined)
            return (slot is null ? ReadAction(entity) : values.ReadUid(entity)) is { } uid ? new EntityReference(uid) : null;

        if (input.String(slotted, "slot") is not { } name) return null;
        if (name == slot) return new EntityReference(Uid: null);

        input.Fail(FindingCode.Json, slot is null ? "An action has no slot." : $"The slot here is `{slot}`.");
        return null;
    }

    ScopeInList? ReadEntities(JsonElement json)
    {
        if (!input.IsArray(json, "entities")) return null;
        var entities = ImmutableArray.CreateBuilder<EntityUid>();

        if (json.GetArrayLength() > input.Limits.SetElements)
        {
            input.Fail(FindingCode.Limit,
                $"A set may have {input.Limits.SetElements} elements: name a group of actions.");
            return null;
        }

        foreach (var entity in json.EnumerateArray())
        {
            if (ReadAction(entity) is not { } uid) return null;
            entities.Add(uid);
        }

        return new ScopeInList(new(entities.ToImmutable()), default);
    }

    EntityUid? ReadAction(JsonElement json)
    {
        if (values.ReadUid(json) is not { } uid) return null;
        if (uid.IsOfAction) return uid;

        input.Fail(FindingCode.Json, ScopeConstraint.NoAction);
        return null;
    }

    ScopeIs? ReadIs(JsonElement type, JsonElement group, string slot)
    {
        if (input.String(type, "entity_type") is not { } name || input.EntityType(name) is null) return null;
        if (group.ValueKind == JsonValueKind.Undefined) return new ScopeIs(name, In: null, default);
        if (input.Members(group, [], "entity", "slot") is not [var entity, var slotted]) return null;

        if (Given(entity, 1) + Given(slotted, 1) != 1)
        {
            Fail("`in` has either `entity` or `slot`.");
            return null;
        }

        return ReadReference(entity, slotted, slot) is { } reference ? new ScopeIs(name, reference, default) : null;
    }

    ImmutableArray<Condition>? ReadConditions(JsonElement json)
    {
        if (!input.IsArray(json, "conditions")) return null;
        var conditions = ImmutableArray.CreateBuilder<Condition>();
        input.Enter("conditions");

        foreach (var item in json.EnumerateArray())
        {
            input.Enter(conditions.Count);
            if (input.Members(item, ["kind", "body"]) is not [var kind, var body]
                || input.String(kind, "kind") is not { } name)
                return null;

            if (name is not ("when" or "unless"))
            {
                input.Fail(FindingCode.Json, "`kind` has to be `when` or `unless`.");
                return null;
            }

            input.Enter("body");
            if (new ExpressionReader(input).Read(body) is not { } expression) return null;
            conditions.Add(new Condition(name == "unless", expression, default));
            input.Leave();
            input.Leave();
        }

        input.Leave();
        return conditions.ToImmutable();
    }

    ScopeConstraint? Fail(string problem)
    {
        input.Fail(FindingCode.Json, problem);
        return null;
    }
}
