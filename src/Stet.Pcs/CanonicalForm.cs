using System.Globalization;

namespace Stet.Pcs;

/// <summary>How much of a document is written.</summary>
enum Extent
{
    /// <summary>What the content digest covers: no delivery, key or signature; the numbers of 0.1 rounded.</summary>
    Content,

    /// <summary>What a signature of 1.0 covers: all but <c>sig</c>.</summary>
    Signed,

    /// <summary>Every member.</summary>
    Whole,
}

/// <summary>Canonical JSON (RFC 8785) of a document, whose members' order is known beforehand.</summary>
static class CanonicalForm
{
    public static void Write(ref TextBuffer text, PcsDocument document, Extent extent)
    {
        var header = document.Header;
        var isDelivered = extent != Extent.Content;
        var numbers = header is not null ? Numbers.Canonical : isDelivered ? Numbers.Signed : Numbers.Rounded;

        text.Add("{\"D_hat\":"u8);
        WriteNumber(ref text, document.DHat, numbers);
        text.Add(",\"N_j\":"u8);
        WriteCounts(ref text, document.Scales.AsSpan());
        if (isDelivered && header is not null)
        {
            text.Add(",\"alg\":"u8);
            WriteString(ref text, header.Algorithm.Name());
        }

        if (isDelivered) WriteInteger(ref text, ",\"attempt\":"u8, document.Attempt);
        text.Add(",\"budget\":"u8);
        WriteNumber(ref text, document.Budget, numbers);
        if (header is not null) WriteInteger(ref text, ",\"chunk_size\":"u8, header.ChunkSize);
        text.Add(",\"coh_star\":"u8);
        WriteNumber(ref text, document.CohStar, numbers);
        WriteInteger(ref text, ",\"epoch\":"u8, document.Epoch);
        if (isDelivered) WriteDelivery(ref text, document.Delivery);
        if (isDelivered && header is not null) WriteString(ref text, ",\"kid\":"u8, header.Kid);
        if (header is not null) WriteInteger(ref text, ",\"leaf_count\":"u8, header.LeafCount);
        WriteString(ref text, ",\"merkle_root\":"u8, document.MerkleRoot);
        WriteString(ref text, ",\"pcs_id\":"u8, document.PcsId);
        text.Add(",\"r\":"u8);
        WriteNumber(ref text, document.R, numbers);
        WriteString(ref text, ",\"regime\":"u8, document.Regime.Name());
        WriteScales(ref text, document.Scales.AsSpan());
        WriteString(ref text, ",\"schema\":"u8, PcsDocument.Schema);
        WriteInteger(ref text, ",\"seed\":"u8, document.Seed);
        if (isDelivered) WriteString(ref text, ",\"sent_at\":"u8, document.SentAt);
        WriteString(ref text, ",\"shard_id\":"u8, document.ShardId);
        // Required in 1.0, even if empty.
        if (extent == Extent.Whole && (document.Sig ?? (header is null ? null : "")) is { } sig)
            WriteString(ref text, ",\"sig\":"u8, sig);
        if (header is not null) WriteString(ref text, ",\"tenant\":"u8, header.Tenant);
        WriteDirection(ref text, document.VStar);
        WriteString(ref text, ",\"version\":"u8, document.Version.Name());
        text.Add((byte)'}');
    }

    static void WriteDelivery(ref TextBuffer text, PcsDelivery delivery)
    {
        WriteInteger(ref text, ",\"ft\":{\"clock_skew_ms\":"u8, delivery.ClockSkewMs);
        text.Add(delivery.Degraded ? ",\"degraded\":true"u8 : ",\"degraded\":false"u8);
        text.Add(",\"fallbacks\":["u8);
        for (var i = 0; i < delivery.Fallbacks.Count; i++)
        {
            if (i > 0) text.Add((byte)',');
            WriteString(ref text, delivery.Fallbacks[i]);
        }

        WriteInteger(ref text, "],\"outbox_seq\":"u8, delivery.OutboxSeq);
        text.Add((byte)'}');
    }

    static void WriteCounts(ref TextBuffer text, ReadOnlySpan<ScaleCount> scales)
    {
        // In the order of their names: 16 before 2.
        Span<ScaleCount> ordered = stackalloc ScaleCount[scales.Length];
        scales.CopyTo(ordered);
        ordered.Sort(static (x, y) => CompareAsText(x.Scale, y.Scale));

        text.Add((byte)'{');
        for (var i = 0; i < ordered.Length; i++)
        {
            if (i > 0 && ordered[i].Scale == ordered[i - 1].Scale) continue;
            if (i > 0) text.Add((byte)',');
            text.Add((byte)'"');
            text.Add(ordered[i].Scale);
            WriteInteger(ref text, "\":"u8, ordered[i].Count);
        }

        text.Add((byte)'}');
    }

    static int CompareAsText(long x, long y)
    {
        Span<byte> xs = stackalloc byte[20];
        Span<byte> ys = stackalloc byte[20];
        x.TryFormat(xs, out var xLength, provider: CultureInfo.InvariantCulture);
        y.TryFormat(ys, out var yLength, provider: CultureInfo.InvariantCulture);
        return xs[..xLength].SequenceCompareTo(ys[..yLength]);
    }

    static void WriteScales(ref TextBuffer text, ReadOnlySpan<ScaleCount> scales)
    {
        text.Add(",\"scales\":["u8);
        for (var i = 0; i < scales.Length; i++)
        {
            if (i > 0) text.Add((byte)',');
            text.Add(scales[i].Scale);
        }

        text.Add((byte)']');
    }

    static void WriteDirection(ref TextBuffer text, Direction direction)
    {
        text.Add(",\"v_star\":["u8);
        WriteNumber(ref text, direction.X, Numbers.Canonical);
        text.Add((byte)',');
        WriteNumber(ref text, direction.Y, Numbers.Canonical);
        text.Add((byte)',');
        WriteNumber(ref text, direction.Z, Numbers.Canonical);
        text.Add((byte)']');
    }

    static void WriteNumber(ref TextBuffer text, double value, Numbers numbers) => NumberText.Write(
        ref text,
        numbers == Numbers.Rounded ? Rounding.A(value) : value,
        numbers == Numbers.Signed ? NumberStyle.T2 : NumberStyle.EcmaScript);

    static void WriteInteger(ref TextBuffer text, ReadOnlySpan<byte> name, long value)
    {
        text.Add(name);
        text.Add(value);
    }

    static void WriteString(ref TextBuffer text, ReadOnlySpan<byte> name, string value)
    {
        text.Add(name);
        WriteString(ref text, value);
    }

    static void WriteString(ref TextBuffer text, string value) => StringText.Write(ref text, value, StringStyle.S3);

    /// <summary>How the four numbers that 0.1 signs are written.</summary>
    enum Numbers
    {
        /// <summary>As they are.</summary>
        Canonical,

        /// <summary>Without the digits that the signature of 0.1 leaves open, lest they make another content.</summary>
        Rounded,

        /// <summary>With the sign of a zero, which the forms of 0.1 show.</summary>
        Signed,
    }
}
