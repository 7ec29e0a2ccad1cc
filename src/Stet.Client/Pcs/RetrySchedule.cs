namespace Stet.Client.Pcs;

/// <summary>When a document is sent again: five times, each pause about twice as long as the one before.</summary>
static class RetrySchedule
{
    /// <summary>After the first attempt.</summary>
    public const int Retries = 5;

    /// <summary>However long the service asks to wait.</summary>
    public static readonly TimeSpan Longest = TimeSpan.FromHours(1);

    static readonly TimeSpan first = TimeSpan.FromSeconds(1);
    static readonly TimeSpan ceiling = TimeSpan.FromSeconds(60);

    /// <summary>The pause before retry <paramref name="retry"/>, from 0, half to one and a half times as long as planned.</summary>
    public static TimeSpan Pause(int retry, Random random) => Jitter(TimeSpan.FromTicks(
        Math.Min(ceiling.Ticks, first.Ticks << Math.Min(retry, 30))), random);

    /// <summary>The pause between two attempts to reach an endpoint that does not answer.</summary>
    public static TimeSpan Probe(Random random) => Jitter(ceiling, random);

    static TimeSpan Jitter(TimeSpan pause, Random random) => pause * (0.5 + random.NextDouble());
}
