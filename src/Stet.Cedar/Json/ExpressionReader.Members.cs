using System.Collections.Immutable;
using System.Text;
using System.Text.Json;

namespace Stet.Cedar;

sealed partial class ExpressionReader
{
    AttributeAccess? ReadAccess(JsonElement json) =>
        input.Members(json, ["left", "attr"]) is [var left, var attr]
        && ReadMember("left", left) is { } target && input.String(attr, "attr") is { } name
            ? new AttributeAccess(target, name, default)
            : null;

    Has? ReadHas(JsonElement json)
    {
        if (input.Members(json, ["left", "attr"]) is not [var left, var attr]
            || ReadMember("left", left) is not { } target)
            return null;

        if (attr.ValueKind != JsonValueKind.Array)
            return input.String(attr, "attr") is { } single ? new Has(target, [single], default) : null;

        var path = ImmutableArray.CreateBuilder<string>();

        foreach (var step in attr.EnumerateArray())
        {
            if (input.String(step, "attr") is not { } name) return null;

            if (!EntityTypeName.IsIdentifier(name))
            {
                Fail(FindingCode.Json,
                    $"`{ValueText.Shown(name)}` is no identifier, as every name of a path has to be.");
                return null;
            }

            path.Add(name);
        }

        if (path.Count > 0) return new Has(target, new(path.ToImmutable()), default);

        Fail(FindingCode.Json, "`attr` names nothing: give an attribute.");
        return null;
    }

    Is? ReadIs(JsonElement json)
    {
        if (input.Members(json, ["left", "entity_type"], "in") is not [var left, var type, var group]
            || ReadMember("left", left) is not { } target || input.String(type, "entity_type") is not { } name
            || input.EntityType(name) is null) return null;

        if (group.ValueKind == JsonValueKind.Undefined) return new Is(target, name, In: null, default);
        return ReadMember("in", group) is { } groups ? new Is(target, name, groups, default) : null;
    }

    Like? ReadLike(JsonElement json)
    {
        if (input.Members(json, ["left", "pattern"]) is not [var left, var pattern]
            || ReadMember("left", left) is not { } target || !input.IsArray(pattern, "pattern")) return null;

        var pieces = ImmutableArray.CreateBuilder<string>();
        var piece = new StringBuilder();

        foreach (var part in pattern.EnumerateArray())
        {
            if (part.ValueKind == JsonValueKind.String && part.ValueEquals("Wildcard"))
            {
                pieces.Add(piece.ToString());
                piece.Clear();
                continue;
            }

            if (input.Members(part, ["Literal"]) is not [var literal]
                || input.String(literal, "Literal") is not { } text)
                return null;
            piece.Append(text);
        }

        pieces.Add(piece.ToString());
        return new Like(target, new Pattern(new(pieces.ToImmutable())), default);
    }

    SetExpression? ReadSet(JsonElement json) =>
        ReadList(json, input.Limits.SetElements) is { } elements ? new SetExpression(new(elements), default) : null;

    ImmutableArray<Expression>? ReadList(JsonElement json, int most)
    {
        if (!input.IsArray(json, "list")) return null;

        if (json.GetArrayLength() > most)
        {
            Fail(FindingCode.Limit, $"A set may have {most} elements.");
            return null;
        }

        var items = ImmutableArray.CreateBuilder<Expression>(json.GetArrayLength());

        foreach (var item in json.EnumerateArray())
        {
            input.Enter(items.Count);
            if (Read(item) is not { } expression) return null;
            input.Leave();
            items.Add(expression);
        }

        return items.MoveToImmutable();
    }

    RecordExpression? ReadRecord(JsonElement json)
    {
        if (!input.IsObject(json, "Record")) return null;

        if (json.GetPropertyCount() > input.Limits.RecordKeys)
        {
            Fail(FindingCode.Limit, $"A record may have {input.Limits.RecordKeys} keys.");
            return null;
        }

        var entries = ImmutableArray.CreateBuilder<RecordEntry>();

        foreach (var member in json.EnumerateObject())
        {
            if (ReadMember(member.Name, member.Value) is not { } value) return null;
            entries.Add(new RecordEntry(member.Name, value));
        }

        return new RecordExpression(new(entries.ToImmutable()), default);
    }
}
