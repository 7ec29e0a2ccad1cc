namespace Stet.Pcs;

/// <summary>What a JSON text said, whether or not it is a document. Large, hence passed by reference.</summary>
struct RawDocument
{
    /// <summary>Most scales that a document may have; more are counted, not kept.</summary>
    public const int MaxScales = 64;

    public SeenMembers Seen;
    public SeenMembers SeenOfDelivery;

    /// <summary>Members whose value was null.</summary>
    public Members Nulls;

    /// <summary>Members whose value had another type than theirs.</summary>
    public Members Mistyped;

    public string? PcsId, Schema, Version, ShardId, SentAt, Regime, MerkleRoot, Sig, Alg, Kid, Tenant;
    public long Epoch, Attempt, Seed, ChunkSize, LeafCount, OutboxSeq, ClockSkewMs;
    public double CohStar, DHat, R, Budget;
    public bool Degraded;
    public ValueList<string>? Fallbacks;

    public Direction VStar;
    public int VStarLength;

    public long[] Scales;
    public int ScalesLength;
    public long LeastScale, GreatestScale;

    /// <summary>Entries of <c>N_j</c> whose name is the decimal text of an integer, ascending.</summary>
    public long[] CountScales, Counts;
    public int CountsLength;
    public long GreatestCount;

    /// <summary>Whether <c>N_j</c> has an entry that belongs to no scale whatever.</summary>
    public bool HasOtherCounts;

    /// <summary>Whether the reading rules are those of 1.0: the member under its own name says so.</summary>
    public readonly bool IsV10 => Version == "1.0" && (Seen.Exact & Members.Version) != Members.None;
}
