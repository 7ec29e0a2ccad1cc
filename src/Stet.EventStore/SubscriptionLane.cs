using System.Collections.Concurrent;
using System.Threading.Channels;

namespace Stet.EventStore;

/// <summary>The tenants that one subscription has to look at, each in the queue once: every turn is one batch.</summary>
sealed class SubscriptionLane(ISubscription subscription)
{
    readonly Channel<string> queue = Channel.CreateUnbounded<string>();
    readonly ConcurrentDictionary<string, SubscriptionFailure> failures = new(StringComparer.Ordinal);

    /// <summary>Tenants in the queue or at work; true when there was another wish meanwhile.</summary>
    readonly Dictionary<string, bool> known = new(StringComparer.Ordinal);

    public ISubscription Subscription { get; } = subscription;

    public ICollection<SubscriptionFailure> Failures => failures.Values;

    public void Wish(string tenantId)
    {
        if (failures.ContainsKey(tenantId)) return;
        lock (known)
        {
            if (known.TryAdd(tenantId, false)) queue.Writer.TryWrite(tenantId);
            else known[tenantId] = true;
        }
    }

    public async ValueTask<string> NextAsync(CancellationToken cancel)
    {
        var tenantId = await queue.Reader.ReadAsync(cancel);
        lock (known) known[tenantId] = false;
        return tenantId;
    }

    /// <summary>Ends a tenant's turn; it gets another one, after everybody else's, if there is more to do.</summary>
    public void EndTurn(string tenantId, bool more)
    {
        lock (known)
        {
            if ((more || known[tenantId]) && !failures.ContainsKey(tenantId)) queue.Writer.TryWrite(tenantId);
            else known.Remove(tenantId);
        }
    }

    public void Stop(SubscriptionFailure failure) => failures[failure.TenantId] = failure;

    public void Retry()
    {
        foreach (var tenantId in failures.Keys)
        {
            failures.TryRemove(tenantId, out _);
            Wish(tenantId);
        }
    }
}
