using System.Collections.Immutable;
using System.Text.Json;

namespace Stet.Cedar;

/// <summary>Reads the parts that declarations of a schema's JSON form are made of.</summary>
sealed class SchemaTypeReader(JsonInput input)
{
    /// <summary>Where the reader is.</summary>
    public SchemaPlace Place() => new(default, input.Pointer());

    /// <summary>A type that may be missing: null then, and after a failure.</summary>
    public TypeSyntax? ReadOptional(JsonElement json, string name)
    {
        if (json.ValueKind == JsonValueKind.Undefined || input.Failure is not null) return null;

        input.Enter(name);
        if (Read(json, level: 1) is not { } type) return null;
        input.Leave();
        return type;
    }

    /// <summary>A type with annotations beside it.</summary>
    public (TypeSyntax Type, ImmutableArray<Annotation> Annotations)? ReadAnnotated(JsonElement json) =>
        Read(json, level: 1, "annotations") is { } type && ReadAnnotations(Optional(json, "annotations")) is { } annotations
            ? (type, annotations)
            : null;

    /// <param name="json">An object of names, or undefined.</param>
    public ImmutableArray<Annotation>? ReadAnnotations(JsonElement json)
    {
        if (json.ValueKind == JsonValueKind.Undefined) return [];
        if (!input.IsObject(json, "annotations")) return null;

        var annotations = ImmutableArray.CreateBuilder<Annotation>(json.GetPropertyCount());
        foreach (var member in json.EnumerateObject())
        {
            if (!EntityTypeName.IsAnyIdentifier(member.Name))
            {
                input.Fail(FindingCode.Json, $"`{ValueText.Shown(member.Name)}` is no name of an annotation: use letters, digits and `_`.");
                return null;
            }

            var value = member.Value.ValueKind == JsonValueKind.Null ? null : input.String(member.Value, member.Name);
            if (input.Failure is not null) return null;
            annotations.Add(new Annotation(member.Name, value, default));
        }

        return annotations.MoveToImmutable();
    }

    /// <param name="json">A list of names, or undefined.</param>
    /// <param name="name">The member it is.</param>
    public ImmutableArray<NamedTypeSyntax>? ReadEntityTypes(JsonElement json, string name)
    {
        if (json.ValueKind == JsonValueKind.Undefined) return [];
        if (!input.IsArray(json, name)) return null;

        var types = ImmutableArray.CreateBuilder<NamedTypeSyntax>(json.GetArrayLength());
        input.Enter(name);

        foreach (var item in json.EnumerateArray())
        {
            input.Enter(types.Count);
            if (input.String(item, name) is not { } type || input.EntityType(type) is null) return null;
            types.Add(new NamedTypeSyntax(type, TypeNameKind.Entity, Place()));
            input.Leave();
        }

        input.Leave();
        return types.MoveToImmutable();
    }

    TypeSyntax? Read(JsonElement json, int level, params ReadOnlySpan<string> beside)
    {
        if (level > input.Limits.Depth)
        {
            input.Fail(FindingCode.Limit, SchemaInput.TooDeep(input.Limits));
            return null;
        }

        if (!input.IsObject(json, "type") || input.String(Optional(json, "type"), "type") is not { } form) return null;

        switch (form)
        {
            case "Set":
                return input.Members(json, ["type", "element"], beside) is [_, var element, ..] ? ReadSet(element, level) : null;
            case "Record":
                return input.Members(json, ["type", "attributes"], beside) is [_, var attributes, ..]
                    ? ReadRecord(attributes, level)
                    : null;
            case "Entity":
                return ReadNamed(json, TypeNameKind.Entity, beside);
            case "Extension":
                return ReadNamed(json, TypeNameKind.BuiltIn, beside);
            case "EntityOrCommon" when Optional(json, "name").ValueKind != JsonValueKind.Undefined:
                return ReadNamed(json, TypeNameKind.Any, beside);
        }

        if (input.Members(json, ["type"], beside) is null) return null;

        return form switch
        {
            "Boolean" => new NamedTypeSyntax("Bool", TypeNameKind.BuiltIn, Place()),
            "Long" or "String" => new NamedTypeSyntax(form, TypeNameKind.BuiltIn, Place()),
            _ => Named(form, TypeNameKind.Common),
        };
    }

    SetTypeSyntax? ReadSet(JsonElement element, int level)
    {
        input.Enter("element");
        if (Read(element, level + 1) is not { } type) return null;
        input.Leave();
        return new SetTypeSyntax(type, Place());
    }

    RecordTypeSyntax? ReadRecord(JsonElement json, int level)
    {
        if (!input.IsObject(json, "attributes")) return null;

        if (json.GetPropertyCount() > input.Limits.RecordKeys)
        {
            input.Fail(FindingCode.Limit, SchemaInput.TooManyKeys(input.Limits));
            return null;
        }

        var attributes = ImmutableArray.CreateBuilder<AttributeSyntax>(json.GetPropertyCount());
        input.Enter("attributes");

        foreach (var member in json.EnumerateObject())
        {
            input.Enter(member.Name);
            if (ReadAttribute(member.Name, member.Value, level) is not { } attribute) return null;
            attributes.Add(attribute);
            input.Leave();
        }

        input.Leave();
        return new RecordTypeSyntax(attributes.MoveToImmutable(), Place());
    }

    AttributeSyntax? ReadAttribute(string name, JsonElement json, int level)
    {
        if (Read(json, level + 1, "required", "annotations") is not { } type) return null;
        if (ReadAnnotations(Optional(json, "annotations")) is not { } annotations) return null;

        var required = Optional(json, "required").ValueKind;
        if (required is JsonValueKind.Undefined or JsonValueKind.True or JsonValueKind.False)
            return new AttributeSyntax(name, required != JsonValueKind.False, type, annotations, Place());

        input.Fail(FindingCode.Json, "`required` has to be true or false.");
        return null;
    }

    NamedTypeSyntax? ReadNamed(JsonElement json, TypeNameKind kind, ReadOnlySpan<string> beside)
    {
        if (input.Members(json, ["type", "name"], beside) is not [_, var written, ..]) return null;
        return input.String(written, "name") is { } name ? Named(name, kind) : null;
    }

    NamedTypeSyntax? Named(string name, TypeNameKind kind)
    {
        const string forced = "__cedar::";
        if (kind is TypeNameKind.Any or TypeNameKind.Common && name.StartsWith(forced, StringComparison.Ordinal))
            (name, kind) = (name[forced.Length..], TypeNameKind.BuiltIn);

        if (EntityTypeName.IsValid(name)) return new NamedTypeSyntax(name, kind, Place());

        input.Fail(FindingCode.Json, $"`{ValueText.Shown(name)}` is no name of a type: use identifiers joined by `::`.");
        return null;
    }

    static JsonElement Optional(JsonElement json, string name) => json.TryGetProperty(name, out var member) ? member : default;
}
