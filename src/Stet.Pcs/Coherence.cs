using System.Buffers;
using System.Runtime.InteropServices;

namespace Stet.Pcs;

/// <summary>coh★: the largest share of points in one bin of a projection, over random directions.</summary>
/// <param name="CohStar">0 to 1, rounded to nine decimals.</param>
/// <param name="VStar">The direction that reached it, not rounded; (1,0,0) if none, (0,0,0) without points.</param>
[StructLayout(LayoutKind.Auto)]
public readonly record struct Coherence(double CohStar, Direction VStar)
{
    /// <summary>How many directions agents draw.</summary>
    public const int DefaultDirections = 100;

    /// <summary>Into how many bins agents cut a projection.</summary>
    public const int DefaultBins = 20;

    // A projection that is shorter holds all points in one bin.
    const double LeastLength = 1e-9;

    /// <summary>Measures the coherence.</summary>
    /// <param name="points">With finite coordinates.</param>
    /// <param name="seed">Of the random directions.</param>
    /// <param name="directions">How many to draw, at least 0.</param>
    /// <param name="bins">How many there are, at least 1.</param>
    /// <param name="progress">Told after each direction how many are done; null: nobody is.</param>
    /// <param name="cancel">Ends the work between two directions.</param>
    /// <exception cref="OperationCanceledException">The work was ended.</exception>
    public static Coherence Measure(
        ReadOnlySpan<Point> points, uint seed, int directions = DefaultDirections, int bins = DefaultBins,
        IProgress<int>? progress = null, CancellationToken cancel = default)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(directions);
        ArgumentOutOfRangeException.ThrowIfLessThan(bins, 1);
        if (points.IsEmpty) return default;

        var random = new MersenneTwister(seed);
        var (best, vStar) = (0.0, new Direction(1, 0, 0));
        var projections = ArrayPool<double>.Shared.Rent(points.Length);
        try
        {
            for (var done = 0; done < directions; done++)
            {
                cancel.ThrowIfCancellationRequested();
                var direction = Draw(random);
                var share = LargestShare(points, direction, projections.AsSpan(0, points.Length), bins);
                if (share > best) (best, vStar) = (share, direction);
                progress?.Report(done + 1);
            }
        }
        finally
        {
            ArrayPool<double>.Shared.Return(projections);
        }

        return new Coherence(Rounding.Scaled(best), vStar);
    }

    static Direction Draw(MersenneTwister random)
    {
        var (x, y, z) = (random.NextNormal(), random.NextNormal(), random.NextNormal());
        var length = Math.Sqrt((x * x) + (y * y) + (z * z));
        return new Direction(x / length, y / length, z / length);
    }

    static double LargestShare(ReadOnlySpan<Point> points, Direction direction, Span<double> projections, int bins)
    {
        var (low, high) = (double.PositiveInfinity, double.NegativeInfinity);
        for (var i = 0; i < points.Length; i++)
        {
            var projection = (points[i].X * direction.X) + (points[i].Y * direction.Y) + (points[i].Z * direction.Z);
            projections[i] = projection;
            low = Math.Min(low, projection);
            high = Math.Max(high, projection);
        }

        if (high - low < LeastLength) return 1;

        var counts = new long[bins];
        var edges = Edges(low, high, bins);
        var scale = bins / (high - low);
        foreach (var projection in projections) counts[Bin(projection, low, scale, edges)]++;

        return (double)counts.Max() / points.Length;
    }

    static double[] Edges(double low, double high, int bins)
    {
        var step = (high - low) / bins;
        var edges = new double[bins + 1];
        for (var i = 0; i < bins; i++) edges[i] = (i * step) + low;
        edges[bins] = high;
        return edges;
    }

    /// <summary>By division, then put right where that misses an edge by a rounding error.</summary>
    static int Bin(double projection, double low, double scale, double[] edges)
    {
        var last = edges.Length - 2;
        var bin = Math.Clamp((int)((projection - low) * scale), 0, last);

        if (projection < edges[bin]) return bin - 1;
        return bin != last && projection >= edges[bin + 1] ? bin + 1 : bin;
    }
}
