using System.Text;

namespace Stet.Pcs;

/// <summary>Members of the document, as bits. The order is that in which a missing one is named.</summary>
[Flags]
enum Members
{
    None = 0,
    PcsId = 1 << 0,
    Schema = 1 << 1,
    Version = 1 << 2,
    ShardId = 1 << 3,
    Epoch = 1 << 4,
    Attempt = 1 << 5,
    SentAt = 1 << 6,
    Seed = 1 << 7,
    Scales = 1 << 8,
    Counts = 1 << 9,
    CohStar = 1 << 10,
    VStar = 1 << 11,
    DHat = 1 << 12,
    R = 1 << 13,
    Regime = 1 << 14,
    Budget = 1 << 15,
    MerkleRoot = 1 << 16,
    Delivery = 1 << 17,
    Sig = 1 << 18,
    Alg = 1 << 19,
    Kid = 1 << 20,
    Tenant = 1 << 21,
    ChunkSize = 1 << 22,
    LeafCount = 1 << 23,

    // Of `ft`.
    OutboxSeq = 1 << 24,
    Degraded = 1 << 25,
    Fallbacks = 1 << 26,
    ClockSkewMs = 1 << 27,

    /// <summary>What 0.1 requires; without <see cref="Sig"/> and the members of <c>ft</c>.</summary>
    RequiredByV01 = Sig - 1,

    /// <summary>All that 0.1 knows.</summary>
    KnownToV01 = RequiredByV01 | Sig | OfDelivery,

    /// <summary>What 1.0 requires: everything.</summary>
    RequiredByV10 = (1 << 28) - 1,

    OfDelivery = OutboxSeq | Degraded | Fallbacks | ClockSkewMs,
}

/// <summary>The names of the members.</summary>
static class MemberNames
{
    static readonly string[] names =
    [
        "pcs_id", "schema", "version", "shard_id", "epoch", "attempt", "sent_at", "seed", "scales", "N_j", "coh_star",
        "v_star", "D_hat", "r", "regime", "budget", "merkle_root", "ft", "sig", "alg", "kid", "tenant", "chunk_size",
        "leaf_count", "outbox_seq", "degraded", "fallbacks", "clock_skew_ms",
    ];

    const int CountOfDocument = 24;

    static readonly Candidate[][] ofDocument = ByLength(0, CountOfDocument);

    static readonly Candidate[][] ofDelivery = ByLength(CountOfDocument, names.Length);

    /// <summary>The name of the first member of the set.</summary>
    public static string First(Members members) => names[int.TrailingZeroCount((int)members)];

    /// <summary>The member that a name folds to, without regard to ASCII case; None for an unknown one.</summary>
    public static Members Find(ReadOnlySpan<byte> name, bool isDelivery, out bool isExact)
    {
        var byLength = isDelivery ? ofDelivery : ofDocument;
        isExact = false;
        if (name.Length >= byLength.Length) return Members.None;

        foreach (var candidate in byLength[name.Length])
        {
            isExact = name.SequenceEqual(candidate.Name);
            if (isExact || Ascii.EqualsIgnoreCase(name, candidate.Name)) return candidate.Member;
        }

        return Members.None;
    }

    static Candidate[][] ByLength(int start, int end)
    {
        var candidates = Enumerable.Range(start, end - start)
            .Select(i => new Candidate((Members)(1 << i), Encoding.ASCII.GetBytes(names[i]))).ToList();

        return [.. Enumerable.Range(0, candidates.Max(c => c.Name.Length) + 1)
            .Select(length => candidates.Where(c => c.Name.Length == length).ToArray())];
    }

    sealed record Candidate(Members Member, byte[] Name);
}
