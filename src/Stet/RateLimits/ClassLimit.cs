using System.Threading.RateLimiting;
using Microsoft.Extensions.Primitives;

namespace Stet.RateLimits;

/// <summary>
/// The limit of one route class and its header values (draft-ietf-httpapi-ratelimit-headers-10). What remains is told
/// rounded down to a hundredth of the burst: all values exist before the first request, and none is made for one.
/// </summary>
sealed class ClassLimit
{
    const int Steps = 100;

    readonly StringValues[] remaining;
    readonly int step;

    public ClassLimit(string name, Rate rate)
    {
        Name = name;
        Rate = rate;
        // A full bucket is the quota, and the window is how long an empty one takes to fill.
        Policy = $"\"{name}\";q={rate.Burst};w={(rate.Burst + rate.PerSecond - 1) / rate.PerSecond}";
        NewBucket = _ => TokenBucket.Of(rate.PerSecond, rate.Burst);

        step = Math.Max(1, rate.Burst / Steps);
        remaining = [.. Enumerable.Range(0, (rate.Burst / step) + 1).Select(i => new StringValues($"\"{name}\";r={i * step}"))];
    }

    public string Name { get; }

    public Rate Rate { get; }

    public StringValues Policy { get; }

    /// <summary>Makes a tenant's bucket; one delegate for all, because the limiter asks for it with each request.</summary>
    public Func<TenantBucket, RateLimiter> NewBucket { get; }

    public StringValues Remaining(long permits) => remaining[Math.Clamp(permits / step, 0, remaining.Length - 1)];
}

/// <param name="TenantId">Whose.</param>
/// <param name="Class">Of which requests.</param>
/// <param name="IsPublic">Whether it is that of the readers of what the tenant has opened to everybody.</param>
readonly record struct TenantBucket(string TenantId, RouteClass Class, bool IsPublic);
