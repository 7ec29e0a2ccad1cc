using System.Collections.Immutable;
using System.Text.Json;

namespace Stet.Cedar;

/// <summary>Reads the JSON form of a schema up to its first mistake; names are resolved afterwards.</summary>
sealed class SchemaReader
{
    readonly JsonInput input;
    readonly SchemaTypeReader types;

    SchemaReader(JsonInput input)
    {
        this.input = input;
        types = new SchemaTypeReader(input);
    }

    public static (SchemaSyntax? Syntax, Finding? Failure) Read(ReadOnlySpan<byte> utf8, CedarLimits limits)
    {
        var json = new JsonInput(limits);
        if (utf8.Length > limits.SchemaBytes) json.Fail(FindingCode.Limit, SchemaInput.TooLong(limits));
        else if (json.TryParse(utf8, out var root) && json.IsObject(root, "schema"))
            return (new SchemaReader(json).ReadNamespaces(root), json.Failure);

        return (null, json.Failure);
    }

    SchemaSyntax? ReadNamespaces(JsonElement root)
    {
        var namespaces = ImmutableArray.CreateBuilder<NamespaceSyntax>();

        foreach (var member in root.EnumerateObject())
        {
            input.Enter(member.Name);
            if (ReadNamespace(member.Name, member.Value) is not { } read) return null;
            namespaces.Add(read);
            input.Leave();
        }

        return new SchemaSyntax(namespaces.ToImmutable());
    }

    NamespaceSyntax? ReadNamespace(string name, JsonElement json)
    {
        if (name.Length > 0 && !EntityTypeName.IsValid(name))
        {
            input.Fail(FindingCode.Json, "The name of a namespace has to be identifiers joined by `::`, or empty.");
            return null;
        }

        if (input.Members(json, ["entityTypes", "actions"], "commonTypes", "annotations")
                is not [var entityTypes, var actions, var commonTypes, var annotations]) return null;
        if (types.ReadAnnotations(annotations) is not { } notes) return null;
        if (ReadAll(commonTypes, "commonTypes", ReadCommonType) is not { } common) return null;
        if (ReadAll(entityTypes, "entityTypes", ReadEntityType) is not { } entities) return null;
        if (ReadAll(actions, "actions", ReadAction) is not { } acts) return null;

        return new NamespaceSyntax(name, notes, common, entities, acts, types.Place());
    }

    ImmutableArray<T>? ReadAll<T>(JsonElement json, string name, Func<string, JsonElement, T?> read) where T : class
    {
        if (json.ValueKind == JsonValueKind.Undefined) return [];
        if (!input.IsObject(json, name)) return null;

        var items = ImmutableArray.CreateBuilder<T>(json.GetPropertyCount());
        input.Enter(name);

        foreach (var member in json.EnumerateObject())
        {
            input.Enter(member.Name);
            if (read(member.Name, member.Value) is not { } item) return null;
            items.Add(item);
            input.Leave();
        }

        input.Leave();
        return items.MoveToImmutable();
    }

    CommonTypeSyntax? ReadCommonType(string name, JsonElement json)
    {
        if (!IsIdentifier(name) || types.ReadAnnotated(json) is not { } read) return null;
        return new CommonTypeSyntax(name, read.Type, read.Annotations, types.Place());
    }

    EntityTypeSyntax? ReadEntityType(string name, JsonElement json)
    {
        if (!IsIdentifier(name)) return null;
        if (input.Members(json, [], "memberOfTypes", "shape", "tags", "enum", "annotations")
                is not [var memberOf, var shape, var tags, var ids, var annotations]) return null;
        if (types.ReadAnnotations(annotations) is not { } notes) return null;

        if (ids.ValueKind != JsonValueKind.Undefined) return ReadEnumeration(name, json, ids, notes);

        var (shapeType, tagType) = (types.ReadOptional(shape, "shape"), types.ReadOptional(tags, "tags"));
        if (input.Failure is not null || types.ReadEntityTypes(memberOf, "memberOfTypes") is not { } parents) return null;

        return new EntityTypeSyntax(name, parents, shapeType, tagType, EnumIds: null, notes, types.Place());
    }

    EntityTypeSyntax? ReadEnumeration(string name, JsonElement json, JsonElement ids, ImmutableArray<Annotation> annotations)
    {
        if (input.Members(json, ["enum"], "annotations") is null || !input.IsArray(ids, "enum")) return null;

        var read = ImmutableArray.CreateBuilder<string>(ids.GetArrayLength());
        foreach (var item in ids.EnumerateArray())
        {
            if (input.String(item, "enum") is not { } id) return null;
            read.Add(id);
        }

        if (read.Count > 0) return new EntityTypeSyntax(name, [], null, null, read.MoveToImmutable(), annotations, types.Place());

        input.Fail(FindingCode.Json, "`enum` has to list one id or more.");
        return null;
    }

    ActionSyntax? ReadAction(string name, JsonElement json)
    {
        if (input.Members(json, [], "memberOf", "appliesTo", "annotations")
                is not [var memberOf, var appliesTo, var annotations]) return null;
        if (types.ReadAnnotations(annotations) is not { } notes || ReadGroups(memberOf) is not { } groups) return null;

        var applies = appliesTo.ValueKind == JsonValueKind.Undefined ? null : ReadAppliesTo(appliesTo);
        return input.Failure is null ? new ActionSyntax(name, groups, applies, notes, types.Place()) : null;
    }

    ImmutableArray<ActionReferenceSyntax>? ReadGroups(JsonElement json)
    {
        if (json.ValueKind == JsonValueKind.Undefined) return [];
        if (!input.IsArray(json, "memberOf")) return null;

        var groups = ImmutableArray.CreateBuilder<ActionReferenceSyntax>(json.GetArrayLength());
        input.Enter("memberOf");

        foreach (var group in json.EnumerateArray())
        {
            input.Enter(groups.Count);
            if (input.Members(group, ["id"], "type") is not [var id, var type]) return null;
            if (input.String(id, "id") is not { } name) return null;

            var typeName = type.ValueKind == JsonValueKind.Undefined ? null : input.String(type, "type");
            if (typeName is not null) typeName = input.EntityType(typeName);
            if (input.Failure is not null) return null;

            groups.Add(new ActionReferenceSyntax(typeName, name, types.Place()));
            input.Leave();
        }

        input.Leave();
        return groups.MoveToImmutable();
    }

    AppliesToSyntax? ReadAppliesTo(JsonElement json)
    {
        input.Enter("appliesTo");
        if (input.Members(json, ["principalTypes", "resourceTypes"], "context")
                is not [var principals, var resources, var context]) return null;
        if (types.ReadEntityTypes(principals, "principalTypes") is not { } principalTypes) return null;
        if (types.ReadEntityTypes(resources, "resourceTypes") is not { } resourceTypes) return null;

        var contextType = types.ReadOptional(context, "context");
        if (input.Failure is not null) return null;

        input.Leave();
        return new AppliesToSyntax(principalTypes, resourceTypes, contextType);
    }

    bool IsIdentifier(string name) =>
        EntityTypeName.IsIdentifier(name) || input.Fail(FindingCode.Json, "The name of a type has to be an identifier.");
}
