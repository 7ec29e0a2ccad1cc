using System.Buffers;
using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Microsoft.Net.Http.Headers;
using Stet.Audit;

namespace Stet.Http;

/// <summary>JSON answers, with the position of the log that they show and, for reads, a strong ETag.</summary>
public static class JsonAnswer
{
    const string PositionHeader = "Stet-Position";

    // The media type is never rendered as HTML, and readers of the raw text are served better by `é` than by `\u00e9`.
    internal static readonly JsonWriterOptions Readable = new()
    {
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        SkipValidation = true,
    };

    const int MostKept = 1 << 16;

    [ThreadStatic]
    static Utf8JsonWriter? writer;

    [ThreadStatic]
    static ArrayBufferWriter<byte>? buffer;

    /// <summary>The answer to a write; without a position, it reflects none that the caller may know.</summary>
    public static IResult Write<T>(int status, T body, JsonTypeInfo<T> json, long? position, string? location = null) =>
        new WriteAnswer<T>(status, body, json, position, location);

    /// <summary>The answer to a read: 200, or 304 when the client has these very bytes.</summary>
    public static IResult Read<T>(T body, JsonTypeInfo<T> json, long position) =>
        Read(Render(body, json, position));

    /// <summary>The answer to a read whose body is there already.</summary>
    public static IResult Read(ReadOnlyMemory<byte> body, string contentType, long position) =>
        Read(new Rendered(body, contentType, position));

    /// <summary>The answer to a read that many share.</summary>
    public static IResult Read(Rendered rendered) => new ReadAnswer(rendered);

    /// <summary>The body of a read's answer, for as many as ask for it.</summary>
    public static Rendered Render<T>(T body, JsonTypeInfo<T> json, long position) =>
        new(Serialize(body, json), "application/json", position);

    public static ReadOnlyMemory<byte> Serialize<T>(T body, JsonTypeInfo<T> json) => Write(
        (body, json), static (writer, of) => JsonSerializer.Serialize(writer, of.body, of.json), static utf8 => utf8.ToArray());

    /// <summary>Writes JSON into a buffer that the thread keeps, and reads from there.</summary>
    internal static TResult Write<T, TResult>(T value, Action<Utf8JsonWriter, T> write, Func<ReadOnlySpan<byte>, TResult> read)
    {
        buffer ??= new ArrayBufferWriter<byte>(4_096);
        writer ??= new Utf8JsonWriter(buffer, Readable);
        buffer.ResetWrittenCount();
        writer.Reset(buffer);
        write(writer, value);
        writer.Flush();
        var result = read(buffer.WrittenSpan);
        if (buffer.Capacity > MostKept) (buffer, writer) = (null, null);
        return result;
    }

    sealed class WriteAnswer<T>(int status, T body, JsonTypeInfo<T> json, long? position, string? location) : IResult
    {
        public async Task ExecuteAsync(HttpContext httpContext)
        {
            var text = await Receipts.AddWantedAsync(httpContext, Serialize(body, json));
            var response = httpContext.Response;
            response.StatusCode = status;
            response.ContentType = "application/json";
            if (position is { } reflected) response.Headers[PositionHeader] = reflected.ToString(CultureInfo.InvariantCulture);
            if (location is not null) response.Headers.Location = location;
            response.ContentLength = text.Length;
            await response.BodyWriter.WriteAsync(text, httpContext.RequestAborted);
        }
    }

    sealed class ReadAnswer(Rendered rendered) : IResult
    {
        public Task ExecuteAsync(HttpContext httpContext)
        {
            var response = httpContext.Response;
            response.Headers.ETag = rendered.ETag;
            response.Headers.CacheControl = rendered.CacheControl;
            response.Headers[PositionHeader] = rendered.Position.ToString(CultureInfo.InvariantCulture);
            if (Matches(httpContext.Request.Headers.IfNoneMatch, rendered.ETag))
            {
                response.StatusCode = StatusCodes.Status304NotModified;
                return Task.CompletedTask;
            }

            response.ContentType = rendered.ContentType;
            response.ContentLength = rendered.Body.Length;
            return HttpMethods.IsHead(httpContext.Request.Method)
                ? Task.CompletedTask
                : response.BodyWriter.WriteAsync(rendered.Body, httpContext.RequestAborted).AsTask();
        }
    }

    /// <summary>Whether an <c>If-None-Match</c> header names the representation that a strong tag stands for.</summary>
    internal static bool Matches(Microsoft.Extensions.Primitives.StringValues header, string tag)
    {
        if (header.Count == 0) return false;
        if (header.Count == 1 && header[0] == tag) return true;
        return EntityTagHeaderValue.TryParseList(header, out var tags)
            && tags.Any(t => t.Tag == tag || t.Equals(EntityTagHeaderValue.Any));
    }
}
