namespace Stet.Client.Api;

/// <summary>How patiently a client repeats what failed in passing: 429, 502, 503, 504 and connections that broke.</summary>
/// <remarks>
/// Before attempt n + 1 it waits <c>FirstPause × 2ⁿ⁻¹</c> times a random factor of 0.5 to 1.5, at most
/// <see cref="LongestPause"/>, and never less than a <c>Retry-After</c> asks for.
/// </remarks>
public sealed record StetClientOptions
{
    /// <summary>How often a request is sent at most, the first time included; 1: never again. Default 5.</summary>
    public int MaxAttempts { get; init => field = value >= 1 ? value : throw new ArgumentOutOfRangeException(nameof(value), "must be at least 1"); } = 5;

    /// <summary>The pause after the first attempt, before chance has changed it. Default 200 ms.</summary>
    public TimeSpan FirstPause { get; init => field = Positive(value); } = TimeSpan.FromMilliseconds(200);

    /// <summary>
    /// The longest pause. An answer whose <c>Retry-After</c> asks for more is given to the caller at once, in
    /// <see cref="StetException.RetryAfter"/>. Default 30 s.
    /// </summary>
    public TimeSpan LongestPause { get; init => field = Positive(value); } = TimeSpan.FromSeconds(30);

    static TimeSpan Positive(TimeSpan value) =>
        value > TimeSpan.Zero ? value : throw new ArgumentOutOfRangeException(nameof(value), "must be positive");
}
