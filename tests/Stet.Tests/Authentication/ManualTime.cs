namespace Stet.Tests.Authentication;

/// <summary>A clock that stands still until it is moved.</summary>
sealed class ManualTime(DateTimeOffset now) : TimeProvider
{
    DateTimeOffset now = now;

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public override DateTimeOffset GetUtcNow() => now;

    public override long GetTimestamp() => now.UtcTicks;

    public void Advance(TimeSpan by) => now += by;
}
