using System.Buffers;
using System.Buffers.Text;
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

    // An element of a batch stands two levels down.
    static readonly JsonDocumentOptions item = strict with { MaxDepth = MaxDepth - 2 };

    /// <summary>The body as a JSON object.</summary>
    /// <exception cref="BadRequestException">It is none.</exception>
    public static async ValueTask<JsonDocument> ReadAsync(HttpContext http) => Parse(await ReadBytesAsync(http));

    /// <summary>
    /// The body as a JSON object. What is wrong within one element of its <c>evaluations</c> is wrong with that one alone:
    /// it is read as null, and named.
    /// </summary>
    /// <exception cref="BadRequestException">It is none, or is wrong elsewhere.</exception>
    public static async ValueTask<(JsonDocument Body, IReadOnlyDictionary<int, string> Broken)> ReadBatchAsync(HttpContext http)
    {
        var utf8 = await ReadBytesAsync(http);
        var broken = new Dictionary<int, string>();
        var body = TryParse(utf8, strict, out var whole) is null ? ObjectOf(whole!) : Parse(WithoutBroken(utf8, broken));
        return (body, broken);
    }

    static async ValueTask<byte[]> ReadBytesAsync(HttpContext http)
    {
        try
        {
            return await RequestBody.ReadBytesAsync(http, MostBytes);
        }
        catch (BadRequestException e)
        {
            // The standard knows no 413 and no 415: whatever is malformed is a 400.
            throw Bad("", $"cannot be read: {e.Problem.Detail}");
        }
    }

    /// <summary>A text as a JSON object.</summary>
    /// <param name="utf8">The whole body or a part of it.</param>
    /// <param name="at">Pointer of the part within the body; empty for the whole.</param>
    /// <exception cref="BadRequestException">It is no JSON object that every reader understands alike.</exception>
    public static JsonDocument Parse(ReadOnlyMemory<byte> utf8, string at = "")
    {
        if (TryParse(utf8, strict, out var document) is not { } problem) return ObjectOf(document!, at);

        var error = JsonPointer.ErrorIn(utf8.Span, MaxDepth) ?? new MemberError("", problem);
        throw Bad(at + error.Pointer, error.Message);
    }

    static JsonDocument ObjectOf(JsonDocument document, string at = "")
    {
        if (document.RootElement.ValueKind == JsonValueKind.Object) return document;

        document.Dispose();
        throw Bad(at, "must be a JSON object");
    }

    static string? TryParse(ReadOnlyMemory<byte> utf8, JsonDocumentOptions options, out JsonDocument? document)
    {
        document = null;
        if (!Utf8.IsValid(utf8.Span)) return "is not valid UTF-8";
        if (ProblemOfEscapes(utf8.Span) is { } problem) return problem;

        try
        {
            document = JsonDocument.Parse(utf8, options);
            return null;
        }
        catch (JsonException)
        {
            return $"is not valid JSON, names a member twice, or is nested deeper than {MaxDepth} levels";
        }
    }

    /// <summary>The text with null in place of each element of <c>evaluations</c> that is wrong in itself.</summary>
    static byte[] WithoutBroken(byte[] utf8, Dictionary<int, string> broken)
    {
        var sound = new ArrayBufferWriter<byte>();
        var reader = new Utf8JsonReader(utf8, new JsonReaderOptions { MaxDepth = MostBytes });
        var (kept, index) = (0, 0);
        try
        {
            while (reader.Read())
            {
                if (reader.CurrentDepth != 1 || reader.TokenType != JsonTokenType.PropertyName) continue;

                var isItems = reader.ValueSpan.SequenceEqual("evaluations"u8);
                if (!reader.Read() || !isItems || reader.TokenType != JsonTokenType.StartArray)
                {
                    reader.Skip();
                    continue;
                }

                for (; reader.Read() && reader.TokenType != JsonTokenType.EndArray; index++)
                {
                    var start = (int)reader.TokenStartIndex;
                    reader.Skip();
                    var end = (int)reader.BytesConsumed;
                    if (TryParse(utf8.AsMemory(start..end), item, out var document) is { } problem)
                    {
                        broken.Add(index, problem);
                        sound.Write(utf8.AsSpan(kept..start));
                        sound.Write("null"u8);
                        kept = end;
                    }

                    document?.Dispose();
                }
            }
        }
        catch (JsonException)
        {
            return utf8; // malformed as a whole
        }

        sound.Write(utf8.AsSpan(kept..));
        return sound.WrittenSpan.ToArray();
    }

    public static BadRequestException Bad(string pointer, string message) => new(RequestProblems.Invalid(pointer, message));

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
