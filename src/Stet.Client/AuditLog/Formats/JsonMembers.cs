using System.Diagnostics.CodeAnalysis;
using System.Runtime.InteropServices;
using System.Text.Json;

namespace Stet.Client.AuditLog.Formats;

/// <summary>Reads members of the JSON around payloads and proofs; what is wrong with one is a malformed resource.</summary>
static class JsonMembers
{
    // Of these nothing is hashed but what is cut out of them; a name that stands twice could be read in two ways.
    static readonly JsonDocumentOptions options = new() { AllowDuplicateProperties = false };

    /// <param name="json">The text.</param>
    /// <param name="what">Names it in messages.</param>
    public static JsonDocument Parse(ReadOnlyMemory<byte> json, string what)
    {
        try
        {
            var document = JsonDocument.Parse(json, options);
            if (document.RootElement.ValueKind == JsonValueKind.Object) return document;

            document.Dispose();
        }
        catch (JsonException e)
        {
            throw AuditException.Malformed($"The {what} is not JSON, or has a member twice.", e);
        }

        throw AuditException.Malformed($"The {what} is not a JSON object.");
    }

    /// <summary>A string; null where it is null and may be.</summary>
    public static string? OptionalText(this JsonElement parent, string name, string what)
    {
        var member = parent.Member(name, what);
        if (member.ValueKind == JsonValueKind.Null) return null;

        try
        {
            if (member.ValueKind == JsonValueKind.String) return member.GetString();
        }
        catch (InvalidOperationException e)
        {
            throw AuditException.Malformed($"The `{name}` of the {what} is not valid Unicode.", e);
        }

        throw AuditException.Malformed($"The `{name}` of the {what} is not a string.");
    }

    public static string Text(this JsonElement parent, string name, string what) =>
        parent.OptionalText(name, what) ?? throw AuditException.Malformed($"The `{name}` of the {what} is null.");

    public static long Integer(this JsonElement parent, string name, string what)
    {
        var member = parent.Member(name, what);
        return member.ValueKind == JsonValueKind.Number && Strict.TryDecimal(Raw(member), out var value)
            ? value
            : throw AuditException.Malformed($"The `{name}` of the {what} is not an integer.");
    }

    public static JsonElement Member(this JsonElement parent, string name, string what) =>
        parent.ValueKind == JsonValueKind.Object && parent.TryGetProperty(name, out var member)
            ? member
            : throw AuditException.Malformed($"The {what} has no `{name}`.");

    public static bool TryMember(this JsonElement parent, string name, [NotNullWhen(true)] out JsonElement? member)
    {
        member = parent.TryGetProperty(name, out var found) ? found : null;
        return member is not null;
    }

    /// <summary>The bytes that stand in the text.</summary>
    public static ReadOnlySpan<byte> Raw(this JsonElement element) => JsonMarshal.GetRawUtf8Value(element);
}
