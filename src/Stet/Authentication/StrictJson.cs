using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using System.Text.Unicode;

namespace Stet.Authentication;

/// <summary>
/// A JSON object that every parser reads alike: strict UTF-8, no member named twice at any depth, no lone surrogate,
/// at most 16 levels.
/// </summary>
static class StrictJson
{
    const int MaxDepth = 16;

    public static bool TryParseObject(byte[] utf8, [NotNullWhen(true)] out JsonDocument? document)
    {
        document = null;
        if (!Utf8.IsValid(utf8)) return false;

        try
        {
            RequireWellFormedText(utf8);
            document = JsonDocument.Parse(
                utf8, new JsonDocumentOptions { MaxDepth = MaxDepth, AllowDuplicateProperties = false });
        }
        catch (Exception refused) when (refused is JsonException or InvalidOperationException)
        {
            return false;
        }

        if (document.RootElement.ValueKind == JsonValueKind.Object) return true;

        document.Dispose();
        document = null;
        return false;
    }

    /// <summary>The member's text; null when it is absent or not a string.</summary>
    public static string? Text(this JsonElement json, string member) =>
        json.TryGetProperty(member, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;

    public static bool IsText(this JsonElement json, string text) =>
        json.ValueKind == JsonValueKind.String && json.ValueEquals(text);

    // The reader leaves escapes alone until a text is taken, and throws InvalidOperationException for a lone surrogate.
    static void RequireWellFormedText(ReadOnlySpan<byte> utf8)
    {
        var reader = new Utf8JsonReader(utf8, new JsonReaderOptions { MaxDepth = MaxDepth });
        while (reader.Read())
            if (reader is { TokenType: JsonTokenType.String or JsonTokenType.PropertyName, ValueIsEscaped: true })
                reader.GetString();
    }
}
