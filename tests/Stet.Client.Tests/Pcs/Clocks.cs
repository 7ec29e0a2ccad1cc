using System.Collections.Concurrent;
using Stet.Client.Pcs;

namespace Stet.Client.Tests.Pcs;

/// <summary>A clock that is a microsecond later whenever somebody looks.</summary>
sealed class TickingClock(DateTimeOffset start) : TimeProvider
{
    long ticks = start.UtcTicks - TimeSpan.TicksPerMicrosecond;

    public override DateTimeOffset GetUtcNow() => new(Interlocked.Add(ref ticks, TimeSpan.TicksPerMicrosecond), TimeSpan.Zero);
}

/// <summary>
/// A clock on which every delay has passed as soon as it begins. Nobody waits in vain for an answer on it, unless
/// <paramref name="losesPatience"/>.
/// </summary>
sealed class HastyClock(bool losesPatience = false) : TimeProvider
{
    long ticks = new DateTimeOffset(2026, 3, 2, 9, 0, 0, TimeSpan.Zero).UtcTicks;

    /// <summary>The delays so far, in the order in which they began.</summary>
    public ConcurrentQueue<TimeSpan> Delays { get; } = new();

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public override DateTimeOffset GetUtcNow() => new(Interlocked.Read(ref ticks), TimeSpan.Zero);

    public override long GetTimestamp() => Interlocked.Read(ref ticks);

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var isPatience = dueTime == PcsEndpoint.Patience;
        if (dueTime != Timeout.InfiniteTimeSpan && (!isPatience || losesPatience))
        {
            if (!isPatience) Delays.Enqueue(dueTime);
            Interlocked.Add(ref ticks, dueTime.Ticks);
            ThreadPool.QueueUserWorkItem(_ => callback(state));
        }

        return new DeadTimer();
    }
}

/// <summary>A clock that stands still: nothing that waits on it ever has waited long enough.</summary>
sealed class StillClock : TimeProvider
{
    public override long GetTimestamp() => 0;

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) => new DeadTimer();
}

sealed class DeadTimer : ITimer
{
    public bool Change(TimeSpan dueTime, TimeSpan period) => true;

    public void Dispose()
    {
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
