using System.Buffers;
using System.Text.Json;

namespace Stet.EventStore;

static class Json
{
    // What reaches a client or the canonical form is written elsewhere; this escapes only what JSON demands.
    static readonly JsonWriterOptions Options = new()
    {
        Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        SkipValidation = true,
    };

    [ThreadStatic]
    static ArrayBufferWriter<byte>? buffer;

    [ThreadStatic]
    static Utf8JsonWriter? writer;

    public static byte[] Write(object body, EventType type)
    {
        buffer ??= new ArrayBufferWriter<byte>(1024);
        writer ??= new Utf8JsonWriter(buffer, Options);
        buffer.ResetWrittenCount();
        writer.Reset(buffer);
        type.Write(body, writer);
        writer.Flush();
        return buffer.WrittenSpan.ToArray();
    }

    public static byte[] Headers(EventMetadata metadata)
    {
        var text = new ArrayBufferWriter<byte>(128);
        using (var json = new Utf8JsonWriter(text, Options))
        {
            json.WriteStartObject();
            json.WriteString("actor_class", metadata.ActorClass);
            if (metadata.Caller is { } caller) json.WriteString("caller", caller);
            if (metadata.TraceParent is { } trace) json.WriteString("traceparent", trace);
            json.WriteEndObject();
        }

        return text.WrittenSpan.ToArray();
    }
}
