using System.Collections.Immutable;

namespace Stet.Cedar;

/// <summary>Writes resolved schemas as canonical JSON: every list of members below is in ordinal order.</summary>
sealed class SchemaWriter
{
    readonly CanonicalWriter json = new();

    // Whether the object being written has no member yet.
    bool isFirst;

    public byte[] Write(SchemaSyntax schema)
    {
        Open();
        foreach (var space in schema.Namespaces)
        {
            // The schema language has no way to leave out what is outside of namespaces.
            if (space is { Name: "", Annotations: [], CommonTypes: [], EntityTypes: [], Actions: [] }) continue;

            Member(space.Name);
            Write(space);
        }

        Close();
        return json.Written.ToArray();
    }

    void Write(NamespaceSyntax space)
    {
        Open();
        Member("actions");
        Open();
        foreach (var action in space.Actions)
        {
            Member(action.Name);
            Write(action);
        }

        Close();
        WriteAnnotations(space.Annotations);

        if (space.CommonTypes.Length > 0)
        {
            Member("commonTypes");
            Open();
            foreach (var type in space.CommonTypes)
            {
                Member(type.Name);
                Write(type.Type, type.Annotations);
            }

            Close();
        }

        Member("entityTypes");
        Open();
        foreach (var type in space.EntityTypes)
        {
            Member(type.Name);
            Write(type);
        }

        Close();
        Close();
    }

    void Write(EntityTypeSyntax type)
    {
        Open();
        WriteAnnotations(type.Annotations);
        if (type.EnumIds is { } ids) Strings("enum", ids);
        if (type.Parents.Length > 0) Strings("memberOfTypes", [.. type.Parents.Select(parent => parent.Name)]);
        WriteUnlessEmpty("shape", type.Shape);

        if (type.Tags is not null)
        {
            Member("tags");
            Write(type.Tags, []);
        }

        Close();
    }

    void Write(ActionSyntax action)
    {
        Open();
        WriteAnnotations(action.Annotations);

        if (action.AppliesTo is { } appliesTo)
        {
            Member("appliesTo");
            Open();
            WriteUnlessEmpty("context", appliesTo.Context);
            Strings("principalTypes", [.. appliesTo.Principals.Select(type => type.Name)]);
            Strings("resourceTypes", [.. appliesTo.Resources.Select(type => type.Name)]);
            Close();
        }

        if (action.Parents.Length > 0)
        {
            Member("memberOf");
            json.Raw("["u8);
            for (var i = 0; i < action.Parents.Length; i++)
            {
                if (i > 0) json.Raw(","u8);
                Open();
                Member("id", action.Parents[i].Name);
                Member("type", action.Parents[i].Type!);
                Close();
            }

            json.Raw("]"u8);
        }

        Close();
    }

    void Write(TypeSyntax type, ImmutableArray<Annotation> annotations, bool isRequired = true)
    {
        Open();
        WriteAnnotations(annotations);

        if (type is RecordTypeSyntax record)
        {
            Member("attributes");
            Open();
            foreach (var attribute in record.Attributes)
            {
                Member(attribute.Name);
                Write(attribute.Type, attribute.Annotations, attribute.IsRequired);
            }

            Close();
        }

        if (type is SetTypeSyntax set)
        {
            Member("element");
            Write(set.Element, []);
        }

        var (form, name) = Form(type);
        if (name is not null) Member("name", name);
        if (!isRequired)
        {
            Member("required");
            json.Raw("false"u8);
        }

        Member("type", form);
        Close();
    }

    static (string Form, string? Name) Form(TypeSyntax type) => type switch
    {
        SetTypeSyntax => ("Set", null),
        RecordTypeSyntax => ("Record", null),
        NamedTypeSyntax { Kind: TypeNameKind.Entity, Name: var name } => ("Entity", name),
        NamedTypeSyntax { Kind: TypeNameKind.Common, Name: var name } => (name, null),
        NamedTypeSyntax { Name: "Bool" } => ("Boolean", null),
        NamedTypeSyntax { Name: "Long" or "String" } atom => (atom.Name, null),
        NamedTypeSyntax extension => ("Extension", extension.Name),
        _ => throw new InvalidOperationException("There are no other types."),
    };

    void WriteUnlessEmpty(string name, TypeSyntax? type)
    {
        if (type is null or RecordTypeSyntax { Attributes: [] }) return;

        Member(name);
        Write(type, []);
    }

    void WriteAnnotations(ImmutableArray<Annotation> annotations)
    {
        if (annotations.IsEmpty) return;

        Member("annotations");
        Open();
        foreach (var (name, value, _) in annotations)
        {
            Member(name);
            if (value is null) json.Raw("null"u8);
            else json.String(value);
        }

        Close();
    }

    void Strings(string name, ImmutableArray<string> items)
    {
        Member(name);
        json.Raw("["u8);
        for (var i = 0; i < items.Length; i++)
        {
            if (i > 0) json.Raw(","u8);
            json.String(items[i]);
        }

        json.Raw("]"u8);
    }

    void Member(string name, string text)
    {
        Member(name);
        json.String(text);
    }

    void Member(string name)
    {
        if (!isFirst) json.Raw(","u8);
        isFirst = false;
        json.String(name).Raw(":"u8);
    }

    void Open()
    {
        json.Raw("{"u8);
        isFirst = true;
    }

    void Close()
    {
        json.Raw("}"u8);
        isFirst = false;
    }
}
