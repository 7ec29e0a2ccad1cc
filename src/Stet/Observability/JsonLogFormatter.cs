using System.Buffers;
using System.Diagnostics;
using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Logging.Console;

namespace Stet.Observability;

/// <summary>
/// One JSON object per line: <c>timestamp</c> (RFC 3339, UTC, microseconds), <c>level</c>, <c>category</c>,
/// <c>event_id</c>, <c>event</c>, <c>message</c>, <c>trace_id</c> and <c>span_id</c> within a trace, <c>state</c> with
/// the message's values, <c>exception</c> with type, message and stacktrace.
/// </summary>
public sealed class JsonLogFormatter(TimeProvider time) : ConsoleFormatter(FormatName)
{
    public const string FormatName = "stet-json";

    const string TimestampFormat = "yyyy-MM-dd'T'HH:mm:ss.ffffff'Z'";

    [ThreadStatic]
    static Line? spare;

    public override void Write<TState>(
        in LogEntry<TState> logEntry, IExternalScopeProvider? scopeProvider, TextWriter textWriter)
    {
        var message = logEntry.Formatter(logEntry.State, logEntry.Exception);

        // Taken while in use: a value may log while it is turned into text.
        var line = spare ?? new Line();
        spare = null;

        Write(line.Json, in logEntry, message);
        line.MoveTo(textWriter);

        if (line.IsSmall) spare = line;
    }

    void Write<TState>(Utf8JsonWriter json, in LogEntry<TState> entry, string? message)
    {
        json.WriteStartObject();
        json.WriteString("timestamp", time.GetUtcNow().ToString(TimestampFormat, CultureInfo.InvariantCulture));
        json.WriteString("level", entry.LogLevel switch
        {
            LogLevel.Trace => "trace",
            LogLevel.Debug => "debug",
            LogLevel.Information => "information",
            LogLevel.Warning => "warning",
            LogLevel.Error => "error",
            _ => "critical",
        });
        json.WriteString("category", entry.Category);
        json.WriteNumber("event_id", entry.EventId.Id);
        if (entry.EventId.Name is { } name) json.WriteString("event", name);
        json.WriteString("message", message);

        if (Activity.Current is { IdFormat: ActivityIdFormat.W3C } span)
        {
            json.WriteString("trace_id", span.TraceId.ToHexString());
            json.WriteString("span_id", span.SpanId.ToHexString());
        }

        if (entry.State is IReadOnlyList<KeyValuePair<string, object?>> { Count: > 0 } state) WriteState(json, state);
        if (entry.Exception is { } exception) WriteException(json, exception);
        json.WriteEndObject();
        json.Flush();
    }

    static void WriteState(Utf8JsonWriter json, IReadOnlyList<KeyValuePair<string, object?>> state)
    {
        json.WriteStartObject("state");
        for (var i = 0; i < state.Count; i++)
        {
            var (key, value) = state[i];
            if (key == "{OriginalFormat}" || IsRepeated(state, i)) continue;

            json.WritePropertyName(key);
            WriteValue(json, value);
        }

        json.WriteEndObject();
    }

    // A template may use a name twice, an object may not.
    static bool IsRepeated(IReadOnlyList<KeyValuePair<string, object?>> state, int index)
    {
        for (var i = 0; i < index; i++)
        {
            if (state[i].Key == state[index].Key) return true;
        }

        return false;
    }

    static void WriteValue(Utf8JsonWriter json, object? value)
    {
        switch (value)
        {
            case null: json.WriteNullValue(); break;
            case bool truth: json.WriteBooleanValue(truth); break;
            case int number: json.WriteNumberValue(number); break;
            case long number: json.WriteNumberValue(number); break;
            case double number when double.IsFinite(number): json.WriteNumberValue(number); break;
            case decimal number: json.WriteNumberValue(number); break;
            case DateTimeOffset moment: json.WriteStringValue(moment); break;
            case IEnumerable<string> texts:
                json.WriteStartArray();
                foreach (var text in texts) json.WriteStringValue(text);
                json.WriteEndArray();
                break;
            case IFormattable other: json.WriteStringValue(other.ToString(null, CultureInfo.InvariantCulture)); break;
            default: json.WriteStringValue(value.ToString()); break;
        }
    }

    static void WriteException(Utf8JsonWriter json, Exception exception)
    {
        json.WriteStartObject("exception");
        json.WriteString("type", exception.GetType().FullName);
        json.WriteString("message", exception.Message);
        json.WriteString("stacktrace", exception.ToString());
        json.WriteEndObject();
    }

    sealed class Line
    {
        const int Small = 16 * 1024;

        readonly ArrayBufferWriter<byte> bytes = new(1024);

        public Line() => Json = new Utf8JsonWriter(bytes, new JsonWriterOptions
        {
            // For log collectors, never for a web page.
            Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
            SkipValidation = true,
        });

        public Utf8JsonWriter Json { get; }

        public bool IsSmall => bytes.Capacity <= Small;

        public void MoveTo(TextWriter textWriter)
        {
            var text = ArrayPool<char>.Shared.Rent(bytes.WrittenCount + 1);
            var length = Encoding.UTF8.GetChars(bytes.WrittenSpan, text);
            text[length] = '\n';
            textWriter.Write(text, 0, length + 1);

            ArrayPool<char>.Shared.Return(text);
            bytes.ResetWrittenCount();
            Json.Reset();
        }
    }
}
