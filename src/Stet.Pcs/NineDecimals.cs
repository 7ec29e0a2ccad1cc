using System.Globalization;

namespace Stet.Pcs;

/// <summary>The exact value of a double to nine decimals, ties to even. Finite numbers only.</summary>
static class NineDecimals
{
    /// <summary>Bytes that the longest text takes: 309 digits before the point.</summary>
    public const int Room = 330;

    const int Decimals = 9;
    const long Billion = 1_000_000_000;

    /// <summary>Writes it with all nine decimals, the sign of a zero included.</summary>
    /// <returns>How many bytes that are.</returns>
    public static int Write(double value, Span<byte> text)
    {
        if (!TrySplit(Math.Abs(value), out var whole, out var billionths))
        {
            value.TryFormat(text, out var printed, "F9", CultureInfo.InvariantCulture);
            return printed;
        }

        var length = 0;
        if (value < 0) text[length++] = (byte)'-';
        whole.TryFormat(text[length..], out var digits, provider: CultureInfo.InvariantCulture);
        length += digits;
        text[length++] = (byte)'.';
        for (var i = Decimals - 1; i >= 0; i--, billionths /= 10) text[length + i] = (byte)('0' + (billionths % 10));
        return length + Decimals;
    }

    /// <summary>Splits a number of ordinary size into whole and billionths by integers alone, much faster than it is printed.</summary>
    /// <returns>False for one of 2⁵³ and above, or below 2⁻¹¹.</returns>
    static bool TrySplit(double magnitude, out long whole, out long billionths)
    {
        const int SignificandBits = 52;
        const int ExponentOfUnit = 1023 + SignificandBits;

        (whole, billionths) = (0, 0);
        var bits = BitConverter.DoubleToInt64Bits(magnitude);
        var shift = ExponentOfUnit - (int)(bits >> SignificandBits);
        if (shift is < 0 or > 63) return false;

        var significand = (bits & ((1L << SignificandBits) - 1)) | (1L << SignificandBits);
        whole = significand >> shift;
        var fraction = (UInt128)(ulong)(significand & ((1L << shift) - 1)) * (ulong)Billion;
        billionths = (long)(fraction >> shift);
        var rest = fraction & ((UInt128.One << shift) - 1);
        var half = (UInt128.One << shift) >> 1;
        if (rest > half || (rest == half && long.IsOddInteger(billionths))) billionths++;
        if (billionths == Billion) (whole, billionths) = (whole + 1, 0);
        return true;
    }
}
