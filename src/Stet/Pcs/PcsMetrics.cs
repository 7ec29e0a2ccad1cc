using System.Collections.Concurrent;
using System.Diagnostics.Metrics;

namespace Stet.Pcs.Service;

/// <summary>
/// Counters under the names that existing dashboards know. Prometheus appends <c>_total</c> to a counter: what has to
/// appear without it is an up-down counter that only goes up.
/// </summary>
sealed class PcsMetrics
{
    static readonly double[] milliseconds = [0.1, 0.25, 0.5, 1, 2.5, 5, 10, 15, 25, 50, 100, 250, 1_000, 5_000];

    readonly ConcurrentDictionary<string, KeyValuePair<string, object?>> tenantTags = new(StringComparer.Ordinal);
    readonly Counter<long> ingestTotal;
    readonly UpDownCounter<long> ingestByTenant;
    readonly Pair accepted;
    readonly Pair escalated;
    readonly Pair duplicates;
    readonly Pair signatureErrors;
    readonly Pair appendErrors;
    readonly UpDownCounter<long> quotaExceeded;
    readonly Counter<long> refused;
    readonly UpDownCounter<long> duplicatesByStatus;
    readonly Histogram<double> verifyLatency;
    readonly Histogram<double> commitLatency;

    public PcsMetrics(IMeterFactory meters)
    {
        var meter = meters.Create("Stet");
        ingestTotal = meter.CreateCounter<long>("flk_ingest_total", null, "Submissions of an existing tenant.");
        ingestByTenant = meter.CreateUpDownCounter<long>("flk_ingest_total_by_tenant", null, "Submissions of a tenant.");
        accepted = new Pair(meter, "flk_accepted", "Documents accepted, first verdicts only.");
        escalated = new Pair(meter, "flk_escalated", "Documents escalated, first verdicts only.");
        duplicates = new Pair(meter, "flk_dedup_hits", "Submissions that got the first answer again.");
        signatureErrors = new Pair(meter, "flk_signature_errors", "Submissions whose signature was refused.");
        appendErrors = new Pair(meter, "flk_wal_errors", "Submissions that could not be recorded.");
        quotaExceeded = meter.CreateUpDownCounter<long>(
            "flk_quota_exceeded_by_tenant", null, "Authentic submissions beyond the tenant's rate.");
        refused = meter.CreateCounter<long>("flk_refused_total", null, "Submissions refused.");
        duplicatesByStatus = meter.CreateUpDownCounter<long>(
            "flk_dedup_hits_by_status", null, "Submissions that got the first answer again, by its status.");
        verifyLatency = meter.CreateHistogram<double>(
            "flk_verify_latency_ms", null, "From the first byte to the answer, milliseconds.",
            advice: new() { HistogramBucketBoundaries = milliseconds });
        commitLatency = meter.CreateHistogram<double>(
            "flk_commit_latency_ms", null, "From the decision to record to the commit, milliseconds.",
            advice: new() { HistogramBucketBoundaries = milliseconds });
    }

    /// <summary>Begins series at zero, once telemetry listens: one that begins with its first count hides that one from whoever watches how it grows.</summary>
    public void Begin()
    {
        ingestTotal.Add(0);
        foreach (var pair in (Pair[])[accepted, escalated, duplicates, signatureErrors, appendErrors]) pair.Begin();
        refused.Add(0, new KeyValuePair<string, object?>("code", Equivocations.Code));
    }

    public void Ingested(string tenantId)
    {
        ingestTotal.Add(1);
        ingestByTenant.Add(1, Tag(tenantId));
    }

    public void Recorded(string tenantId, bool isEscalated) => (isEscalated ? escalated : accepted).Add(Tag(tenantId));

    public void Duplicate(string tenantId, int status)
    {
        duplicates.Add(Tag(tenantId));
        duplicatesByStatus.Add(1, new KeyValuePair<string, object?>("status", status));
    }

    public void SignatureRefused(string tenantId) => signatureErrors.Add(Tag(tenantId));

    public void NotRecorded(string tenantId) => appendErrors.Add(Tag(tenantId));

    public void QuotaExceeded(string tenantId) => quotaExceeded.Add(1, Tag(tenantId));

    public void Refused(string code) => refused.Add(1, new KeyValuePair<string, object?>("code", code));

    public void Answered(TimeSpan elapsed) => verifyLatency.Record(elapsed.TotalMilliseconds);

    public void Committed(TimeSpan elapsed) => commitLatency.Record(elapsed.TotalMilliseconds);

    KeyValuePair<string, object?> Tag(string tenantId) =>
        tenantTags.GetOrAdd(tenantId, static id => new KeyValuePair<string, object?>("tenant_id", id));

    readonly struct Pair
    {
        readonly UpDownCounter<long> all;
        readonly UpDownCounter<long> byTenant;

        public Pair(Meter meter, string name, string help)
        {
            all = meter.CreateUpDownCounter<long>(name, null, help);
            byTenant = meter.CreateUpDownCounter<long>($"{name}_by_tenant", null, help);
        }

        public void Begin() => all.Add(0);

        public void Add(KeyValuePair<string, object?> tenant)
        {
            all.Add(1);
            byTenant.Add(1, tenant);
        }
    }
}
