using System.Diagnostics.Tracing;

namespace Stet.Observability;

/// <summary>Logs when exports of telemetry begin to fail, and when they work again: the SDK tells only those who listen.</summary>
sealed partial class ExportWatch(ILogger logger) : EventListener
{
    const string Exporter = "OpenTelemetry-Exporter-OpenTelemetryProtocol";
    const int LongestReason = 300;

    int isFailing;

    protected override void OnEventSourceCreated(EventSource eventSource)
    {
        if (eventSource.Name == Exporter) EnableEvents(eventSource, EventLevel.Informational);
    }

    protected override void OnEventWritten(EventWrittenEventArgs eventData)
    {
        if (eventData.EventSource.Name != Exporter) return;

        if (eventData.Level is EventLevel.Error or EventLevel.Critical)
        {
            if (Interlocked.Exchange(ref isFailing, 1) == 0) Fails(logger, Reason(eventData));
        }
        else if (eventData.EventName == "ExportSuccess" && Interlocked.Exchange(ref isFailing, 0) == 1)
            Works(logger);
    }

    /// <summary>The first line of the exception, which comes after the address.</summary>
    static string Reason(EventWrittenEventArgs failure)
    {
        var text = failure.Payload?.OfType<string>().LastOrDefault() ?? failure.EventName ?? "";
        var line = text.Split('\n')[0].Trim();
        return line.Length <= LongestReason ? line : line[..LongestReason];
    }

    [LoggerMessage(113, LogLevel.Warning, "Metrics and traces do not reach the collector: {Reason}. Serving goes on; see Observability:OtlpEndpoint and OTEL_EXPORTER_OTLP_PROTOCOL.")]
    static partial void Fails(ILogger logger, string reason);

    [LoggerMessage(114, LogLevel.Warning, "Metrics and traces reach the collector again")]
    static partial void Works(ILogger logger);
}
