using System.Text;

namespace Stet.Cedar;

/// <summary>Writes policies as text.</summary>
sealed class PolicyPrinter(StringBuilder text)
{
    internal void WriteAnnotation(Annotation annotation)
    {
        text.Append('@').Append(annotation.Name);
        if (annotation.Value is { } value) ValueText.AppendQuoted(text.Append('('), value).Append(')');
    }

    /// <summary>Writes the effect and the scope: on one line if nothing is asked for.</summary>
    internal void WriteHead(Policy policy)
    {
        text.Append(policy.Effect == Effect.Permit ? "permit" : "forbid");

        if (policy is { Principal: ScopeAny, Action: ScopeAny, Resource: ScopeAny })
        {
            text.Append(" (principal, action, resource)");
            return;
        }

        WriteScope(" (\n    principal", policy.Principal, "?principal");
        WriteScope(",\n    action", policy.Action, "?action");
        WriteScope(",\n    resource", policy.Resource, "?resource");
        text.Append("\n)");
    }

    internal void WriteCondition(Condition condition)
    {
        var start = text.Length;
        text.Append(condition.IsUnless ? "unless { " : "when { ");
        var body = text.Length;
        new ExpressionPrinter(text).Write(condition.Body, Binding.Any, ExpressionPrinter.Indent);

        if (!text.ToString(body, text.Length - body).Contains('\n')
            && text.Length - start + 2 <= ExpressionPrinter.Width)
        {
            text.Append(" }");
            return;
        }

        text.Length = body - 1;
        text.Append('\n').Append(' ', ExpressionPrinter.Indent);
        new ExpressionPrinter(text).Write(condition.Body, Binding.Any, ExpressionPrinter.Indent);
        text.Append("\n}");
    }

    void WriteScope(string before, ScopeConstraint constraint, string slot)
    {
        text.Append(before);

        switch (constraint)
        {
            case ScopeEqual equal: WriteReference(" == ", equal.Entity, slot); break;
            case ScopeIn within: WriteReference(" in ", within.Entity, slot); break;

            case ScopeIs typed:
                text.Append(" is ").Append(typed.EntityType);
                if (typed.In is { } group) WriteReference(" in ", group, slot);
                break;

            case ScopeInList list: WriteList(list); break;
        }
    }

    void WriteList(ScopeInList list)
    {
        var entities = list.Entities.Items;
        var flat = string.Join(", ", entities);
        var isFlat = flat.Length <= ExpressionPrinter.Width - 20;

        text.Append(" in [").Append(isFlat ? flat : "");
        if (!isFlat) text.Append("\n        ").AppendJoin(",\n        ", entities).Append(",\n    ");
        text.Append(']');
    }

    void WriteReference(string before, EntityReference reference, string slot)
    {
        text.Append(before);
        if (reference.Uid is { } uid) ValueText.Append(text, uid);
        else text.Append(slot);
    }
}
