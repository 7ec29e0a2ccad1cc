using System.Text.Json;

namespace Stet.Http;

/// <summary>Says where in a text the serializer stopped, as a JSON pointer (RFC 6901).</summary>
/// <remarks>The serializer's own path cannot be used: it does not escape names, so that <c>a.b</c> reads as two steps.</remarks>
ref struct JsonPointer
{
    readonly List<Step> open = [];
    Utf8JsonReader reader;

    JsonPointer(ReadOnlySpan<byte> json, int maxDepth) =>
        reader = new Utf8JsonReader(json, new JsonReaderOptions { MaxDepth = maxDepth });

    /// <summary>The member or element that was being read when the text was refused; empty for the whole.</summary>
    public static string Of(JsonException refusal, ReadOnlySpan<byte> json, int maxDepth)
    {
        var pointer = new JsonPointer(json, maxDepth);
        pointer.ReadTo(Offset(refusal, json));
        return pointer.Text();
    }

    /// <summary>What keeps readers from understanding a text alike (I-JSON, RFC 7493); null when nothing does.</summary>
    public static MemberError? ErrorIn(ReadOnlySpan<byte> json, int maxDepth)
    {
        var pointer = new JsonPointer(json, maxDepth);
        return pointer.ReadToError() is { } message ? new MemberError(pointer.Text(), message) : null;
    }

    readonly string Text() => string.Concat(open.Where(s => s.Name is not null).Select(s => $"/{Escape(s.Name!)}"));

    void ReadTo(int end)
    {
        try
        {
            while (reader.BytesConsumed < end && reader.Read()) Follow();
        }
        catch (JsonException)
        {
            LeaveValue();
        }
    }

    string? ReadToError()
    {
        var names = new Stack<HashSet<string>>();
        try
        {
            while (reader.Read())
            {
                Follow();
                if (reader.TokenType == JsonTokenType.StartObject) names.Push([]);
                else if (reader.TokenType == JsonTokenType.EndObject) names.Pop();
                else if (reader.TokenType is JsonTokenType.PropertyName or JsonTokenType.String && TextOf(reader) is null) return RequestBody.NoText;
                else if (reader.TokenType == JsonTokenType.PropertyName && !names.Peek().Add(open[^1].Name!)) return RequestBody.Twice;
            }

            return null;
        }
        catch (JsonException e)
        {
            LeaveValue();
            return RequestBody.Reason(e);
        }
    }

    /// <summary>Malformed after a whole value: what is wrong stands beside that value, not in it.</summary>
    readonly void LeaveValue()
    {
        if (reader.TokenType != JsonTokenType.PropertyName && open.Count > 0) open[^1] = open[^1] with { Name = null };
    }

    readonly void Follow()
    {
        switch (reader.TokenType)
        {
            case JsonTokenType.PropertyName:
                open[^1] = new Step(TextOf(reader), IsArray: false, Index: 0);
                return;
            case JsonTokenType.EndObject or JsonTokenType.EndArray:
                open.RemoveAt(open.Count - 1);
                return;
        }

        if (open.Count > 0 && open[^1] is { IsArray: true, Index: var index }) open[^1] = new Step($"{index}", IsArray: true, index + 1);
        if (reader.TokenType is JsonTokenType.StartObject or JsonTokenType.StartArray)
            open.Add(new Step(null, reader.TokenType == JsonTokenType.StartArray, Index: 0));
    }

    static string? TextOf(in Utf8JsonReader reader)
    {
        try
        {
            return reader.GetString();
        }
        catch (InvalidOperationException)
        {
            return null; // half a surrogate pair: no pointer can name it, so its object is named
        }
    }

    static int Offset(JsonException refusal, ReadOnlySpan<byte> json)
    {
        var offset = 0;
        for (var line = refusal.LineNumber ?? 0; line > 0; line--) offset += json[offset..].IndexOf((byte)'\n') + 1;
        return offset + (int)(refusal.BytePositionInLine ?? 0);
    }

    static string Escape(string name) =>
        name.Replace("~", "~0", StringComparison.Ordinal).Replace("/", "~1", StringComparison.Ordinal);

    /// <param name="Name">Of the member or element being read in an open object or array; null before the first.</param>
    /// <param name="IsArray">Whether it is an array.</param>
    /// <param name="Index">Of the next element.</param>
    readonly record struct Step(string? Name, bool IsArray, int Index);
}
