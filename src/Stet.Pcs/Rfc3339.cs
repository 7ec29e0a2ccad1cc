namespace Stet.Pcs;

/// <summary>Times of RFC 3339, 5.6, with an upper-case <c>T</c> and <c>Z</c>.</summary>
static class Rfc3339
{
    const int MaxFractionDigits = 9;

    /// <param name="text">The time.</param>
    /// <param name="time">In UTC, cut to 100 ns.</param>
    /// <param name="shape">How it was written.</param>
    /// <returns>False as well for a leap second, which no clock here shows, and for times .NET does not have.</returns>
    public static bool TryParse(ReadOnlySpan<char> text, out DateTimeOffset time, out Shape shape)
    {
        (time, shape) = (default, default);

        if (text.Length < 20) return false;
        if (text[4] != '-' || text[7] != '-' || text[10] != 'T' || text[13] != ':' || text[16] != ':') return false;
        if (!TryNumber(text[..4], out var year) || !TryNumber(text[5..7], out var month) ||
            !TryNumber(text[8..10], out var day) || !TryNumber(text[11..13], out var hour) ||
            !TryNumber(text[14..16], out var minute) || !TryNumber(text[17..19], out var second))
        {
            return false;
        }

        if (year < 1 || month is < 1 or > 12 || day < 1 || day > DateTime.DaysInMonth(year, month)) return false;
        if (hour > 23 || minute > 59 || second > 59) return false;
        if (!TryFraction(text[19..], out var fraction, out var fractionDigits)) return false;

        var zone = text[(fractionDigits == 0 ? 19 : 20 + fractionDigits)..];
        if (!TryOffset(zone, out var offsetMinutes)) return false;

        var ticks = new DateTime(year, month, day, hour, minute, second, DateTimeKind.Utc).Ticks + fraction -
                    (offsetMinutes * TimeSpan.TicksPerMinute);
        if (ticks < 0 || ticks > DateTime.MaxValue.Ticks) return false;

        time = new DateTimeOffset(ticks, TimeSpan.Zero);
        shape = new Shape(zone is "Z", fractionDigits);
        return true;
    }

    /// <param name="text">From the seconds on.</param>
    /// <param name="ticks">The fraction, in 100 ns.</param>
    /// <param name="digits">0 without a point.</param>
    static bool TryFraction(ReadOnlySpan<char> text, out long ticks, out int digits)
    {
        (ticks, digits) = (0, 0);
        if (text[0] != '.') return true;

        var rest = text[1..];
        digits = rest.IndexOfAnyExceptInRange('0', '9');
        if (digits is < 1 or > MaxFractionDigits) return false;

        for (var i = 0; i < 7; i++) ticks = (ticks * 10) + (i < digits ? rest[i] - '0' : 0);
        return true;
    }

    static bool TryOffset(ReadOnlySpan<char> zone, out int minutes)
    {
        minutes = 0;
        if (zone is "Z") return true;
        if (zone.Length != 6 || zone[0] is not ('+' or '-') || zone[3] != ':') return false;
        if (!TryNumber(zone[1..3], out var hour) || !TryNumber(zone[4..6], out var minute)) return false;
        if (hour > 23 || minute > 59) return false;

        minutes = ((hour * 60) + minute) * (zone[0] == '-' ? -1 : 1);
        return true;
    }

    static bool TryNumber(ReadOnlySpan<char> digits, out int number)
    {
        number = 0;
        foreach (var digit in digits)
        {
            if (!char.IsAsciiDigit(digit)) return false;
            number = (number * 10) + digit - '0';
        }

        return true;
    }

    /// <param name="IsUtc">Whether the zone is written <c>Z</c>.</param>
    /// <param name="FractionDigits">0 to 9.</param>
    public readonly record struct Shape(bool IsUtc, int FractionDigits);
}
