using System.Buffers.Text;
using System.Text;
using System.Text.Json;
using System.Text.Unicode;
using Stet.Http;

namespace Stet.Policy.AuthZen;

/// <summary>
/// Reads bodies of AuthZEN as I-JSON (RFC 7493): strict UTF-8, no member named twice at any depth, no lone surrogate, at
/// most 32 levels and 256 KiB. Whatever is wrong with a body as a whole is a 400.
/// </summary>
static class AuthZenBody
{
    public const int MostBytes = 256 * 1024;

    const int MaxDepth = 32;

    static readonly JsonDocumentOptions strict = new() { MaxDepth = MaxDepth, AllowDuplicateProperties = false };

    /// <summary>The body as a JSON object.</summary>
    /// <exception cref="BadRequestException">It is none.</exception>
    public static async ValueTask<JsonDocument> ReadAsync(HttpContext http)
    {
        // The standard knows no 413 and no 415: whatever is malformed is a 400.
        if (!IsJson(http.Request.ContentType))
            throw Bad("", "must be sent as `Content-Type: application/json`");

        return Parse(await RawBody.ReadAsync(http, MostBytes) ?? throw Bad("", "may have at most 256 KiB"));
    }

    /// <exception cref="BadRequestException">It is no JSON object that every reader understands alike.</exception>
    public static JsonDocument Parse(byte[] utf8)
    {
        if (!Utf8.IsValid(utf8)) throw Bad("", "is not valid UTF-8");
        if (ProblemOfEscapes(utf8) is { } problem) throw Bad("", problem);

        JsonDocument document;
        try
        {
            document = JsonDocument.Parse(utf8, strict);
        }
        catch (JsonException)
        {
            throw Bad("", $"is not valid JSON, names a member twice, or is nested deeper than {MaxDepth} levels");
        }

        if (document.RootElement.ValueKind == JsonValueKind.Object) return document;

        document.Dispose();
        throw Bad("", "must be a JSON object");
    }

    public static BadRequestException Bad(string pointer, string message) => new(RequestProblems.Invalid(pointer, message));

    static bool IsJson(string? contentType) =>
        contentType is not null
        && (contentType.Equals("application/json", StringComparison.OrdinalIgnoreCase)
            || contentType.StartsWith("application/json;", StringComparison.OrdinalIgnoreCase));

    /// <summary>Escapes are the only way to write half a surrogate pair, and U+0000, which no database keeps.</summary>
    static string? ProblemOfEscapes(ReadOnlySpan<byte> utf8)
    {
        while (utf8.IndexOf((byte)'\\') is var at and >= 0)
        {
            utf8 = utf8[at..];
            if (CodeUnit(utf8) is not { } unit)
            {
                utf8 = utf8[Math.Min(2, utf8.Length)..];
                continue;
            }

            if (unit == 0) return "holds U+0000, which cannot be recorded";
            var isPair = char.IsHighSurrogate(unit) && CodeUnit(utf8[6..]) is { } low && char.IsLowSurrogate(low);
            if (char.IsSurrogate(unit) && !isPair) return "holds half a surrogate pair";
            utf8 = utf8[(isPair ? 12 : 6)..];
        }

        return null;
    }

    /// <summary>What <c>\uXXXX</c> stands for; null when the text does not begin with one.</summary>
    static char? CodeUnit(ReadOnlySpan<byte> utf8) =>
        utf8.Length >= 6 && utf8[0] == '\\' && utf8[1] == 'u'
        && Utf8Parser.TryParse(utf8[2..6], out ushort unit, out var length, 'x') && length == 4
            ? (char)unit
            : null;
}

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
    const long LargestInteger = (1L << 53) - 1;

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
                if (json.TryGetInt64(out var number)) return number is < -LargestInteger or > LargestInteger;
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
