using System.Text.Json;
using Stet.Cedar;
using Stet.Policy.Decisions;

namespace Stet.Policy.AuthZen;

/// <summary>
/// Converts JSON to what a schema declares. What it does not declare is dropped; what does not convert is invalid; both
/// are known by name.
/// </summary>
sealed class ValueConversion(AuthZenSchema schema)
{
    /// <summary>Integers that every reader of JSON keeps (RFC 8785): up to 2^53 - 1 either way.</summary>
    public const long LargestInteger = (1L << 53) - 1;

    static readonly int mostElements = CedarLimits.Default.SetElements;

    /// <summary>Names that count for nothing; null: there are none.</summary>
    public List<string>? Dropped { get; private set; }

    /// <summary>Names of values that do not convert; null: there are none.</summary>
    public List<string>? Invalid { get; private set; }

    public void Drop(string name) => (Dropped ??= []).Add(name);

    public void Refuse(string name) => (Invalid ??= []).Add(name);

    public void DropMembers(string at, JsonElement json)
    {
        foreach (var member in json.EnumerateObject()) Drop($"{at}.{member.Name}");
    }

    /// <summary>The value; null, with the name among the invalid ones, when it does not convert.</summary>
    public Value? Convert(JsonElement json, IValueShape shape, string name)
    {
        var value = shape.Kind switch
        {
            ValueKind.Bool when json.ValueKind is JsonValueKind.True or JsonValueKind.False => BoolValue.Of(json.GetBoolean()),
            ValueKind.Long => Integer(json),
            ValueKind.String when json.ValueKind == JsonValueKind.String => new StringValue(json.GetString()!),
            ValueKind.Decimal => Decimal(json),
            ValueKind.DateTime when Text(json) is { } text && DateTimeValue.TryParse(text, out var instant) => instant,
            ValueKind.Duration when Text(json) is { } text && DurationValue.TryParse(text, out var duration) => duration,
            ValueKind.IpAddress when Text(json) is { } text && IpAddressValue.TryParse(text, out var address) => address,
            ValueKind.Entity when json.ValueKind == JsonValueKind.Object => Entity(json, shape, name),
            ValueKind.Set when json.ValueKind == JsonValueKind.Array => Set(json, shape.Element!, name),
            ValueKind.Record when json.ValueKind == JsonValueKind.Object => ConvertRecord(json, shape, name),
            _ => (Value?)null,
        };

        if (value is null && !HasInvalidWithin(name)) Refuse(name);
        return value;
    }

    /// <summary>The declared members of an object; null when one of them does not convert.</summary>
    public RecordValue? ConvertRecord(JsonElement json, IValueShape shape, string name)
    {
        var entries = new List<KeyValuePair<string, Value>>();
        var isWhole = true;
        foreach (var member in json.EnumerateObject())
        {
            if (member.Value.ValueKind == JsonValueKind.Null) continue;
            var path = $"{name}.{member.Name}";
            if (ValueJson.IsReserved(member.Name) || shape.Attribute(member.Name) is not { } declared) Drop(path);
            else if (Convert(member.Value, declared, path) is { } value) entries.Add(new(member.Name, value));
            else isWhole = false;
        }

        return isWhole ? new RecordValue([.. entries]) : null;
    }

    SetValue? Set(JsonElement json, IValueShape element, string name)
    {
        var length = json.GetArrayLength();
        if (length > mostElements) return null;

        var items = new Value[length];
        var count = 0;
        foreach (var part in json.EnumerateArray())
        {
            if (Convert(part, element, $"{name}.{count}") is not { } item) return null;
            items[count++] = item;
        }

        return new SetValue(items);
    }

    EntityUid? Entity(JsonElement json, IValueShape shape, string name)
    {
        foreach (var member in json.EnumerateObject())
            if (member.Name is not ("type" or "id") && member.Value.ValueKind != JsonValueKind.Null) Drop($"{name}.{member.Name}");

        return Text(json, "type") is { } type && Text(json, "id") is { } id && EntityUid.TryCreate(schema.TypeOf(type), id, out var uid)
            && (shape.EntityType is not { } declared || uid.Type == declared)
                ? uid
                : null;
    }

    static LongValue? Integer(JsonElement json) =>
        json.ValueKind == JsonValueKind.Number && json.TryGetInt64(out var number)
        && number is >= -LargestInteger and <= LargestInteger
            ? new LongValue(number)
            : null;

    static DecimalValue? Decimal(JsonElement json)
    {
        if (json.ValueKind is not (JsonValueKind.String or JsonValueKind.Number)) return null;

        // The text of a number, so that nothing is rounded on the way.
        var text = json.ValueKind == JsonValueKind.String ? json.GetString()! : json.GetRawText();
        if (json.ValueKind == JsonValueKind.Number && IsWhole(text)) text += ".0";
        return DecimalValue.TryParse(text, out var number) ? number : null;
    }

    static string? Text(JsonElement json) => json.ValueKind == JsonValueKind.String ? json.GetString() : null;

    static string? Text(JsonElement json, string member) => json.TryGetProperty(member, out var value) ? Text(value) : null;

    /// <summary>Whether what does not convert is a part of this, and has been named.</summary>
    bool HasInvalidWithin(string name) =>
        Invalid is { Count: > 0 } && Invalid[^1].StartsWith(name, StringComparison.Ordinal)
        && Invalid[^1].Length > name.Length && Invalid[^1][name.Length] == '.';

    static bool IsWhole(string number) => !number.AsSpan(number.StartsWith('-') ? 1 : 0).ContainsAnyExceptInRange('0', '9');
}
