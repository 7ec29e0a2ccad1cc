using System.Runtime.InteropServices;
using Stet.Pcs;

namespace Stet.Client.Pcs;

/// <summary>A row of a shard's events.</summary>
/// <param name="timestamp">Seconds, finite.</param>
/// <param name="point">Where, finite.</param>
/// <param name="x">The text of the first coordinate exactly as it stands in the input, as are the others.</param>
/// <param name="y">Of the second.</param>
/// <param name="z">Of the third.</param>
public readonly ref struct EventRow(
    double timestamp, Point point, ReadOnlySpan<byte> x, ReadOnlySpan<byte> y, ReadOnlySpan<byte> z)
{
    /// <summary>Seconds.</summary>
    public double Timestamp { get; } = timestamp;

    /// <summary>Where.</summary>
    public Point Point { get; } = point;

    /// <summary>Text of the first coordinate.</summary>
    public ReadOnlySpan<byte> X { get; } = x;

    /// <summary>Text of the second coordinate.</summary>
    public ReadOnlySpan<byte> Y { get; } = y;

    /// <summary>Text of the third coordinate.</summary>
    public ReadOnlySpan<byte> Z { get; } = z;
}

/// <summary>
/// Makes the document of an epoch out of its rows. Cells are counted, and the stream hashed and compressed, as the rows
/// come; the points are kept, 24 bytes each, because the coherence needs all of them.
/// </summary>
public sealed class EpochBuilder
{
    /// <summary>The fallback that names rows which came after their epoch was closed.</summary>
    public const string LateRows = "late_rows";

    readonly PcsPlan plan;
    readonly BoxCounter cells = new(BoxCounter.DefaultScales.AsSpan());
    readonly RawStream stream;
    readonly List<Point> points = [];

    /// <exception cref="AgentException">The plan's chunk size is out of its range.</exception>
    public EpochBuilder(PcsPlan plan)
    {
        ArgumentNullException.ThrowIfNull(plan);
        if (plan.ChunkSize is < 1 or > 1_048_576) throw new AgentException("The chunk size is 1 to 1,048,576 bytes.");

        this.plan = plan;
        stream = new RawStream(plan.Version, plan.ChunkSize);
    }

    /// <summary>How many rows there are.</summary>
    public int Rows => points.Count;

    /// <summary>Adds a row.</summary>
    public void Add(in EventRow row)
    {
        cells.Add(row.Point);
        stream.AddRow(row.Timestamp, row.X, row.Y, row.Z);
        points.Add(row.Point);
    }

    /// <summary>The epoch's document, not signed. Nothing may be added after it.</summary>
    /// <param name="epoch">Which epoch, from 0.</param>
    /// <param name="sentAt">Time of RFC 3339.</param>
    /// <param name="fallbacks">What was done in a lesser way.</param>
    /// <param name="directions">Told how many of the 100 directions of the coherence are done; null: nobody is.</param>
    /// <param name="cancel">Ends the work.</param>
    /// <exception cref="AgentException">There are no rows, or no service could read the document.</exception>
    public PcsDocument Finish(
        long epoch, string sentAt, IReadOnlyList<string>? fallbacks = null, IProgress<int>? directions = null,
        CancellationToken cancel = default)
    {
        if (points.Count == 0) throw new AgentException("There are no rows: nothing can be said about an empty epoch.");

        var summary = stream.Finish();
        var counts = cells.Counts();
        var coherence = Coherence.Measure(CollectionsMarshal.AsSpan(points), plan.Seed, progress: directions, cancel: cancel);
        var dHat = TheilSen.DHat(counts.AsSpan(), plan.Version);
        var parameters = PcsParameters.Default;
        ValueList<string> lesser = [.. fallbacks ?? []];

        return Checked(new PcsDocument
        {
            PcsId = PcsIdentity.Of(summary.MerkleRoot, epoch, plan.ShardId),
            ShardId = plan.ShardId,
            Epoch = epoch,
            Attempt = 1,
            SentAt = sentAt,
            Seed = plan.Seed,
            Scales = counts,
            CohStar = coherence.CohStar,
            VStar = coherence.VStar,
            DHat = dHat,
            R = summary.R,
            Regime = parameters.Regime(dHat, coherence.CohStar),
            Budget = parameters.Budget(dHat, coherence.CohStar, summary.R),
            MerkleRoot = summary.MerkleRoot,
            Delivery = PcsDelivery.Direct with { Degraded = lesser.Count > 0, Fallbacks = lesser },
            Header = plan.Version == PcsVersion.V01
                ? null
                : new PcsHeader(plan.Key.Algorithm, plan.Kid, plan.Tenant, plan.ChunkSize, summary.LeafCount),
        });
    }

    static PcsDocument Checked(PcsDocument document) => PcsDocument.TryRead(document.ToJson(), out _, out var refusal)
        ? document
        : throw new AgentException($"No service could read the document: {refusal.Message}");
}
