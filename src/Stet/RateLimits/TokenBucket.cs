using System.Threading.RateLimiting;

namespace Stet.RateLimits;

/// <summary>A bucket of a partitioned limiter.</summary>
static class TokenBucket
{
    public static TokenBucketRateLimiter Of(double perSecond, int burst) => new(new TokenBucketRateLimiterOptions
    {
        TokenLimit = burst,
        TokensPerPeriod = 1,
        ReplenishmentPeriod = TimeSpan.FromSeconds(1 / perSecond),
        QueueLimit = 0,
        // The partitioned limiter refills all its buckets on one timer.
        AutoReplenishment = false,
    });
}
