using System.Buffers;
using System.Globalization;
using System.Security.Cryptography;
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
    static readonly JsonWriterOptions Readable = new()
    {
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        SkipValidation = true,
    };

    const int MostKept = 1 << 16;

    [ThreadStatic]
    static Utf8JsonWriter? writer;

    [ThreadStatic]
    static ArrayBufferWriter<byte>? buffer;

    /// <summary>The answer to a write.</summary>
    public static IResult Write<T>(int status, T body, JsonTypeInfo<T> json, long position, string? location = null) =>
        new WriteAnswer<T>(status, body, json, position, location);

    /// <summary>The answer to a read: 200, or 304 when the client has these very bytes.</summary>
    public static IResult Read<T>(T body, JsonTypeInfo<T> json, long position) =>
        new ReadAnswer(Serialize(body, json), "application/json", position);

    /// <summary>The answer to a read that is not JSON.</summary>
    public static IResult Read(ReadOnlyMemory<byte> body, string contentType, long position) =>
        new ReadAnswer(body, contentType, position);

    public static ReadOnlyMemory<byte> Serialize<T>(T body, JsonTypeInfo<T> json)
    {
        buffer ??= new ArrayBufferWriter<byte>(4_096);
        writer ??= new Utf8JsonWriter(buffer, Readable);
        buffer.ResetWrittenCount();
        writer.Reset(buffer);
        JsonSerializer.Serialize(writer, body, json);
        writer.Flush();
        var text = buffer.WrittenSpan.ToArray();
        if (buffer.Capacity > MostKept) (buffer, writer) = (null, null);
        return text;
    }

    sealed class WriteAnswer<T>(int status, T body, JsonTypeInfo<T> json, long position, string? location) : IResult
    {
        public async Task ExecuteAsync(HttpContext httpContext)
        {
            var text = Serialize(body, json);
            var response = httpContext.Response;
            if (httpContext.Features.Get<ReceiptRequest>() is { } wanted)
            {
                text = await httpContext.RequestServices.GetRequiredService<Receipts>().AddAsync(text, wanted, httpContext.RequestAborted);
                response.Headers["Preference-Applied"] = "receipt";
            }

            response.StatusCode = status;
            response.ContentType = "application/json";
            response.Headers[PositionHeader] = position.ToString(CultureInfo.InvariantCulture);
            if (location is not null) response.Headers.Location = location;
            response.ContentLength = text.Length;
            await response.BodyWriter.WriteAsync(text, httpContext.RequestAborted);
        }
    }

    sealed class ReadAnswer(ReadOnlyMemory<byte> body, string contentType, long position) : IResult
    {
        public Task ExecuteAsync(HttpContext httpContext)
        {
            var response = httpContext.Response;
            var tag = ETagOf(body.Span);
            response.Headers.ETag = tag;
            response.Headers.CacheControl = "private, no-cache";
            response.Headers[PositionHeader] = position.ToString(CultureInfo.InvariantCulture);
            if (Matches(httpContext.Request.Headers.IfNoneMatch, tag))
            {
                response.StatusCode = StatusCodes.Status304NotModified;
                return Task.CompletedTask;
            }

            response.ContentType = contentType;
            response.ContentLength = body.Length;
            return HttpMethods.IsHead(httpContext.Request.Method)
                ? Task.CompletedTask
                : response.BodyWriter.WriteAsync(body, httpContext.RequestAborted).AsTask();
        }

        static string ETagOf(ReadOnlySpan<byte> body)
        {
            Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
            SHA256.HashData(body, hash);
            return $"\"{Convert.ToHexStringLower(hash[..16])}\"";
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
