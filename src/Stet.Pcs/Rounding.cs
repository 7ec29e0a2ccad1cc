using System.Globalization;

namespace Stet.Pcs;

/// <summary>
/// The five roundings to nine decimals that producers use. They differ in the last digit; each has its place. Finite
/// numbers only.
/// </summary>
static class Rounding
{
    const int Decimals = 9;

    /// <summary>The double's exact value, ties to even: for D̂ and r.</summary>
    public static double Exact(double value)
    {
        Span<byte> text = stackalloc byte[NineDecimals.Room];
        return double.Parse(text[..NineDecimals.Write(value, text)], CultureInfo.InvariantCulture);
    }

    /// <summary>The value times 10⁹ in double, ties to even: for coh★ and budget. A zero has no sign.</summary>
    public static double Scaled(double value) => (Math.Round(value * 1e9, MidpointRounding.ToEven) / 1e9) + 0.0;

    /// <summary>The shortest decimal text, ties away from zero: for form A and for the verifier.</summary>
    public static double A(double value)
    {
        if (ShortestDigits.IsNineDecimals(value)) return value;

        var shortest = new ShortestDigits(value, stackalloc byte[ShortestDigits.Room]);
        var kept = shortest.Point + Decimals;
        if (kept >= shortest.Digits.Length) return value;
        if (kept < 0) return shortest.IsNegative ? -0.0 : 0;

        var billionths = 0L;
        foreach (var digit in shortest.Digits[..kept]) billionths = (billionths * 10) + digit - '0';
        if (shortest.Digits[kept] >= '5') billionths++;

        var rounded = ReadBillionths(billionths);
        return shortest.IsNegative ? -rounded : rounded;
    }

    /// <summary>The value times 10⁹ in double, ties away from zero: for forms B and G.</summary>
    public static double G(double value)
    {
        var billionths = value * 1e9;
        return double.IsFinite(billionths) ? Math.Round(billionths, MidpointRounding.AwayFromZero) / 1e9 : value;
    }

    /// <summary>The value times 10⁹ in double, ties toward +∞: for form J.</summary>
    public static double J(double value)
    {
        var billionths = value * 1e9;
        if (!double.IsFinite(billionths)) return value;

        // Adding a half first would round the double below a half up.
        var floor = Math.Floor(billionths);
        return (billionths - floor >= 0.5 ? floor + 1 : floor) / 1e9;
    }

    static double ReadBillionths(long billionths)
    {
        // Both exact, so that the quotient is the double nearest to the decimal number.
        if (billionths <= 1L << 53) return billionths / 1e9;

        Span<byte> text = stackalloc byte[24];
        billionths.TryFormat(text, out var length, provider: CultureInfo.InvariantCulture);
        "e-9"u8.CopyTo(text[length..]);
        return double.Parse(text[..(length + 3)], NumberStyles.Float, CultureInfo.InvariantCulture);
    }
}
