using System.Text;

namespace Stet.Pcs;

/// <summary>Step 5 of the verification: what a document must hold, in the order of the checks.</summary>
static class DocumentStructure
{
    /// <summary>2⁵³ - 1, the greatest integer of 1.0: beyond it a double skips integers.</summary>
    const long MaxSafeInteger = (1L << 53) - 1;

    const int MaxShardIdBytes = 1024;
    const int MaxChunkSize = 1_048_576;
    const int MinScales = 2;

    // Of SHA-256("").
    const string EmptyRoot = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

    /// <param name="raw">What the reader found.</param>
    /// <param name="document">The document, unless it is refused.</param>
    /// <returns>The first check that failed; null if none did.</returns>
    public static PcsRefusal? Check(in RawDocument raw, out PcsDocument? document)
    {
        document = null;
        if ((raw.IsV10 ? MembersOfV10(raw) : MembersOfV01(raw)) is { } refusal) return refusal;
        if (raw.Schema != PcsDocument.Schema) return Refusals.SchemaUnknown;
        if (!raw.IsV10 && raw.Version != "0.1") return Refusals.VersionUnknown;
        if (!IsShardId(raw)) return Refusals.ShardIdInvalid;

        var algorithm = PcsNames.Algorithm(raw.Alg ?? "");
        if (raw.IsV10 && (algorithm is null || !PcsNames.IsName(raw.Kid!) || !PcsNames.IsName(raw.Tenant!)))
            return Refusals.HeaderInvalid;

        if (ScalarsOf(raw) is { } scalar) return scalar;
        if (PcsNames.Regime(raw.Regime!) is not { } regime) return Refusals.RegimeUnknown;
        if (raw.VStarLength != 3) return Refusals.VStarInvalid;
        if (!PcsNames.IsHash(raw.MerkleRoot!)) return Refusals.MerkleRootMalformed;
        if (raw.IsV10 && !AreLeavesValid(raw)) return Refusals.LeavesInvalid;
        if (!PcsIdentity.Is(raw.PcsId!, raw.MerkleRoot!, raw.Epoch, raw.ShardId!)) return Refusals.PcsIdMismatch;
        if (ScalesOf(raw, out var scales) is { } scale) return scale;
        if (Rounding.A(raw.R) is not (>= 0 and <= 1)) return Refusals.ROutOfRange;

        document = new PcsDocument
        {
            PcsId = raw.PcsId!,
            ShardId = raw.ShardId!,
            Epoch = raw.Epoch,
            Attempt = raw.Attempt,
            SentAt = raw.SentAt!,
            Seed = raw.Seed,
            Scales = scales!,
            CohStar = raw.CohStar,
            VStar = raw.VStar,
            DHat = raw.DHat,
            R = raw.R,
            Regime = regime,
            Budget = raw.Budget,
            MerkleRoot = raw.MerkleRoot!,
            Delivery = DeliveryOf(raw),
            Header = raw.IsV10
                ? new PcsHeader(algorithm!.Value, raw.Kid!, raw.Tenant!, raw.ChunkSize, raw.LeafCount)
                : null,
            Sig = string.IsNullOrEmpty(raw.Sig) ? null : raw.Sig,
        };
        return null;
    }

    static PcsRefusal? MembersOfV01(in RawDocument raw)
    {
        var missing = Members.RequiredByV01 & ~(raw.Seen.Any & ~raw.Nulls);
        if (missing != Members.None) return Refusals.MemberMissing(MemberNames.First(missing));

        var mistyped = raw.Mistyped & Members.KnownToV01;
        return mistyped != Members.None ? Refusals.MemberType(MemberNames.First(mistyped)) : null;
    }

    static PcsRefusal? MembersOfV10(in RawDocument raw)
    {
        var missing = Members.RequiredByV10 & ~((raw.Seen.Exact | raw.SeenOfDelivery.Exact) & ~raw.Nulls);
        // An `ft` that is no object lacks nothing but its type.
        if ((raw.Mistyped & Members.Delivery) != Members.None) missing &= ~Members.OfDelivery;
        if (missing != Members.None) return Refusals.MemberMissing(MemberNames.First(missing));
        if (raw.Seen.HasOthers || raw.SeenOfDelivery.HasOthers) return Refusals.MemberUnknown;

        var mistyped = raw.Mistyped | BeyondLimits(raw);
        return mistyped != Members.None ? Refusals.MemberType(MemberNames.First(mistyped)) : null;
    }

    /// <summary>Members of 1.0 whose integers are too large and whose limit has no code of its own.</summary>
    static Members BeyondLimits(in RawDocument raw)
    {
        var beyond = Members.None;
        if (raw.GreatestScale > MaxSafeInteger) beyond |= Members.Scales;
        if (raw.GreatestCount > MaxSafeInteger) beyond |= Members.Counts;
        if (raw.OutboxSeq is < 0 or > MaxSafeInteger) beyond |= Members.OutboxSeq;
        if (raw.ClockSkewMs is < -MaxSafeInteger or > MaxSafeInteger) beyond |= Members.ClockSkewMs;
        return beyond;
    }

    static bool IsShardId(in RawDocument raw)
    {
        var shardId = raw.ShardId!;
        if (raw.IsV10) return PcsNames.IsName(shardId, longest: 128);

        return shardId.Length > 0 && shardId.Length <= MaxShardIdBytes &&
               Encoding.UTF8.GetByteCount(shardId) <= MaxShardIdBytes &&
               !shardId.AsSpan().ContainsAnyInRange('\0', '\u001f');
    }

    static PcsRefusal? ScalarsOf(in RawDocument raw)
    {
        var (isV10, greatest) = (raw.IsV10, raw.IsV10 ? MaxSafeInteger : long.MaxValue);

        if (raw.Epoch < 0 || raw.Epoch > greatest) return Refusals.EpochOutOfRange;
        if (raw.Attempt < (isV10 ? 1 : 0) || raw.Attempt > greatest) return Refusals.AttemptOutOfRange;
        if (isV10 && raw.Seed is < 0 or > uint.MaxValue) return Refusals.SeedOutOfRange;
        if (!Rfc3339.TryParse(raw.SentAt, out _, out var shape)) return Refusals.SentAtInvalid;
        if (isV10 && (!shape.IsUtc || shape.FractionDigits > 6)) return Refusals.SentAtInvalid;

        return null;
    }

    static bool AreLeavesValid(in RawDocument raw) =>
        raw.ChunkSize is >= 1 and <= MaxChunkSize && raw.LeafCount is >= 0 and <= MaxSafeInteger &&
        (raw.LeafCount == 0) == (raw.MerkleRoot == EmptyRoot);

    static PcsRefusal? ScalesOf(in RawDocument raw, out ValueList<ScaleCount>? scales)
    {
        scales = null;
        if (raw.ScalesLength > 0 && raw.LeastScale < 1) return Refusals.ScaleNotPositive;
        if (raw.ScalesLength > RawDocument.MaxScales) return Refusals.ScalesTooMany;
        if (raw.ScalesLength < MinScales || raw.LeastScale == raw.GreatestScale) return Refusals.ScalesTooFew;
        if (raw.IsV10 && !IsAscending(raw.Scales.AsSpan(0, raw.ScalesLength))) return Refusals.ScalesNotAscending;

        var counted = new ScaleCount[raw.ScalesLength];
        var entries = raw.CountScales.AsSpan(0, raw.CountsLength);
        for (var i = 0; i < counted.Length; i++)
        {
            var at = entries.BinarySearch(raw.Scales[i]);
            if (at < 0) return Refusals.CountsMismatch;
            counted[i] = new ScaleCount(raw.Scales[i], raw.Counts[at]);
        }

        if (raw.IsV10 && (raw.HasOtherCounts || entries.Length != counted.Length)) return Refusals.CountsMismatch;

        foreach (var entry in counted)
            if (entry.Count < 1) return Refusals.CountNotPositive;

        if (IsDecreasing(counted)) return Refusals.CountDecreasing;

        scales = new ValueList<ScaleCount>(counted);
        return null;
    }

    static bool IsAscending(ReadOnlySpan<long> scales)
    {
        for (var i = 1; i < scales.Length; i++)
            if (scales[i] <= scales[i - 1]) return false;

        return true;
    }

    /// <summary>Every cell of a multiple lies in one cell of the scale.</summary>
    static bool IsDecreasing(ReadOnlySpan<ScaleCount> scales)
    {
        foreach (var coarse in scales)
            foreach (var fine in scales)
                if (fine.Count < coarse.Count && fine.Scale % coarse.Scale == 0) return true;

        return false;
    }

    static PcsDelivery DeliveryOf(in RawDocument raw)
    {
        var fallbacks = raw.Fallbacks ?? [];
        return raw.OutboxSeq == 0 && !raw.Degraded && fallbacks.Count == 0 && raw.ClockSkewMs == 0
            ? PcsDelivery.Direct
            : new PcsDelivery(raw.OutboxSeq, raw.Degraded, fallbacks, raw.ClockSkewMs);
    }
}
