using System.Text;
using System.Text.Json;

namespace Stet.Policy.AuthZen;

/// <summary>What is wrong with one question; it is an item's error, or the answer to a single one.</summary>
/// <param name="Pointer">The member (RFC 6901).</param>
/// <param name="Message">What is wrong with it.</param>
readonly record struct AskedProblem(string Pointer, string Message)
{
    public override string ToString() => $"`{Pointer}` {Message}";
}

/// <summary>Reads questions: the members of a request, or those of an item lying over a batch's defaults.</summary>
readonly struct AskedReader(JsonElement item, JsonElement defaults)
{
    const int MostNameBytes = 1_024;

    /// <summary>Reads a whole question.</summary>
    public AskedProblem? Read(out AskedEvaluation asked)
    {
        asked = default;
        if (Party("subject", needsId: true, out var subject) is { } ofSubject) return ofSubject;
        if (Action(out var action, out var properties) is { } ofAction) return ofAction;
        if (Party("resource", needsId: true, out var resource) is { } ofResource) return ofResource;
        if (Context(out var context) is { } ofContext) return ofContext;

        asked = new AskedEvaluation(subject, action, properties, resource, context);
        return null;
    }

    /// <summary>What can be read of a question that is broken somewhere; the rest is empty.</summary>
    public AskedEvaluation ReadSoundParts() => new(
        Party("subject", needsId: true, out var subject) is null ? subject : new AskedParty("", "", default),
        Action(out var action, out _) is null ? action : "", default,
        Party("resource", needsId: true, out var resource) is null ? resource : new AskedParty("", "", default), default);

    public AskedProblem? Party(string name, bool needsId, out AskedParty party)
    {
        party = default;
        var json = Member(name);
        if (json.ValueKind != JsonValueKind.Object) return new($"/{name}", "is required, an object");
        if (Text(json, "type") is not { } type) return new($"/{name}/type", Rule);

        var id = "";
        if (needsId)
        {
            if (Text(json, "id") is not { } given) return new($"/{name}/id", Rule);
            id = given;
        }

        if (Properties(json, name, out var properties) is { } problem) return problem;

        party = new AskedParty(type, id, properties);
        return null;
    }

    public AskedProblem? Action(out string name, out JsonElement properties)
    {
        (name, properties) = ("", default);
        var json = Member("action");
        if (json.ValueKind != JsonValueKind.Object) return new("/action", "is required, an object");
        if (Text(json, "name") is not { } given) return new("/action/name", Rule);

        name = given;
        return Properties(json, "action", out properties);
    }

    public AskedProblem? Context(out JsonElement context)
    {
        context = Member("context");
        if (context.ValueKind is not (JsonValueKind.Object or JsonValueKind.Undefined)) return new("/context", "must be an object");
        return HasNumberNobodyKeeps(context) ? new("/context", NumberRule) : null;
    }

    const string Rule = "is required, a text of 1 to 1024 bytes of UTF-8";
    const string NumberRule = "holds a number that JSON does not carry: integers lie within ±(2^53 - 1)";

    static AskedProblem? Properties(JsonElement json, string of, out JsonElement properties)
    {
        properties = default;
        if (json.TryGetProperty("properties"u8, out var given) && given.ValueKind != JsonValueKind.Null) properties = given;
        if (properties.ValueKind is not (JsonValueKind.Object or JsonValueKind.Undefined))
            return new($"/{of}/properties", "must be an object");
        return HasNumberNobodyKeeps(properties) ? new($"/{of}/properties", NumberRule) : null;
    }

    static string? Text(JsonElement json, string name) =>
        json.TryGetProperty(name, out var member) && member.ValueKind == JsonValueKind.String
        && member.GetString() is { Length: > 0 and <= MostNameBytes } text && Encoding.UTF8.GetByteCount(text) <= MostNameBytes
            ? text
            : null;

    /// <summary>The item's member, else the default's; undefined when neither has it or it is null.</summary>
    JsonElement Member(string name)
    {
        if (item.ValueKind == JsonValueKind.Object && item.TryGetProperty(name, out var own) && own.ValueKind != JsonValueKind.Null)
            return own;
        return defaults.ValueKind == JsonValueKind.Object && defaults.TryGetProperty(name, out var shared)
            && shared.ValueKind != JsonValueKind.Null
                ? shared
                : default;
    }

    static bool HasNumberNobodyKeeps(JsonElement json)
    {
        switch (json.ValueKind)
        {
            case JsonValueKind.Number:
                if (json.TryGetInt64(out var number)) return number is < -ValueConversion.LargestInteger or > ValueConversion.LargestInteger;
                var text = json.GetRawText();
                return !text.AsSpan().ContainsAny('.', 'e', 'E') || !double.IsFinite(json.GetDouble());

            case JsonValueKind.Array:
                foreach (var element in json.EnumerateArray())
                    if (HasNumberNobodyKeeps(element)) return true;
                return false;

            case JsonValueKind.Object:
                foreach (var member in json.EnumerateObject())
                    if (HasNumberNobodyKeeps(member.Value)) return true;
                return false;

            default: return false;
        }
    }
}
