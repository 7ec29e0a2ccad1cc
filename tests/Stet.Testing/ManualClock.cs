namespace Stet.Testing;

/// <summary>A clock that stands still until a test moves it. Timers run on real time.</summary>
public sealed class ManualClock(DateTimeOffset now) : TimeProvider
{
    readonly Lock gate = new();
    DateTimeOffset now = now;

    /// <summary>Stands at 2026-03-02T09:00:00Z, a Monday.</summary>
    public ManualClock() : this(new DateTimeOffset(2026, 3, 2, 9, 0, 0, TimeSpan.Zero))
    {
    }

    public override DateTimeOffset GetUtcNow()
    {
        lock (gate) return now;
    }

    /// <summary>Moves the clock, backwards when the span is negative.</summary>
    public void Advance(TimeSpan by)
    {
        lock (gate) now += by;
    }
}
