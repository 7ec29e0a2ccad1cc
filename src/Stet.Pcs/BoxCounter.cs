namespace Stet.Pcs;

/// <summary>
/// Counts occupied cells at several scales while points stream by: only the cells are kept, never the points.
/// </summary>
/// <remarks>At scale s a point lies in cell (⌊s·x⌋, ⌊s·y⌋, ⌊s·z⌋); data is neither shifted nor normalised.</remarks>
public sealed class BoxCounter
{
    /// <summary>The scales that agents use unless told otherwise: 2, 4, 8, 16 cells per unit.</summary>
    public static ValueList<long> DefaultScales { get; } = [2, 4, 8, 16];

    readonly long[] scales;
    readonly CellSet[] cells;

    /// <param name="scales">Cells per unit, each at least 1; repeats are kept.</param>
    /// <exception cref="ArgumentOutOfRangeException">A scale is below 1.</exception>
    public BoxCounter(ReadOnlySpan<long> scales)
    {
        this.scales = scales.ToArray();
        foreach (var scale in scales) ArgumentOutOfRangeException.ThrowIfLessThan(scale, 1, nameof(scales));

        cells = new CellSet[scales.Length];
        for (var i = 0; i < cells.Length; i++) cells[i] = new CellSet();
    }

    /// <summary>Counts a point in.</summary>
    /// <exception cref="ArgumentException">A coordinate is not finite: such a point lies in no cell.</exception>
    public void Add(Point point)
    {
        if (!double.IsFinite(point.X) || !double.IsFinite(point.Y) || !double.IsFinite(point.Z))
            throw new ArgumentException("A point has finite coordinates.", nameof(point));

        for (var i = 0; i < scales.Length; i++)
        {
            double scale = scales[i];
            cells[i].Add(Math.Floor(scale * point.X), Math.Floor(scale * point.Y), Math.Floor(scale * point.Z));
        }
    }

    /// <summary>How many different cells hold a point, in the order of the scales.</summary>
    public ValueList<ScaleCount> Counts()
    {
        var counts = new ScaleCount[scales.Length];
        for (var i = 0; i < counts.Length; i++) counts[i] = new ScaleCount(scales[i], cells[i].Count);
        return new ValueList<ScaleCount>(counts);
    }
}
