namespace Stet.Client.Pcs;

/// <summary>Times as an outbox holds them: microseconds since 1970, UTC.</summary>
static class OutboxTime
{
    static readonly long least = Of(DateTimeOffset.MinValue);
    static readonly long greatest = Of(DateTimeOffset.MaxValue);

    public static long Of(DateTimeOffset time) => (time - DateTimeOffset.UnixEpoch).Ticks / TimeSpan.TicksPerMicrosecond;

    /// <summary>The nearest time that .NET has.</summary>
    public static DateTimeOffset Read(long microseconds) =>
        DateTimeOffset.UnixEpoch.AddTicks(Math.Clamp(microseconds, least, greatest) * TimeSpan.TicksPerMicrosecond);
}
