using System.Text.Json;

namespace Stet.Cedar;

/// <summary>Reads values from JSON, in the form of entity attributes and contexts.</summary>
sealed class ValueReader(JsonInput input)
{
    /// <param name="json">What to read.</param>
    /// <param name="shape">What is expected; null when anything may come.</param>
    /// <param name="level">How deep the value stands, from 1.</param>
    internal Value? Read(JsonElement json, IValueShape? shape, int level = 1)
    {
        if (level > input.Limits.Depth)
            return Fail(FindingCode.Limit, $"Values may nest {input.Limits.Depth} levels deep.");

        switch (json.ValueKind)
        {
            case JsonValueKind.True: return BoolValue.True;
            case JsonValueKind.False: return BoolValue.False;
            case JsonValueKind.String: return ReadText(json.GetString()!, shape);
            case JsonValueKind.Array: return ReadSet(json, shape, level);
            case JsonValueKind.Object: return ReadObject(json, shape, level);

            case JsonValueKind.Number:
                return json.TryGetInt64(out var number)
                    ? new LongValue(number)
                    : Fail(FindingCode.IntegerRange,
                        "A number has to be an integer of 64 bits, without fraction or exponent.");

            default: return Fail(FindingCode.Json, "`null` is no value: leave the member out.");
        }
    }

    internal RecordValue? ReadRecord(JsonElement json, Func<string, IValueShape?> shapeOf, int level = 1)
    {
        if (json.ValueKind != JsonValueKind.Object)
        {
            Fail(FindingCode.Json, "A record has to be an object.");
            return null;
        }

        var count = json.GetPropertyCount();
        if (count == 0) return RecordValue.Empty;

        if (count > input.Limits.RecordKeys)
        {
            Fail(FindingCode.Limit, $"A record may have {input.Limits.RecordKeys} keys.");
            return null;
        }

        var entries = new KeyValuePair<string, Value>[count];
        var i = 0;

        foreach (var member in json.EnumerateObject())
        {
            var name = member.Name;
            input.Enter(name);
            if (Read(member.Value, shapeOf(name), level + 1) is not { } value) return null;
            input.Leave();
            entries[i++] = new(name, value);
        }

        return new RecordValue(entries);
    }

    /// <summary>Reads <c>{type, id}</c>, or that within <c>__entity</c>.</summary>
    internal EntityUid? ReadUid(JsonElement json)
    {
        if (json.ValueKind == JsonValueKind.Object && json.TryGetProperty("__entity", out var wrapped))
        {
            if (input.Members(json, ["__entity"]) is null) return null;
            json = wrapped;
        }

        if (input.Members(json, ["type", "id"]) is not [var type, var id]) return null;
        if (input.String(type, "type") is not { } typeName || input.EntityType(typeName) is null) return null;
        return input.String(id, "id") is { } name ? new EntityUid(typeName, name) : null;
    }

    Value? ReadText(string text, IValueShape? shape)
    {
        var constructor = Constructor(shape?.Kind);
        return constructor is null ? new StringValue(text) : Construct(constructor, text);
    }

    Value? Construct(ExtensionFunction constructor, string text) =>
        Extensions.TryConstruct(constructor.Operation, text, out var value)
            ? value
            : Fail(FindingCode.ExtensionValue,
                $"`{ValueText.Shown(text)}` is nothing that `{constructor.Name}` accepts.");

    static ExtensionFunction? Constructor(ValueKind? kind)
    {
        if (kind is not { } result) return null;

        foreach (var function in ExtensionFunction.All)
            if (function.IsConstructor && function.Result == result) return function;

        return null;
    }

    SetValue? ReadSet(JsonElement json, IValueShape? shape, int level)
    {
        if (json.GetArrayLength() > input.Limits.SetElements)
        {
            Fail(FindingCode.Limit, $"A set may have {input.Limits.SetElements} elements.");
            return null;
        }

        var values = new Value[json.GetArrayLength()];

        var count = 0;

        foreach (var item in json.EnumerateArray())
        {
            input.Enter(count);
            if (Read(item, shape?.Element, level + 1) is not { } value) return null;
            input.Leave();
            values[count++] = value;
        }

        return new SetValue(values);
    }

    Value? ReadObject(JsonElement json, IValueShape? shape, int level)
    {
        if (json.TryGetProperty("__expr", out _))
            return Fail(FindingCode.Json, "`__expr` is not supported: write the value itself.");
        if (json.TryGetProperty("__entity", out _)) return ReadUid(json);

        if (json.TryGetProperty("__extn", out var call))
        {
            if (input.Members(json, ["__extn"]) is null) return null;
            input.Enter("__extn");
            var value = ReadExtension(call);
            if (value is not null) input.Leave();
            return value;
        }

        var isUid = shape?.Kind == ValueKind.Entity && json.GetPropertyCount() == 2
            && json.TryGetProperty("type", out _) && json.TryGetProperty("id", out _);

        return isUid ? ReadUid(json) : ReadRecord(json, name => shape?.Attribute(name), level);
    }

    Value? ReadExtension(JsonElement json)
    {
        if (json.ValueKind == JsonValueKind.Object && json.TryGetProperty("args", out _)) return ReadOffset(json);
        if (input.Members(json, ["fn", "arg"]) is not [var fn, var arg]) return null;
        if (input.String(fn, "fn") is not { } name || input.String(arg, "arg") is not { } text) return null;

        return ExtensionFunction.TryGet(name, out var function) && function.IsConstructor
            ? Construct(function, text)
            : Fail(FindingCode.UnknownFunction,
                $"`{ValueText.Shown(name)}` makes no extension value: use `ip`, `decimal`, `datetime` or `duration`.");
    }

    /// <summary>Reads a datetime that no text can say: a datetime and a duration away from it.</summary>
    Value? ReadOffset(JsonElement json)
    {
        if (input.Members(json, ["fn", "args"]) is not [var fn, var args]) return null;
        if (input.String(fn, "fn") is not { } name || !input.IsArray(args, "args")) return null;

        if (name != "offset" || args.GetArrayLength() != 2)
            return Fail(FindingCode.UnknownFunction,
                "Only `offset` takes a list of arguments here, a datetime and a duration.");

        // Two levels are all there are: the arguments are constructors.
        if (ReadArgument(args[0]) is not { } start || ReadArgument(args[1]) is not { } distance) return null;

        if (start is not DateTimeValue instant || distance is not DurationValue duration)
            return Fail(FindingCode.ExtensionValue, "`offset` takes a datetime and a duration.");

        return Extensions.Move(ExtensionOperation.Offset, instant, duration)
            ?? Fail(FindingCode.ExtensionValue, "This datetime does not fit 64 bits of milliseconds.");
    }

    Value? ReadArgument(JsonElement json)
    {
        if (input.Members(json, ["__extn"]) is not [var call]) return null;
        if (input.Members(call, ["fn", "arg"]) is null) return null;
        return ReadExtension(call);
    }

    Value? Fail(FindingCode code, string problem)
    {
        input.Fail(code, problem);
        return null;
    }
}
