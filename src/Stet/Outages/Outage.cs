namespace Stet.Outages;

/// <summary>A time in which no instance of the service could take a heartbeat.</summary>
/// <param name="StartedAt">The last sign of life of any instance.</param>
/// <param name="EndedAt">The next start.</param>
public sealed record Outage(DateTimeOffset StartedAt, DateTimeOffset EndedAt)
{
    /// <summary>The time from one moment to another in which the service was there.</summary>
    public static TimeSpan TimeOutside(IEnumerable<Outage> outages, DateTimeOffset from, DateTimeOffset to)
    {
        var outside = TimeSpan.Zero;
        foreach (var outage in outages.OrderBy(o => o.StartedAt))
        {
            if (outage.EndedAt <= from || outage.StartedAt >= to) continue;

            if (outage.StartedAt > from) outside += outage.StartedAt - from;
            from = outage.EndedAt;
        }

        return to > from ? outside + (to - from) : outside;
    }
}
