using OpenTelemetry;
using OpenTelemetry.Metrics;

namespace Stet.Observability;

/// <summary>Collects the meters when somebody asks, one scrape at a time.</summary>
[ExportModes(ExportModes.Pull)]
public sealed class PrometheusExporter : BaseExporter<Metric>, IPullMetricExporter
{
    const int CollectLimitMilliseconds = 5_000;

    readonly SemaphoreSlim turn = new(1);
    readonly Dictionary<Metric, PrometheusFamily?> families = [];
    PrometheusWriter? writer;

    /// <summary>Set by the reader: runs the observable instruments and comes back to <see cref="Export"/>.</summary>
    public Func<int, bool>? Collect { get; set; }

    /// <summary>The metrics of this moment, for the caller to dispose; null when they could not be collected.</summary>
    public async Task<ScrapeBuffer?> ScrapeAsync(bool openMetrics, CancellationToken cancel)
    {
        await turn.WaitAsync(cancel);
        var buffer = new ScrapeBuffer();
        var complete = false;

        try
        {
            writer = new PrometheusWriter(buffer, openMetrics);
            complete = Collect?.Invoke(CollectLimitMilliseconds) ?? false;

            return complete ? buffer : null;
        }
        finally
        {
            writer = null;
            if (!complete) buffer.Dispose();
            turn.Release();
        }
    }

    public override ExportResult Export(in Batch<Metric> batch)
    {
        // Stopping collects once more, for exporters that push.
        if (writer is not { } target) return ExportResult.Success;

        target.WriteTarget(ParentProvider.GetResource());
        foreach (var metric in batch)
        {
            if (!families.TryGetValue(metric, out var family))
                families.Add(metric, family = PrometheusFamily.Of(metric));
            if (family is not null) target.Write(metric, family);
        }

        target.WriteEnd();
        return ExportResult.Success;
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing) turn.Dispose();
        base.Dispose(disposing);
    }
}
