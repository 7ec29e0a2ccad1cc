using System.Globalization;
using System.Numerics;
using System.Text;

namespace Stet.Client.AuditLog.Formats;

/// <summary>
/// Numbers of RFC 8785. Those of a log are the ones whose decimal value a double prints again, so that the canonical
/// form has the digits that stand there: they are laid out, never converted.
/// </summary>
static class CanonicalNumber
{
    // No double has more digits in its shortest form.
    const int MaxDigits = 17;

    /// <summary>How many bytes at the front are a number by the grammar of RFC 8259, 6; 0 for none.</summary>
    public static int Length(ReadOnlySpan<byte> json)
    {
        var at = json.StartsWith("-"u8) ? 1 : 0;
        var integer = DigitsAt(json, at);
        if (integer == 0) return 0;

        // After a leading zero the integer is over.
        at += json[at] == '0' ? 1 : integer;
        if (at < json.Length && json[at] == '.')
        {
            var fraction = DigitsAt(json, at + 1);
            if (fraction == 0) return 0;
            at += 1 + fraction;
        }

        if (at < json.Length && json[at] is (byte)'e' or (byte)'E')
        {
            at++;
            if (at < json.Length && json[at] is (byte)'+' or (byte)'-') at++;
            var exponent = DigitsAt(json, at);
            if (exponent == 0) return 0;
            at += exponent;
        }

        return at;
    }

    /// <returns>Whether the number is one that a double carries exactly; else nothing is written.</returns>
    public static bool TryWrite(ReadOnlySpan<byte> number, ByteList output)
    {
        Span<byte> buffer = stackalloc byte[MaxDigits];
        if (!TrySplit(number.TrimStart((byte)'-'), buffer, out var length, out var point)) return false;

        if (length == 0)
        {
            output.Add((byte)'0');
            return true;
        }

        var digits = buffer[..length];
        if (!IsShortestOfDouble(number, digits, point)) return false;
        if (number[0] == '-') output.Add((byte)'-');
        Layout(digits, point, output);
        return true;
    }

    /// <summary>The value as 0.d1d2…dk · 10^point, neither d1 nor dk zero; no digits for zero.</summary>
    /// <returns>False for more digits, or a point farther out, than any double has.</returns>
    static bool TrySplit(ReadOnlySpan<byte> number, Span<byte> digits, out int length, out int point)
    {
        (length, point) = (0, 0);
        var e = number.IndexOfAny((byte)'e', (byte)'E');
        var mantissa = e < 0 ? number : number[..e];
        var first = mantissa.IndexOfAnyInRange((byte)'1', (byte)'9');
        if (first < 0) return true;

        var last = mantissa.LastIndexOfAnyInRange((byte)'1', (byte)'9');
        foreach (var c in mantissa[first..(last + 1)])
        {
            if (c == '.') continue;
            if (length == MaxDigits) return false;
            digits[length++] = c;
        }

        var dot = mantissa.IndexOf((byte)'.') is >= 0 and var found ? found : mantissa.Length;
        var place = Exponent(e < 0 ? default : number[(e + 1)..]) + (first < dot ? dot - first : dot + 1 - first);
        point = (int)place;
        return Math.Abs(place) <= 400;
    }

    /// <summary>Ends where no text in memory could balance it.</summary>
    static long Exponent(ReadOnlySpan<byte> text)
    {
        var exponent = 0L;
        foreach (var c in text)
            if (char.IsAsciiDigit((char)c)) exponent = Math.Min((exponent * 10) + c - '0', 1L << 40);

        return text.StartsWith("-"u8) ? -exponent : exponent;
    }

    /// <summary>The steps of Number::toString (ECMA-262, 6.1.6.1.20) from the digits on; its n is the point.</summary>
    static void Layout(ReadOnlySpan<byte> digits, int n, ByteList output)
    {
        var k = digits.Length;
        if (n is > 21 or <= -6)
        {
            output.Add(digits[..1]);
            if (k > 1) output.Add((byte)'.');
            output.Add(digits[1..]);
            output.Add(n > 0 ? "e+"u8 : "e-"u8);
            output.Add(Encoding.ASCII.GetBytes($"{Math.Abs(n - 1)}"));
        }
        else if (n <= 0)
        {
            output.Add("0."u8);
            for (var i = n; i < 0; i++) output.Add((byte)'0');
            output.Add(digits);
        }
        else
        {
            output.Add(digits[..Math.Min(k, n)]);
            for (var i = k; i < n; i++) output.Add((byte)'0');
            if (k > n) output.Add((byte)'.');
            output.Add(digits[Math.Min(k, n)..]);
        }
    }

    /// <summary>Whether the number is what its nearest double prints: the shortest digits that read as it, and of those the closest.</summary>
    static bool IsShortestOfDouble(ReadOnlySpan<byte> number, ReadOnlySpan<byte> digits, int point)
    {
        // Any decimal of 15 digits survives the way through a double (DBL_DIG of C), away from the ends of the range.
        if (digits.Length <= 15 && point is > -300 and < 300) return true;

        var value = Math.Abs(double.Parse(number, NumberStyles.Float, CultureInfo.InvariantCulture));
        if (!double.IsFinite(value) || value == 0) return false;

        var bits = BitConverter.DoubleToInt64Bits(value);
        var (biased, fraction) = ((int)(bits >> 52), bits & ((1L << 52) - 1));
        var mantissa = biased == 0 ? fraction : fraction | (1L << 52);
        var exponent = Math.Max(biased, 1) - 1075;

        // Everything in one unit that makes it an integer: a quarter of the distance to the next double, and the last
        // digit's place.
        var t = point - digits.Length;
        var quarter = BigInteger.Pow(10, Math.Max(-t, 0)) << Math.Max(exponent - 2, 0);
        var step = BigInteger.Pow(10, Math.Max(t, 0)) << Math.Max(2 - exponent, 0);
        var exact = mantissa * 4 * quarter;
        var stated = long.Parse(digits, CultureInfo.InvariantCulture) * step;

        // Half way to the neighbours; the one below a power of two is nearer. On the border the even one wins.
        var low = exact - (fraction == 0 && biased > 1 ? quarter : 2 * quarter);
        var high = exact + (2 * quarter);
        bool ReadsAsIt(BigInteger decimalValue) =>
            mantissa % 2 == 0 ? decimalValue >= low && decimalValue <= high : decimalValue > low && decimalValue < high;

        var shorter = exact / (10 * step) * (10 * step);
        if (digits.Length > 1 && (ReadsAsIt(shorter) || ReadsAsIt(shorter + (10 * step)))) return false;

        return BigInteger.Abs(stated - exact) * 2 <= step;
    }

    static int DigitsAt(ReadOnlySpan<byte> json, int at)
    {
        var count = 0;
        while (at + count < json.Length && char.IsAsciiDigit((char)json[at + count])) count++;
        return count;
    }
}
