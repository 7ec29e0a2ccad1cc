using System.Threading.RateLimiting;
using Microsoft.AspNetCore.RateLimiting;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Primitives;
using Stet.Authentication;

namespace Stet.RateLimits;

/// <summary>
/// One token bucket per tenant and route class, and one for all readers of a tenant's public log, in this instance's
/// memory. The framework drops a bucket once it has been full for ten seconds (<see cref="RateLimiter.IdleDuration"/>), so
/// there are never more buckets than tenants who were asked for something within the last ten seconds and the time their
/// bucket takes to fill.
/// </summary>
sealed class TenantRateLimits : IDisposable
{
    readonly Dictionary<RouteClass, ClassLimit> classes;

    public TenantRateLimits(IOptions<RateLimitOptions> options)
    {
        classes = new()
        {
            [RouteClass.Read] = new ClassLimit("read", options.Value.Read),
            [RouteClass.Write] = new ClassLimit("write", options.Value.Write),
            [RouteClass.Admin] = new ClassLimit("admin", options.Value.Admin),
        };
        Limiter = PartitionedRateLimiter.Create<HttpContext, TenantBucket>(context =>
            TryGetBucket(context, out var bucket)
                ? RateLimitPartition.Get(bucket, classes[bucket.Class].NewBucket)
                : RateLimitPartition.GetNoLimiter(bucket));
    }

    public PartitionedRateLimiter<HttpContext> Limiter { get; }

    /// <summary>Puts <c>RateLimit-Policy</c> and <c>RateLimit</c> on the response to a request let through.</summary>
    public void Announce(HttpContext context)
    {
        if (!TryGetBucket(context, out var bucket)) return;

        var limit = classes[bucket.Class];
        Announce(context, limit, limit.Remaining(Limiter.GetStatistics(context)?.CurrentAvailablePermits ?? 0));
    }

    public async ValueTask RefuseAsync(OnRejectedContext rejected, CancellationToken cancel)
    {
        var context = rejected.HttpContext;
        if (!TryGetBucket(context, out var bucket)) return;

        var wait = rejected.Lease.TryGetMetadata(MetadataName.RetryAfter, out var retryAfter) ? retryAfter : default;
        var seconds = Math.Max(1, (int)Math.Ceiling(wait.TotalSeconds));

        var limit = classes[bucket.Class];
        Announce(context, limit, $"\"{limit.Name}\";r=0;t={seconds}");
        await Problems.WriteAsync(context, Limited(limit, bucket, seconds));
    }

    public void Dispose() => Limiter.Dispose();

    static void Announce(HttpContext context, ClassLimit limit, StringValues remaining)
    {
        context.Response.Headers["RateLimit-Policy"] = limit.Policy;
        context.Response.Headers["RateLimit"] = remaining;
    }

    static Problem Limited(ClassLimit limit, TenantBucket bucket, int seconds) => new(
        Code: "rate_limited", Status: 429, Title: "Too many requests",
        Detail: $"{(bucket.IsPublic ? "all readers of this public log" : "this tenant")} may send {limit.Rate.PerSecond} `{limit.Name}` requests a second, "
            + $"{limit.Rate.Burst} at once; wait and send fewer")
    {
        RetryAfterSeconds = seconds,
    };

    static bool TryGetBucket(HttpContext context, out TenantBucket bucket)
    {
        bucket = default;
        if (context.Features.Get<Caller>() is not { } caller
            || context.GetEndpoint()?.Metadata.GetMetadata<RequiredPermission>() is not { } required)
            return false;

        bucket = new TenantBucket(caller.TenantId, RouteClasses.Of(required), caller.IsAnybody);
        return true;
    }
}
