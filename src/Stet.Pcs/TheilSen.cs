namespace Stet.Pcs;

/// <summary>D̂: the median of the slopes of log₂ N_j over log₂ scale (Theil-Sen).</summary>
public static class TheilSen
{
    // Scales closer than this, in log₂, give no slope.
    const double LeastDistance = 1e-9;

    /// <summary>The dimension, rounded to nine decimals.</summary>
    /// <param name="scales">At most 64, each scale and count at least 1.</param>
    /// <param name="version">
    /// For an even number of slopes 0.1 takes the upper of the two middle ones, 1.0 their mean.
    /// </param>
    /// <returns>0 where no two scales are far enough apart for a slope.</returns>
    /// <exception cref="ArgumentOutOfRangeException">There are more scales.</exception>
    public static double DHat(ReadOnlySpan<ScaleCount> scales, PcsVersion version)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(scales.Length, RawDocument.MaxScales, nameof(scales));

        Span<double> xs = stackalloc double[scales.Length];
        Span<double> ys = stackalloc double[scales.Length];
        for (var i = 0; i < scales.Length; i++)
            (xs[i], ys[i]) = (Math.Log2(scales[i].Scale), Math.Log2(scales[i].Count));

        Span<double> slopes = stackalloc double[scales.Length * (scales.Length - 1) / 2];
        var count = 0;
        for (var i = 0; i < xs.Length; i++)
        {
            for (var j = i + 1; j < xs.Length; j++)
            {
                if (Math.Abs(xs[j] - xs[i]) < LeastDistance) continue;
                slopes[count++] = (ys[j] - ys[i]) / (xs[j] - xs[i]);
            }
        }

        if (count == 0) return 0;

        slopes = slopes[..count];
        slopes.Sort();
        var upper = slopes[count / 2];
        var isMean = version == PcsVersion.V10 && count % 2 == 0;
        var median = isMean ? (slopes[(count / 2) - 1] + upper) / 2 : upper;
        return Rounding.Exact(median) + 0.0; // a zero has no sign
    }
}
