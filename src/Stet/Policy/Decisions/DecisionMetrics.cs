using System.Diagnostics;
using System.Diagnostics.Metrics;

namespace Stet.Policy.Decisions;

/// <summary>What decisions show of themselves. How long one took is no part of its event: no replay could reproduce it.</summary>
static class DecisionMetrics
{
    static readonly Meter meter = new("Stet");

    static readonly Histogram<double> duration = meter.CreateHistogram<double>(
        "stet.policy.decision.duration", "s", "From a question to its answer, which is on record by then; each item of a batch as the whole.",
        advice: new() { HistogramBucketBoundaries = [0.001, 0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5, 1, 5] });

    /// <summary>A decision was recorded and goes out.</summary>
    /// <param name="kind">Its class.</param>
    /// <param name="since">When the question came, as <see cref="Stopwatch.GetTimestamp"/> has it.</param>
    public static void Answered(DecisionClass kind, long since) => duration.Record(
        Stopwatch.GetElapsedTime(since).TotalSeconds,
        new KeyValuePair<string, object?>("class", kind.Name()));
}
