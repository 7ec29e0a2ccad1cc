namespace Stet;

/// <summary>Time as events and the database keep it.</summary>
static class Microseconds
{
    /// <summary>The clock's time, cut to microseconds.</summary>
    public static DateTimeOffset GetMicroseconds(this TimeProvider clock)
    {
        var now = clock.GetUtcNow();
        return now.AddTicks(-(now.Ticks % TimeSpan.TicksPerMicrosecond));
    }
}
