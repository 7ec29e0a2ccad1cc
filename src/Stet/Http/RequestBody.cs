using System.Buffers;
using System.ComponentModel.DataAnnotations;
using System.Runtime.InteropServices;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;

namespace Stet.Http;

/// <summary>A request that is answered with a problem document; thrown by what reads requests, never by a rule.</summary>
public sealed class BadRequestException(Problem problem) : Exception(problem.Detail)
{
    /// <summary>The answer.</summary>
    public Problem Problem { get; } = problem;
}

/// <summary>Reads JSON bodies within the limits that every endpoint shares.</summary>
public static class RequestBody
{
    /// <summary>The most bytes of a body, unless an endpoint says otherwise.</summary>
    public const int DefaultLimit = 256 * 1024;

    const string Json = "application/json";

    internal const string Twice = "occurs twice";
    internal const string NoText = "holds half a surrogate pair or bytes that are not UTF-8";

    /// <summary>Reads a body of a known shape; unknown and duplicate members are refused.</summary>
    /// <exception cref="BadRequestException">415, 413 or 400, with the pointer of the member that was wrong.</exception>
    public static async ValueTask<T> ReadAsync<T>(HttpContext http, JsonTypeInfo<T> json, int limit = DefaultLimit)
    {
        var (value, problem) = await ReadAsync(http, limit, utf8 => Parse(utf8, json));
        return problem is null ? value! : throw new BadRequestException(problem);
    }

    /// <summary>Reads a body by its media type, JSON or the one other that is named, whatever is in it.</summary>
    /// <exception cref="BadRequestException">415 or 413.</exception>
    public static ValueTask<byte[]> ReadBytesAsync(HttpContext http, int limit, string orMediaType = Json) =>
        ReadAsync(http, limit, static utf8 => utf8.ToArray(), orMediaType);

    static async ValueTask<T> ReadAsync<T>(HttpContext http, int limit, Func<ReadOnlySpan<byte>, T> parse, string orMediaType = Json)
    {
        if (!IsOf(http.Request.ContentType, Json) && !IsOf(http.Request.ContentType, orMediaType))
            throw new BadRequestException(RequestProblems.NotJson);
        if (http.Request.Headers.ContentEncoding.Any(coding => !"identity".Equals(coding, StringComparison.OrdinalIgnoreCase)))
            throw new BadRequestException(RequestProblems.Encoded);
        if (http.Request.ContentLength > limit) throw new BadRequestException(RequestProblems.TooLarge(limit));

        var reader = http.Request.BodyReader;
        while (true)
        {
            var read = await reader.ReadAsync(http.RequestAborted);
            if (read.Buffer.Length > limit)
            {
                reader.AdvanceTo(read.Buffer.End);
                throw new BadRequestException(RequestProblems.TooLarge(limit));
            }

            if (read.IsCompleted)
            {
                var value = parse(read.Buffer.IsSingleSegment ? read.Buffer.FirstSpan : read.Buffer.ToArray());
                reader.AdvanceTo(read.Buffer.End);
                return value;
            }

            reader.AdvanceTo(read.Buffer.Start, read.Buffer.End);
        }
    }

    /// <summary>Reads a text of a known shape: the value, or what is wrong.</summary>
    /// <param name="utf8">The whole body or a part of it.</param>
    /// <param name="json">The shape; unknown and duplicate members are refused.</param>
    /// <param name="at">Pointer of the part within the body; empty for the whole.</param>
    public static (T? Value, Problem? Problem) Parse<T>(ReadOnlySpan<byte> utf8, JsonTypeInfo<T> json, string at = "")
    {
        try
        {
            var value = JsonSerializer.Deserialize(utf8, json);
            return value is null ? (value, RequestProblems.Invalid(at, "must be a JSON object, not null")) : (value, null);
        }
        catch (JsonException e)
        {
            var within = JsonPointer.Of(e, utf8, json.Options.MaxDepth);
            var pointer = at + within;
            return (default, e switch
            {
                FieldValueException { IsTooMuch: false } value => RequestProblems.NotCanonical(pointer + value.Pointer, value.Message),
                FieldValueException value => RequestProblems.Invalid(pointer + value.Pointer, value.Message),
                _ => RequestProblems.Invalid(pointer, Reason(e, TypeAt(json, within))),
            });
        }
    }

    /// <summary>Whether a content type is a media type, whatever its parameters.</summary>
    public static bool IsOf(string? contentType, string mediaType) =>
        contentType is not null && contentType.StartsWith(mediaType, StringComparison.OrdinalIgnoreCase)
        && contentType.AsSpan(mediaType.Length).TrimStart(" \t") is [] or [';', ..];

    // The serializer's messages name C# types; ours name members.
    internal static string Reason(JsonException e, string type = "") => e.Message switch
    {
        _ when e.InnerException is InvalidOperationException inner && !inner.Message.Contains("token type", StringComparison.Ordinal) => NoText,
        var m when m.StartsWith("must ", StringComparison.Ordinal) => m,
        var m when m.Contains("could not be mapped", StringComparison.Ordinal) => "is not a member of this request",
        var m when m.Contains("uplicate", StringComparison.Ordinal) => Twice,
        var m when e.InnerException is InvalidOperationException || m.Contains("could not be converted", StringComparison.Ordinal) => type,
        var m when m.Contains("maximum configured depth", StringComparison.Ordinal) => "is nested deeper than 32 levels",
        var m when m.Contains("Expected depth to be zero", StringComparison.Ordinal) || m.Contains("does not contain any JSON tokens", StringComparison.Ordinal) => "ends before its JSON is complete",
        _ => "is not valid JSON here",
    };

    /// <summary>What a member has to be, as the shape of the whole says.</summary>
    static string TypeAt(JsonTypeInfo whole, string pointer)
    {
        var at = whole;
        JsonPropertyInfo? member = null;
        foreach (var step in pointer.Split('/').Skip(1))
        {
            member = at.Kind == JsonTypeInfoKind.Object ? at.Properties.FirstOrDefault(p => p.Name == step) : null;
            var type = member?.PropertyType ?? at.ElementType;
            if (type is not null && whole.Options.TryGetTypeInfo(type, out var next)) at = next;
        }

        var range = member?.AttributeProvider?.GetCustomAttributes(typeof(RangeAttribute), inherit: false) is [RangeAttribute within]
            ? $" from {within.Minimum:F0} to {within.Maximum:F0}"
            : null;
        return Type.GetTypeCode(Nullable.GetUnderlyingType(at.Type) ?? at.Type) switch
        {
            TypeCode.Int32 or TypeCode.Int64 => $"must be a whole number{range ?? $" of at most {long.MaxValue}"}",
            TypeCode.Double or TypeCode.Decimal => $"must be a number{range}",
            TypeCode.Boolean => "must be true or false",
            TypeCode.String => "must be a text",
            _ => at.Kind == JsonTypeInfoKind.Enumerable ? "must be a list" : "must be a JSON object",
        };
    }
}

/// <summary>A part of a body that is to be read by itself, whatever JSON it is.</summary>
/// <param name="Utf8">The part's text.</param>
[JsonConverter(typeof(UnreadJsonConverter))]
readonly record struct UnreadJson(ReadOnlyMemory<byte> Utf8);

sealed class UnreadJsonConverter : JsonConverter<UnreadJson>
{
    public override bool HandleNull => true;

    public override UnreadJson Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        using var part = JsonDocument.ParseValue(ref reader);
        return new UnreadJson(JsonMarshal.GetRawUtf8Value(part.RootElement).ToArray());
    }

    public override void Write(Utf8JsonWriter writer, UnreadJson value, JsonSerializerOptions options) =>
        writer.WriteRawValue(value.Utf8.Span);
}

/// <summary>What is wrong with a request before any rule has looked at it.</summary>
public static class RequestProblems
{
    public static Problem NotJson { get; } = new(
        "unsupported_media_type", 415, "The body is not JSON", "send the body as `Content-Type: application/json`");

    public static Problem Encoded { get; } = new(
        "unsupported_media_type", 415, "The body is encoded", "send the body as it is, without `Content-Encoding`");

    public static Problem TooLarge(int limit) => new(
        "body_too_large", 413, "The body is too large", $"at most {limit / 1024} KiB are read here");

    public static Problem TooSlow { get; } = new(
        "request_timeout", 408, "The body came too slowly", "nothing was recorded; send the request again");

    public static Problem Invalid(params IReadOnlyList<MemberError> errors) => new(
        "invalid_request", 400, "The request is not valid",
        string.Join("; ", errors.Select(e => $"{(e.Pointer.Length == 0 ? "the body" : $"`{e.Pointer}`")} {e.Message}")))
    { Errors = errors };

    public static Problem Invalid(string pointer, string message) => Invalid(new MemberError(pointer, message));

    public static Problem NotCanonical(string pointer, string reason) => new(
        "data_not_canonical", 400, "The data cannot be logged faithfully",
        $"`{pointer}`: {reason} Send a value that RFC 8785 and the database carry unchanged.")
    { Errors = [new MemberError(pointer, reason)] };

    public static Problem PositionNotReached(long wanted, long reached) => new(
        "position_not_reached", 503, "The log has not reached that position yet",
        $"`min_position` {wanted} was asked for and the log stands at {reached}")
    { RetryAfterSeconds = 1 };

    public static Problem Unavailable(int retryAfterSeconds) => new(
        "store_unavailable", 503, "The store cannot answer now",
        "try again after the time in `Retry-After`; a write that carries an idempotency key is recorded once however often it is sent")
    { RetryAfterSeconds = retryAfterSeconds };

    public static Problem SchemaChanged { get; } = new(
        "schema_changed", 503, "The schema was changed by a newer version",
        "nothing was recorded; this instance records nothing more until it is restarted with that version")
    { RetryAfterSeconds = 5 };

    public static Problem Busy { get; } = new(
        "store_busy", 503, "Too many commands are waiting", "try again after the time in `Retry-After`")
    { RetryAfterSeconds = 1 };

    public static Problem UnknownTenant { get; } = new(
        "unknown_tenant", 404, "The tenant does not exist", "create it with `PUT /v1/tenants/{tenant_id}` first");

    public static Problem IdempotencyConflict { get; } = new(
        "idempotency_conflict", 409, "The idempotency key belongs to another request",
        "a key may be sent again only with the same request; use a new one");

    /// <summary>The same of a request of several commands, none of which is recorded.</summary>
    public static Problem OtherRequest { get; } = IdempotencyConflict with
    {
        Detail = "the header's key may be sent again only with the same batch; use a new one",
    };

    public static Problem NotRecorded { get; } = new(
        "not_recorded", 409, "Another command of the request was refused", "all are recorded or none; see the others' answers");

    public static Problem Internal { get; } = new(
        "internal_error", 500, "Something went wrong here", "the failure was logged; try again, or report it with the trace id");
}
