using System.Net;
using System.Net.Sockets;
using System.Threading.RateLimiting;
using Stet.RateLimits;

namespace Stet.Pcs.Service;

/// <summary>
/// A token bucket per source address, spent before anything is verified, and one per tenant, spent only by authentic
/// submissions: who names a tenant cannot spend its budget. In this instance's memory.
/// </summary>
sealed class SubmissionLimits(PcsOptions options) : IDisposable
{
    readonly Limit<IPAddress> addresses = new("pcs_address", options.AddressPerSecond, options.AddressBurst);
    readonly Limit<string> tenants = new("pcs_tenant", options.TenantPerSecond, options.TenantBurst);

    /// <summary>Null: there is budget left; else the answer, whose headers are set.</summary>
    public Problem? SpendOfAddress(HttpContext http) =>
        addresses.Spend(http, Source(http.Connection.RemoteIpAddress), "this address");

    /// <inheritdoc cref="SpendOfAddress"/>
    public Problem? SpendOfTenant(HttpContext http, string tenantId) => tenants.Spend(http, tenantId, "this tenant");

    public void Dispose()
    {
        addresses.Dispose();
        tenants.Dispose();
    }

    // Whoever has one address of IPv6 has a /64.
    static IPAddress Source(IPAddress? address)
    {
        if (address is null) return IPAddress.None;
        if (address.IsIPv4MappedToIPv6) return address.MapToIPv4();
        if (address.AddressFamily != AddressFamily.InterNetworkV6) return address;

        Span<byte> bytes = stackalloc byte[16];
        address.TryWriteBytes(bytes, out _);
        bytes[8..].Clear();
        return new IPAddress(bytes);
    }

    sealed class Limit<TKey>(string name, double perSecond, int burst) : IDisposable
        where TKey : notnull
    {
        readonly string policy = $"\"{name}\";q={burst};w={(int)Math.Ceiling(burst / perSecond)}";

        readonly PartitionedRateLimiter<TKey> limiter = PartitionedRateLimiter.Create<TKey, TKey>(key =>
            RateLimitPartition.Get(key, _ => TokenBucket.Of(perSecond, burst)));

        public Problem? Spend(HttpContext http, TKey key, string who)
        {
            using var lease = limiter.AttemptAcquire(key);
            if (lease.IsAcquired) return null;

            var wait = lease.TryGetMetadata(MetadataName.RetryAfter, out var retryAfter) ? retryAfter : default;
            var seconds = Math.Max(1, (int)Math.Ceiling(wait.TotalSeconds));
            http.Response.Headers["RateLimit-Policy"] = policy;
            http.Response.Headers["RateLimit"] = $"\"{name}\";r=0;t={seconds}";
            return PcsProblems.RateLimited(who, seconds);
        }

        public void Dispose() => limiter.Dispose();
    }
}
