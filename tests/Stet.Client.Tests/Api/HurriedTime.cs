namespace Stet.Client.Tests.Api;

/// <summary>A clock on which every pause is over at once, and which remembers how long they would have been.</summary>
sealed class HurriedTime : TimeProvider
{
    readonly List<TimeSpan> pauses = [];

    public static DateTimeOffset Now { get; } = new(2026, 3, 2, 9, 0, 0, TimeSpan.Zero);

    public IReadOnlyList<TimeSpan> Pauses
    {
        get
        {
            lock (pauses) return [.. pauses];
        }
    }

    public override DateTimeOffset GetUtcNow() => Now;

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        lock (pauses) pauses.Add(dueTime);
        return base.CreateTimer(callback, state, TimeSpan.Zero, period);
    }
}
