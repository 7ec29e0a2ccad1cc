using System.Diagnostics.Metrics;

namespace Stet.Audit;

static class AuditMetrics
{
    static readonly Meter Meter = new("Stet");

    public static readonly Histogram<long> Unsigned = Meter.CreateHistogram<long>(
        "stet.audit.unsigned", "{event}", "Events that a checkpoint did not cover when it was served.",
        advice: new() { HistogramBucketBoundaries = [0, 1, 10, 100, 1_000, 10_000] });

    public static readonly Histogram<double> CheckpointAge = Meter.CreateHistogram<double>(
        "stet.audit.checkpoint.age", "s", "Age of a checkpoint's guard row when it was served.",
        advice: new() { HistogramBucketBoundaries = [0.05, 0.1, 0.2, 1, 60, 3_600, 86_400] });

    public static readonly UpDownCounter<int> Frozen = Meter.CreateUpDownCounter<int>(
        "stet.audit.frozen", "{log}", "Logs that sign nothing any more: alarm.");

    public static readonly Counter<long> GuardConflicts = Meter.CreateCounter<long>(
        "stet.audit.guard.conflicts", "{conflict}", "Sizes that another instance, too, was about to sign.");

    public static readonly Counter<long> RestoreRefused = Meter.CreateCounter<long>(
        "stet.audit.restore.refused", "{log}", "Logs that are not what was signed before.");

    public static readonly Counter<long> TileReads = Meter.CreateCounter<long>(
        "stet.audit.tile.reads", "{tile}", "Tiles and bundles that were read from the database.");

    public static readonly Histogram<double> ProofDuration = Meter.CreateHistogram<double>(
        "stet.audit.proof.duration", "s", "Time to read and make a proof.",
        advice: new() { HistogramBucketBoundaries = [0.001, 0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5, 1] });
}
