using System.Globalization;

namespace Stet.Pcs;

/// <summary>
/// The shortest decimal digits that read back as a double, the value being ±0.d₁d₂…dₖ × 10^<see cref="Point"/>.
/// </summary>
readonly ref struct ShortestDigits
{
    /// <summary>Room that a constructor needs, bytes.</summary>
    public const int Room = 32;

    // A decimal number of up to 15 digits is the shortest form of the double nearest to it (DBL_DIG of C).
    const double FifteenDigits = 1e15;

    /// <param name="value">A finite number.</param>
    /// <param name="room">At least <see cref="Room"/> bytes, which the digits keep.</param>
    public ShortestDigits(double value, Span<byte> room)
    {
        IsNegative = double.IsNegative(value);
        var magnitude = Math.Abs(value);

        if (IsNineDecimals(magnitude))
        {
            ((long)Math.Round(magnitude * 1e9)).TryFormat(room, out var length, provider: CultureInfo.InvariantCulture);
            Digits = room[..length].TrimEnd((byte)'0');
            Point = Digits.IsEmpty ? 0 : length - 9;
            return;
        }

        Digits = Parsed(room, Print(magnitude, room), out var point);
        Point = point;
    }

    public bool IsNegative { get; }

    /// <summary>1 to 17 digits, neither the first nor the last a zero; none for zero.</summary>
    public ReadOnlySpan<byte> Digits { get; }

    public int Point { get; }

    /// <summary>Whether the shortest form, as far as 15 digits show it, has no digit after the ninth decimal.</summary>
    public static bool IsNineDecimals(double value)
    {
        var billionths = Math.Round(value * 1e9);
        return Math.Abs(billionths) < FifteenDigits && billionths / 1e9 == value;
    }

    static int Print(double magnitude, Span<byte> room)
    {
        magnitude.TryFormat(room, out var length, provider: CultureInfo.InvariantCulture);

        // .NET prints some powers of two, 2^-25 for one, a digit too short, so that they read back as the double below.
        if (length > 16 && double.Parse(room[..length], CultureInfo.InvariantCulture) != magnitude)
            magnitude.TryFormat(room, out length, "E16", CultureInfo.InvariantCulture);

        return length;
    }

    /// <summary>Takes sign, point, zeros at the ends and exponent out of a text as .NET prints it, in place.</summary>
    static Span<byte> Parsed(Span<byte> room, int length, out int point)
    {
        var text = room[..length];
        point = 0;

        if (text.IndexOf((byte)'E') is >= 0 and var e)
        {
            point = int.Parse(text[(e + 1)..], NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture);
            text = text[..e];
        }

        var (count, isFraction) = (0, false);
        foreach (var character in text)
        {
            if (character == '.')
            {
                isFraction = true;
            }
            else if (character == '0' && count == 0)
            {
                if (isFraction) point--;
            }
            else
            {
                if (!isFraction) point++;
                text[count++] = character;
            }
        }

        return text[..count].TrimEnd((byte)'0');
    }
}
