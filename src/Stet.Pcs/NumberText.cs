namespace Stet.Pcs;

/// <summary>How producers print a number: always with the shortest digits, but laid out in their own ways.</summary>
enum NumberStyle
{
    /// <summary>
    /// T1: always with a fraction (<c>1.0</c>); from 1e16 and below 1e-4 with an exponent of two digits (<c>5e-07</c>).
    /// </summary>
    T1,

    /// <summary>T2: as ECMAScript prints it, but negative zero as <c>-0</c>.</summary>
    T2,

    /// <summary>As ECMAScript prints it (RFC 8785, 3.2.2.3), which has no negative zero.</summary>
    EcmaScript,
}

/// <summary>Writes numbers.</summary>
static class NumberText
{
    /// <param name="text">Receives the number.</param>
    /// <param name="value">A finite number.</param>
    /// <param name="style">The layout.</param>
    public static void Write(ref TextBuffer text, double value, NumberStyle style)
    {
        var shortest = new ShortestDigits(value, stackalloc byte[ShortestDigits.Room]);
        var digits = shortest.Digits;
        var point = shortest.Point;
        var isT1 = style == NumberStyle.T1;

        if (shortest.IsNegative && !(digits.IsEmpty && style == NumberStyle.EcmaScript)) text.Add((byte)'-');

        if (digits.IsEmpty)
        {
            text.Add(isT1 ? "0.0"u8 : "0"u8);
            return;
        }

        // T1 is plain from 1e-4 to below 1e16, T2 from 1e-6 to below 1e21.
        var isPlain = isT1 ? point is >= -3 and <= 16 : point is >= -5 and <= 21;
        if (isPlain) WritePlain(ref text, digits, point, isT1);
        else WriteExponent(ref text, digits, point - 1, isT1);
    }

    static void WritePlain(ref TextBuffer text, scoped ReadOnlySpan<byte> digits, int point, bool hasFraction)
    {
        if (point <= 0)
        {
            text.Add("0."u8);
            text.AddZeros(-point);
            text.Add(digits);
        }
        else if (point < digits.Length)
        {
            text.Add(digits[..point]);
            text.Add((byte)'.');
            text.Add(digits[point..]);
        }
        else
        {
            text.Add(digits);
            text.AddZeros(point - digits.Length);
            if (hasFraction) text.Add(".0"u8);
        }
    }

    static void WriteExponent(ref TextBuffer text, scoped ReadOnlySpan<byte> digits, int exponent, bool isPadded)
    {
        text.Add(digits[..1]);
        if (digits.Length > 1) text.Add((byte)'.');
        text.Add(digits[1..]);
        text.Add(exponent < 0 ? "e-"u8 : "e+"u8);
        if (isPadded && Math.Abs(exponent) < 10) text.Add((byte)'0');
        text.Add(Math.Abs(exponent));
    }
}
