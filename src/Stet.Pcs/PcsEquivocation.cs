namespace Stet.Pcs;

/// <summary>How two documents of one id contradict each other.</summary>
/// <param name="Members">Names of the differing members of the content, in the order of the document.</param>
/// <param name="SignedPartDiffers">
/// Whether a member differs that the signature covers. If not, a third party may have altered one copy on its way, and
/// the shard must not be blamed. In 1.0 always true.
/// </param>
public sealed record PcsEquivocation(ValueList<string> Members, bool SignedPartDiffers)
{
    /// <summary>Compares what both documents say apart from delivery and signature.</summary>
    public static PcsEquivocation Between(PcsDocument first, PcsDocument second)
    {
        ArgumentNullException.ThrowIfNull(first);
        ArgumentNullException.ThrowIfNull(second);

        var members = new List<string>();
        var isOfV10 = first.Header is not null || second.Header is not null;
        var isSigned = isOfV10;
        void Compare(string member, bool isEqual, bool isSignedByV01 = false)
        {
            if (isEqual) return;
            members.Add(member);
            isSigned |= isSignedByV01;
        }

        bool Same(double x, double y) => isOfV10 ? x.Equals(y) : Rounding.A(x).Equals(Rounding.A(y));

        Compare("version", first.Version == second.Version);
        Compare("tenant", first.Header?.Tenant == second.Header?.Tenant);
        Compare("pcs_id", first.PcsId == second.PcsId, isSignedByV01: true);
        Compare("shard_id", first.ShardId == second.ShardId, isSignedByV01: true);
        Compare("epoch", first.Epoch == second.Epoch, isSignedByV01: true);
        Compare("seed", first.Seed == second.Seed);
        Compare("scales", HaveSameScales(first.Scales, second.Scales));
        Compare("N_j", HaveSameCounts(first.Scales, second.Scales));
        Compare("coh_star", Same(first.CohStar, second.CohStar), isSignedByV01: true);
        Compare("v_star", first.VStar == second.VStar);
        Compare("D_hat", Same(first.DHat, second.DHat), isSignedByV01: true);
        Compare("r", Same(first.R, second.R), isSignedByV01: true);
        Compare("regime", first.Regime == second.Regime);
        Compare("budget", Same(first.Budget, second.Budget), isSignedByV01: true);
        Compare("merkle_root", first.MerkleRoot == second.MerkleRoot, isSignedByV01: true);
        Compare("chunk_size", first.Header?.ChunkSize == second.Header?.ChunkSize);
        Compare("leaf_count", first.Header?.LeafCount == second.Header?.LeafCount);

        return new PcsEquivocation([.. members], isSigned);
    }

    static bool HaveSameScales(ValueList<ScaleCount> first, ValueList<ScaleCount> second) =>
        first.Select(entry => entry.Scale).SequenceEqual(second.Select(entry => entry.Scale));

    static bool HaveSameCounts(ValueList<ScaleCount> first, ValueList<ScaleCount> second) =>
        first.ToHashSet().SetEquals(second);
}
