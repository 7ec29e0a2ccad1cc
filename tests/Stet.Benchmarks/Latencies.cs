using System.Globalization;

namespace Stet.Benchmarks;

/// <summary>What a closed loop of callers measured.</summary>
/// <param name="Elapsed">From the first call to the last answer.</param>
/// <param name="Cpu">What this process used of the processors meanwhile.</param>
/// <param name="Sorted">How long each answer took, the shortest first.</param>
sealed record Latencies(TimeSpan Elapsed, TimeSpan Cpu, TimeSpan[] Sorted)
{
    public double PerSecond => Sorted.Length / Elapsed.TotalSeconds;

    /// <summary>The smallest latency that this share of the answers did not exceed (nearest rank).</summary>
    /// <param name="share">Above 0, at most 1.</param>
    public TimeSpan Percentile(double share) => Sorted[(int)Math.Ceiling(share * Sorted.Length) - 1];

    /// <summary>Tab-separated: answers, answers per second, p50 and p99 in milliseconds, CPU seconds.</summary>
    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture,
        $"{Sorted.Length}\t{PerSecond:F0}\t{Percentile(0.50).TotalMilliseconds:F3}\t{Percentile(0.99).TotalMilliseconds:F3}\t{Cpu.TotalSeconds:F2}");
}
