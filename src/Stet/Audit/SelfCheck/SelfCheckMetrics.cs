using System.Diagnostics.Metrics;

namespace Stet.Audit.SelfCheck;

/// <summary>What the background sweep shows of itself.</summary>
sealed class SelfCheckMetrics
{
    readonly TimeProvider clock;
    readonly Lock gate = new();
    (DateTime? Oldest, long Missing, long Altered) summary;
    long position;

    public SelfCheckMetrics(IMeterFactory meters, SelfCheckOptions options, TimeProvider clock)
    {
        this.clock = clock;
        var meter = meters.Create("Stet");
        meter.CreateObservableGauge(
            "stet.audit.selfcheck.position", () => Volatile.Read(ref position), "{position}", "How far the sweep under way has come in its log.");
        meter.CreateObservableGauge(
            "stet.audit.selfcheck.age", Age, "s", "Since the log that waits longest was checked to its end, or began.");
        meter.CreateObservableGauge(
            "stet.audit.selfcheck.interval", () => options.Interval.TotalSeconds, "s", "How often every log is to be checked.");
        meter.CreateObservableGauge(
            "stet.audit.selfcheck.findings", Findings, "{position}", "Positions that are missing or altered, by each log's last sweep.");
    }

    /// <summary>The sweep under way has reached a position; 0 when none is.</summary>
    public void Reached(long newPosition) => Volatile.Write(ref position, newPosition);

    /// <summary>The state of all logs has been read.</summary>
    public void Summarize((DateTime? Oldest, long Missing, long Altered) newSummary)
    {
        lock (gate) summary = newSummary;
    }

    double Age()
    {
        lock (gate) return summary.Oldest is { } oldest ? Math.Max(0, (clock.GetUtcNow().UtcDateTime - oldest).TotalSeconds) : 0;
    }

    IEnumerable<Measurement<long>> Findings()
    {
        lock (gate)
        {
            return
            [
                new(summary.Missing, new KeyValuePair<string, object?>("class", "missing")),
                new(summary.Altered, new KeyValuePair<string, object?>("class", "altered")),
            ];
        }
    }
}
