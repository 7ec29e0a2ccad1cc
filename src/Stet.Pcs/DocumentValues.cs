using System.Globalization;
using System.Text.Json;

namespace Stet.Pcs;

// The values of known members. Each method takes the token at hand and leaves the last one of the value; false if the
// value has another type.
ref partial struct DocumentReader
{
    bool TryReadValue(Members member) => member switch
    {
        Members.PcsId => TryText(ref raw.PcsId),
        Members.Schema => TryText(ref raw.Schema),
        Members.Version => TryText(ref raw.Version),
        Members.ShardId => TryText(ref raw.ShardId),
        Members.Epoch => TryInteger(ref raw.Epoch),
        Members.Attempt => TryInteger(ref raw.Attempt),
        Members.SentAt => TryText(ref raw.SentAt),
        Members.Seed => TryInteger(ref raw.Seed),
        Members.Scales => TryScales(),
        Members.Counts => TryCounts(),
        Members.CohStar => TryNumber(ref raw.CohStar),
        Members.VStar => TryDirection(),
        Members.DHat => TryNumber(ref raw.DHat),
        Members.R => TryNumber(ref raw.R),
        Members.Regime => TryText(ref raw.Regime),
        Members.Budget => TryNumber(ref raw.Budget),
        Members.MerkleRoot => TryText(ref raw.MerkleRoot),
        Members.Delivery => TryDelivery(),
        Members.Sig => TryStorableText(ref raw.Sig),
        Members.Alg => TryText(ref raw.Alg),
        Members.Kid => TryText(ref raw.Kid),
        Members.Tenant => TryText(ref raw.Tenant),
        Members.ChunkSize => TryInteger(ref raw.ChunkSize),
        Members.LeafCount => TryInteger(ref raw.LeafCount),
        Members.OutboxSeq => TryInteger(ref raw.OutboxSeq),
        Members.Degraded => TryBoolean(ref raw.Degraded),
        Members.Fallbacks => TryFallbacks(),
        _ => TryInteger(ref raw.ClockSkewMs),
    };

    bool TryText(ref string? text)
    {
        if (reader.TokenType != JsonTokenType.String) return Mistyped();

        text = reader.GetString();
        return true;
    }

    /// <summary>For texts without a rule of their own: U+0000 has no place in the JSON of a database.</summary>
    bool TryStorableText(ref string? text) => TryText(ref text) && !text!.Contains('\0', StringComparison.Ordinal);

    bool TryInteger(ref long integer)
    {
        if (reader.TokenType != JsonTokenType.Number) return Mistyped();

        return reader.TryGetInt64(out integer);
    }

    bool TryNumber(ref double number)
    {
        if (reader.TokenType != JsonTokenType.Number) return Mistyped();

        return double.TryParse(reader.ValueSpan, NumberStyles.Float, CultureInfo.InvariantCulture, out number);
    }

    bool TryBoolean(ref bool value)
    {
        value = reader.TokenType == JsonTokenType.True;
        return value || reader.TokenType == JsonTokenType.False || Mistyped();
    }

    bool TryScales()
    {
        if (reader.TokenType != JsonTokenType.StartArray) return Mistyped();

        (raw.Scales, raw.ScalesLength) = (new long[4], 0);
        (raw.LeastScale, raw.GreatestScale) = (long.MaxValue, long.MinValue);
        var isTyped = true;

        for (Read(); reader.TokenType != JsonTokenType.EndArray; Read())
        {
            var scale = 0L;
            isTyped &= TryInteger(ref scale);
            raw.LeastScale = Math.Min(raw.LeastScale, scale);
            raw.GreatestScale = Math.Max(raw.GreatestScale, scale);

            if (raw.ScalesLength < RawDocument.MaxScales)
            {
                if (raw.ScalesLength == raw.Scales.Length) Array.Resize(ref raw.Scales, 2 * raw.ScalesLength);
                raw.Scales[raw.ScalesLength] = scale;
            }

            raw.ScalesLength++;
        }

        return isTyped;
    }

    bool TryCounts()
    {
        if (reader.TokenType != JsonTokenType.StartObject) return Mistyped();

        (raw.CountScales, raw.Counts, raw.CountsLength, raw.GreatestCount) = (new long[4], new long[4], 0, 0);
        HashSet<string>? others = null;
        Span<byte> room = stackalloc byte[LongestName];
        var isTyped = true;

        for (Read(); reader.TokenType != JsonTokenType.EndObject; Read())
        {
            var isScale = DecimalText.TryParse(UnescapedName(room), out var scale);
            if (!isScale)
            {
                others ??= new HashSet<string>(StringComparer.Ordinal);
                isRepeated |= !others.Add(reader.GetString()!);
            }

            Read();
            var count = 0L;
            isTyped &= TryInteger(ref count);
            raw.GreatestCount = Math.Max(raw.GreatestCount, count);
            if (isScale) AddCount(scale, count);
        }

        raw.HasOtherCounts = others is not null;
        OrderCounts();
        return isTyped;
    }

    void AddCount(long scale, long count)
    {
        if (raw.CountsLength == raw.Counts.Length)
        {
            Array.Resize(ref raw.CountScales, 2 * raw.CountsLength);
            Array.Resize(ref raw.Counts, 2 * raw.CountsLength);
        }

        (raw.CountScales[raw.CountsLength], raw.Counts[raw.CountsLength]) = (scale, count);
        raw.CountsLength++;
    }

    void OrderCounts()
    {
        var scales = raw.CountScales.AsSpan(0, raw.CountsLength);
        scales.Sort(raw.Counts.AsSpan(0, raw.CountsLength));
        for (var i = 1; i < scales.Length; i++) isRepeated |= scales[i] == scales[i - 1];
    }

    bool TryDirection()
    {
        if (reader.TokenType != JsonTokenType.StartArray) return Mistyped();

        raw.VStarLength = 0;
        Span<double> components = stackalloc double[3];
        var isTyped = true;

        for (Read(); reader.TokenType != JsonTokenType.EndArray; Read())
        {
            var component = 0.0;
            isTyped &= TryNumber(ref component);
            if (raw.VStarLength < components.Length) components[raw.VStarLength] = component;
            raw.VStarLength++;
        }

        raw.VStar = new Direction(components[0], components[1], components[2]);
        return isTyped;
    }

    bool TryDelivery()
    {
        if (reader.TokenType != JsonTokenType.StartObject) return Mistyped();

        raw.SeenOfDelivery = default;
        ReadMembers(ref raw.SeenOfDelivery, isDelivery: true);
        isRepeated |= raw.SeenOfDelivery.IsRepeated;
        return true;
    }

    bool TryFallbacks()
    {
        if (reader.TokenType != JsonTokenType.StartArray) return Mistyped();

        List<string>? fallbacks = null;
        var isTyped = true;

        for (Read(); reader.TokenType != JsonTokenType.EndArray; Read())
        {
            string? fallback = null;
            if (TryStorableText(ref fallback)) (fallbacks ??= []).Add(fallback!);
            else isTyped = false;
        }

        raw.Fallbacks = fallbacks is null ? [] : [.. fallbacks];
        return isTyped;
    }

    bool Mistyped()
    {
        Skip();
        return false;
    }
}
