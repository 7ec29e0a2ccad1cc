using System.Runtime.InteropServices;
using System.Text.Json;
using Stet.Cedar;

namespace Stet.Policy.Decisions;

/// <summary>
/// Cedar values in stored events: the form of entity JSON with every wrapper, so that reading takes no schema. Written
/// values are canonical JSON; values that were read back are the values that were written.
/// </summary>
static class ValueJson
{
    /// <summary>Whether a member of that name makes an object other than a record.</summary>
    public static bool IsReserved(string name) => name is "__entity" or "__extn" or "__expr";

    public static void Write(Utf8JsonWriter json, RecordValue record)
    {
        if (record.Count == 0) json.WriteRawValue("{}"u8, skipInputValidation: true);
        else json.WriteRawValue(record.WriteJson(), skipInputValidation: true);
    }

    public static void Write(Utf8JsonWriter json, EntityUid uid)
    {
        json.WriteStartObject();
        json.WriteString("type"u8, uid.Type);
        json.WriteString("id"u8, uid.Id);
        json.WriteEndObject();
    }

    /// <summary>Reads a record; the reader stands on its start, and on its end afterwards.</summary>
    /// <exception cref="JsonException">It is no record of values.</exception>
    public static RecordValue ReadRecord(ref Utf8JsonReader json)
    {
        Require(json.TokenType == JsonTokenType.StartObject);
        var entries = new List<KeyValuePair<string, Value>>();
        while (NextName(ref json) is { } name) entries.Add(new(name, Read(ref json)));
        return Record(entries);
    }

    /// <summary>Any JSON in canonical form again: the database keeps values and not their text.</summary>
    public static string ReadCanonical(ref Utf8JsonReader json)
    {
        using var document = JsonDocument.ParseValue(ref json);
        return FieldValue.Canonical(JsonMarshal.GetRawUtf8Value(document.RootElement));
    }

    public static EntityUid ReadUid(ref Utf8JsonReader json)
    {
        Require(json.TokenType == JsonTokenType.StartObject);
        string? type = null, id = null;
        while (NextName(ref json) is { } name)
        {
            if (name == "type") type = json.GetString();
            else if (name == "id") id = json.GetString();
            else json.Skip();
        }

        return type is not null && id is not null && EntityUid.TryCreate(type, id, out var uid)
            ? uid
            : throw new JsonException("a stored entity name needs `type` and `id`");
    }

    static Value Read(ref Utf8JsonReader json)
    {
        switch (json.TokenType)
        {
            case JsonTokenType.True: return BoolValue.True;
            case JsonTokenType.False: return BoolValue.False;
            case JsonTokenType.String: return new StringValue(json.GetString()!);
            case JsonTokenType.Number: return new LongValue(json.GetInt64());
            case JsonTokenType.StartArray: return ReadSet(ref json);
            default: return ReadObject(ref json);
        }
    }

    static SetValue ReadSet(ref Utf8JsonReader json)
    {
        var items = new List<Value>();
        while (json.Read() && json.TokenType != JsonTokenType.EndArray) items.Add(Read(ref json));
        return new SetValue([.. items]);
    }

    static Value ReadObject(ref Utf8JsonReader json)
    {
        Require(json.TokenType == JsonTokenType.StartObject);
        var entries = new List<KeyValuePair<string, Value>>();
        Value? wrapped = null;
        while (NextName(ref json) is { } name)
        {
            if (name == "__entity") wrapped = ReadUid(ref json);
            else if (name == "__extn") wrapped = ReadExtension(ref json);
            else entries.Add(new(name, Read(ref json)));
        }

        return wrapped ?? Record(entries);
    }

    /// <summary><c>{arg, fn}</c>, or <c>{args: [datetime, duration], fn: "offset"}</c> for datetimes that no text can say.</summary>
    static Value ReadExtension(ref Utf8JsonReader json)
    {
        Require(json.TokenType == JsonTokenType.StartObject);
        string? function = null, argument = null;
        SetValue? arguments = null;
        while (NextName(ref json) is { } name)
        {
            if (name == "fn") function = json.GetString();
            else if (name == "arg") argument = json.GetString();
            else if (name == "args" && json.TokenType == JsonTokenType.StartArray) arguments = ReadSet(ref json);
            else json.Skip();
        }

        if (function == "offset" && arguments is { Count: 2 } && arguments.Items[0] is DateTimeValue from
            && arguments.Items[1] is DurationValue by)
            return new DateTimeValue(from.Milliseconds + by.Milliseconds);

        Value? value = null;
        if (argument is not null)
        {
            value = function switch
            {
                "decimal" when DecimalValue.TryParse(argument, out var number) => number,
                "ip" when IpAddressValue.TryParse(argument, out var address) => address,
                "datetime" when DateTimeValue.TryParse(argument, out var instant) => instant,
                "duration" when DurationValue.TryParse(argument, out var duration) => duration,
                _ => null,
            };
        }

        return value ?? throw new JsonException("a stored extension value is not one");
    }

    static RecordValue Record(List<KeyValuePair<string, Value>> entries)
    {
        try
        {
            return entries.Count == 0 ? RecordValue.Empty : new RecordValue([.. entries]);
        }
        catch (ArgumentException e)
        {
            throw new JsonException("a stored record names a key twice", e);
        }
    }

    /// <summary>Moves to the value of the next member and gives its name; null at the object's end.</summary>
    public static string? NextName(ref Utf8JsonReader json)
    {
        if (!json.Read() || json.TokenType != JsonTokenType.PropertyName) return null;

        var name = json.GetString();
        json.Read();
        return name;
    }

    static void Require(bool isSo)
    {
        if (!isSo) throw new JsonException("a stored value does not have the form of entity JSON");
    }
}
