using System.Security.Cryptography;
using Stet.EventStore;
using Stet.Observability;

namespace Stet.Pcs.Service;

/// <summary>Records submissions that were not authentic, but not so many that they fill the disk.</summary>
sealed class RefusalRecorder(Store store, RefusalThrottle throttle, PcsMetrics metrics)
{
    /// <summary>Records a refusal, unless there are too many.</summary>
    /// <returns>The problem, to be answered.</returns>
    /// <exception cref="StoreUnavailableException">It could not be recorded.</exception>
    public async Task<Problem> RecordAsync(
        HttpContext http, Tenant tenant, Problem problem, byte[] body, DateTimeOffset now)
    {
        var address = http.Connection.RemoteIpAddress?.ToString();
        if (throttle.Admit(tenant.Id, address, problem.Code, now) is not { } suppressed) return problem;

        PcsDocument.TryRead(body, out var document, out _);
        var refused = new PcsRefused(
            problem.Code, document?.PcsId, Convert.ToHexStringLower(SHA256.HashData(body)), body.Length, address, suppressed, now);
        try
        {
            await store.AppendAsync(
                tenant.Id, new EventMetadata("agent", TraceParent: TraceContext.ParentOf(http)),
                new StreamCommand<NoState>(PcsModule.RefusalState, tenant.StreamId("pcs_refusals"), (_, _) => [refused]),
                CancellationToken.None);
        }
        catch
        {
            metrics.NotRecorded(tenant.Id);
            throttle.NotRecorded(tenant.Id, suppressed + 1);
            throw;
        }

        return problem;
    }
}

/// <summary>
/// At most one refusal per tenant, address and code in ten seconds, and sixty per tenant in a minute, is recorded by one
/// instance; the next that is carries how many were not. It remembers those of a minute, so at most sixty per tenant.
/// </summary>
sealed class RefusalThrottle
{
    const int MostPerMinute = 60;

    static readonly TimeSpan perKey = TimeSpan.FromSeconds(10);
    static readonly TimeSpan perTenant = TimeSpan.FromMinutes(1);

    readonly System.Collections.Concurrent.ConcurrentDictionary<string, Recent> tenants = new(StringComparer.Ordinal);

    /// <summary>How many of the tenant's refusals were not recorded since the last that was; null: nor is this one.</summary>
    public long? Admit(string tenantId, string? address, string code, DateTimeOffset now)
    {
        var recent = tenants.GetOrAdd(tenantId, static _ => new Recent());
        lock (recent)
        {
            // What a clock that was ahead has dated is as old as the clock was wrong.
            while (recent.Recorded.TryPeek(out var oldest) && (now - oldest.At).Duration() >= perTenant) recent.Recorded.Dequeue();

            var isRepeated = recent.Recorded.Any(r => r.Address == address && r.Code == code && (now - r.At).Duration() < perKey);
            if (isRepeated || recent.Recorded.Count >= MostPerMinute)
            {
                recent.Suppressed++;
                return null;
            }

            recent.Recorded.Enqueue((now, address, code));
            var suppressed = recent.Suppressed;
            recent.Suppressed = 0;
            return suppressed;
        }
    }

    /// <summary>Refusals that were to be recorded were not: the next that is carries them too.</summary>
    public void NotRecorded(string tenantId, long refusals)
    {
        var recent = tenants.GetOrAdd(tenantId, static _ => new Recent());
        lock (recent) recent.Suppressed += refusals;
    }

    sealed class Recent
    {
        public Queue<(DateTimeOffset At, string? Address, string Code)> Recorded { get; } = new();

        public long Suppressed { get; set; }
    }
}
