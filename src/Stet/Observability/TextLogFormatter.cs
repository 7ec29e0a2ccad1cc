using System.Diagnostics;
using System.Globalization;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Logging.Console;

namespace Stet.Observability;

/// <summary>
/// <c>12:34:56.789 warn Category: message [trace id]</c>, the time in UTC; an exception follows, indented.
/// </summary>
public sealed class TextLogFormatter(TimeProvider time) : ConsoleFormatter(FormatName)
{
    public const string FormatName = "stet-text";

    public override void Write<TState>(
        in LogEntry<TState> logEntry, IExternalScopeProvider? scopeProvider, TextWriter textWriter)
    {
        textWriter.Write(time.GetUtcNow().ToString("HH:mm:ss.fff", CultureInfo.InvariantCulture));
        textWriter.Write(logEntry.LogLevel switch
        {
            LogLevel.Trace => " trce ",
            LogLevel.Debug => " dbug ",
            LogLevel.Information => " info ",
            LogLevel.Warning => " warn ",
            LogLevel.Error => " fail ",
            _ => " crit ",
        });
        textWriter.Write(logEntry.Category);
        textWriter.Write(": ");
        WriteVisible(textWriter, logEntry.Formatter(logEntry.State, logEntry.Exception));

        if (Activity.Current is { IdFormat: ActivityIdFormat.W3C } span)
        {
            textWriter.Write(" [");
            textWriter.Write(span.TraceId.ToHexString());
            textWriter.Write(']');
        }

        textWriter.Write('\n');
        if (logEntry.Exception is not { } exception) return;

        foreach (var line in exception.ToString().AsSpan().EnumerateLines())
        {
            textWriter.Write("    ");
            WriteVisible(textWriter, line);
            textWriter.Write('\n');
        }
    }

    // Input that is quoted in a message could otherwise forge lines or drive the terminal.
    static void WriteVisible(TextWriter textWriter, ReadOnlySpan<char> text)
    {
        foreach (var c in text) textWriter.Write(char.IsControl(c) ? ' ' : c);
    }
}
