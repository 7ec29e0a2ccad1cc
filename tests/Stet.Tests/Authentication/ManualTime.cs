namespace Stet.Tests.Authentication;

/// <summary>A clock that stands still until it is moved.</summary>
sealed class ManualTime(DateTimeOffset now) : TimeProvider
{
    long ticks = now.UtcTicks;

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public override DateTimeOffset GetUtcNow() => new(GetTimestamp(), TimeSpan.Zero);

    public override long GetTimestamp() => Interlocked.Read(ref ticks);

    public void Advance(TimeSpan by) => Interlocked.Add(ref ticks, by.Ticks);
}
