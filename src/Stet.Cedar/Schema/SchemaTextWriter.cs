using System.Collections.Immutable;
using System.Text;

namespace Stet.Cedar;

/// <summary>Writes resolved schemas in the schema language, with the shortest names that mean the same.</summary>
sealed class SchemaTextWriter(SchemaNames names)
{
    readonly StringBuilder text = new();
    string space = "";
    string? problem;

    public Outcome<string> Write(SchemaSyntax schema)
    {
        foreach (var written in schema.Namespaces)
        {
            space = written.Name;
            if (space.Length == 0 && !written.Annotations.IsEmpty) problem ??= "the annotations of the empty namespace";
            WriteAnnotations(written.Annotations);
            if (space.Length > 0) text.Append("namespace ").Append(space).Append('{');
            WriteDeclarations(written);
            if (space.Length > 0) text.Append('}');
        }

        return problem is null
            ? new(SchemaFormatter.Layout(text.ToString()), [])
            : new(null, [
                new Finding(
                    FindingCode.NotRepresentable, Policy: null, default,
                    $"The schema language cannot say {problem}: keep this schema in JSON."),
            ]);
    }

    void WriteDeclarations(NamespaceSyntax written)
    {
        foreach (var type in written.CommonTypes)
        {
            WriteAnnotations(type.Annotations);
            text.Append("type ").Append(type.Name).Append('=');
            Write(type.Type);
            text.Append(';');
        }

        foreach (var type in written.EntityTypes) Write(type);
        foreach (var action in written.Actions) Write(action);
    }

    void Write(EntityTypeSyntax type)
    {
        WriteAnnotations(type.Annotations);
        text.Append("entity ").Append(type.Name);

        if (type.EnumIds is { } ids) WriteEnum(ids);

        if (type.Parents.Length > 0) Write(" in ", type.Parents);

        if (type.Shape is RecordTypeSyntax { Attributes.Length: > 0 }) Write(type.Shape);
        else if (type.Shape is NamedTypeSyntax) problem ??= $"that the attributes of `{ValueText.Shown(type.Name)}` are those of a type";

        if (type.Tags is not null)
        {
            text.Append(" tags ");
            Write(type.Tags);
        }

        text.Append(';');
    }

    void WriteEnum(ImmutableArray<string> ids)
    {
        text.Append(" enum [");
        for (var i = 0; i < ids.Length; i++) ValueText.AppendQuoted(i == 0 ? text : text.Append(','), ids[i]);
        text.Append(']');
    }

    void Write(ActionSyntax action)
    {
        WriteAnnotations(action.Annotations);
        ValueText.AppendKey(text.Append("action "), action.Name);

        if (action.Parents.Length > 0)
        {
            text.Append(" in [");
            for (var i = 0; i < action.Parents.Length; i++)
            {
                if (i > 0) text.Append(',');
                var own = (space.Length == 0 ? "" : $"{space}::") + "Action";
                if (action.Parents[i].Type != own) text.Append(action.Parents[i].Type).Append("::");
                ValueText.AppendQuoted(text, action.Parents[i].Name);
            }

            text.Append(']');
        }

        if (action.AppliesTo is { } appliesTo) Write(appliesTo, action.Name);
        text.Append(';');
    }

    void Write(AppliesToSyntax appliesTo, string action)
    {
        if (appliesTo.Principals.IsEmpty || appliesTo.Resources.IsEmpty)
            problem ??= $"that `{ValueText.Shown(action)}` applies to no types";

        Write(" appliesTo { principal:", appliesTo.Principals);
        Write(", resource:", appliesTo.Resources);

        if (appliesTo.Context is not (null or RecordTypeSyntax { Attributes: [] }))
        {
            text.Append(", context:");
            Write(appliesTo.Context);
        }

        text.Append('}');
    }

    void Write(string before, ImmutableArray<NamedTypeSyntax> types)
    {
        text.Append(before).Append('[');
        for (var i = 0; i < types.Length; i++)
            text.Append(i == 0 ? "" : ",").Append(Spelling(types[i], TypeNameKind.Entity));
        text.Append(']');
    }

    void Write(TypeSyntax type)
    {
        switch (type)
        {
            case NamedTypeSyntax named:
                text.Append(Spelling(named, TypeNameKind.Any));
                break;
            case SetTypeSyntax set:
                text.Append("Set<");
                Write(set.Element);
                text.Append('>');
                break;
            case RecordTypeSyntax record:
                text.Append('{');
                foreach (var attribute in record.Attributes) Write(attribute);
                text.Append('}');
                break;
        }
    }

    void Write(AttributeSyntax attribute)
    {
        WriteAnnotations(attribute.Annotations);
        ValueText.AppendKey(text, attribute.Name);
        text.Append(attribute.IsRequired ? ":" : "?:");
        Write(attribute.Type);
        text.Append(',');
    }

    /// <summary>The shortest way to write a name so that it is found again.</summary>
    /// <param name="type">What is to be named.</param>
    /// <param name="place">What may stand in this place: any type, or entity types.</param>
    string Spelling(NamedTypeSyntax type, TypeNameKind place)
    {
        var full = (type.Name, type.Kind);
        var isNear = space.Length > 0 && type.Name.StartsWith($"{space}::", StringComparison.Ordinal);

        if (isNear && type.Name[(space.Length + 2)..] is var simple && names.Find(simple, place, space) == full) return simple;
        if (names.Find(type.Name, place, space) == full) return type.Name;
        if (type.Kind == TypeNameKind.BuiltIn) return $"__cedar::{type.Name}";

        problem ??= $"which of two `{ValueText.Shown(type.Name)}` is meant";
        return type.Name;
    }

    void WriteAnnotations(ImmutableArray<Annotation> annotations)
    {
        foreach (var (name, value, _) in annotations)
        {
            text.Append('@').Append(name);
            if (value is null) text.Append(' ');
            else ValueText.AppendQuoted(text.Append('('), value).Append(')');
        }
    }
}
