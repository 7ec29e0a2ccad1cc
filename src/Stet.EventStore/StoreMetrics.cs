using System.Diagnostics.Metrics;
using Microsoft.Extensions.Logging;

namespace Stet.EventStore;

static class StoreMetrics
{
    public const string MeterName = "Stet.EventStore";

    public static readonly Meter Meter = new(MeterName);

    public static readonly Histogram<int> BatchSize = Meter.CreateHistogram<int>(
        "stet.store.batch.size", "{command}", "Commands decided in one transaction.",
        advice: new() { HistogramBucketBoundaries = [1, 2, 4, 8, 16, 32, 64, 128, 256, 512] });

    public static readonly Histogram<double> BatchDuration = Meter.CreateHistogram<double>(
        "stet.store.batch.duration", "s", "From taking a batch off the queue to its answers.",
        advice: new() { HistogramBucketBoundaries = [0.0005, 0.001, 0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5, 1, 5, 10] });

    public static readonly UpDownCounter<int> Waiting = Meter.CreateUpDownCounter<int>(
        "stet.store.waiting", "{command}", "Commands that wait for the writer.");

    public static readonly Gauge<double> Ahead = Meter.CreateGauge<double>(
        "stet.store.ahead", "s", "How far the newest event was ahead of the clock at the last batch.");

    public static readonly Counter<long> Commands = Meter.CreateCounter<long>(
        "stet.store.commands", "{command}", "Commands answered, by outcome.");
}

static partial class StoreLog
{
    [LoggerMessage(1, LogLevel.Warning, "The database did not answer, trying again: {Reason}")]
    public static partial void Retrying(ILogger logger, string reason);

    [LoggerMessage(2, LogLevel.Error, "Nothing can be written: {Reason}; commands are refused until it can")]
    public static partial void Unavailable(ILogger logger, string reason, Exception e);

    [LoggerMessage(3, LogLevel.Information, "Commands are written again")]
    public static partial void Recovered(ILogger logger);

    [LoggerMessage(4, LogLevel.Warning, "A batch of {Count} requests failed and is tried in halves: {Reason}")]
    public static partial void Halving(ILogger logger, int count, string reason);

    [LoggerMessage(5, LogLevel.Warning, "The newest event is {Seconds} s ahead of this clock: this one is behind, or another was ahead; times stand still until it has caught up")]
    public static partial void Ahead(ILogger logger, long seconds);
}
