using System.Diagnostics.CodeAnalysis;
using System.Runtime.InteropServices;
using System.Text;
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
        catch (InvalidOperationException e)
        {
            throw AuditException.Malformed($"The {what} has a member whose name is not valid Unicode.", e);
        }

        throw AuditException.Malformed($"The {what} is not a JSON object.");
    }

    public static string Text(this JsonElement parent, string name, string what)
    {
        try
        {
            if (parent.Member(name, what) is { ValueKind: JsonValueKind.String } member) return member.GetString()!;
        }
        catch (InvalidOperationException e)
        {
            throw AuditException.Malformed($"The `{name}` of the {what} is not valid Unicode.", e);
        }

        throw AuditException.Malformed($"The `{name}` of the {what} is not a string.");
    }

    /// <summary>Whether a string is this one.</summary>
    public static bool Is(this JsonElement parent, string name, ReadOnlySpan<byte> text, string what)
    {
        try
        {
            return parent.Member(name, what).ValueEquals(text);
        }
        catch (InvalidOperationException e)
        {
            throw AuditException.Malformed($"The `{name}` of the {what} is not a string, or not valid Unicode.", e);
        }
    }

    /// <summary>A string with base64 of a hash or of something as long.</summary>
    public static void Hash(this JsonElement parent, string name, string what, Span<byte> hash)
    {
        // Writers may escape plus and slash; most do not, and then there is no string to make.
        var raw = parent.Member(name, what).Raw();
        var text = raw.Contains((byte)'\\') ? Encoding.UTF8.GetBytes(parent.Text(name, what)) : raw.Trim((byte)'"');
        if (!Strict.TryBase64(text, hash)) throw AuditException.Malformed($"The `{name}` of the {what} is not base64 of {hash.Length} bytes.");
    }

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
