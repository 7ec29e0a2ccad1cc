using System.Diagnostics.CodeAnalysis;

namespace Stet.Cedar;

/// <summary>An instant.</summary>
/// <param name="milliseconds">Milliseconds since 1970-01-01T00:00:00Z, leap seconds not counted.</param>
public sealed class DateTimeValue(long milliseconds) : Value
{
    // 0000-01-01 and 9999-12-31T23:59:59.999, the ends of what text can say.
    const long FirstWritten = -719_528 * DurationValue.Day;
    const long LastWritten = (2_932_897 * DurationValue.Day) - 1;

    /// <summary>Milliseconds since 1970-01-01T00:00:00Z, leap seconds not counted.</summary>
    public long Milliseconds => milliseconds;

    /// <inheritdoc/>
    public override ValueKind Kind => ValueKind.DateTime;

    /// <summary>The instant, cut to milliseconds (towards the past).</summary>
    public static DateTimeValue Of(DateTimeOffset instant) => new(instant.ToUnixTimeMilliseconds());

    /// <summary>
    /// Reads <c>YYYY-MM-DD</c>, or that with <c>Thh:mm:ss</c>, optional <c>.SSS</c>, then <c>Z</c> or an offset such as
    /// <c>+0100</c>. The day has to be in the calendar (proleptic Gregorian, with a year 0), the second below 60, the
    /// offset's hours up to 23 and its minutes up to 59.
    /// </summary>
    public static bool TryParse(ReadOnlySpan<char> text, [NotNullWhen(true)] out DateTimeValue? value)
    {
        value = null;

        if (text.Length < 10 || text[4] != '-' || text[7] != '-' || !TryRead(text[..4], 9999, out var year)
            || !TryRead(text[5..7], 12, out var month) || !TryRead(text[8..10], 31, out var day)
            || month == 0 || day == 0 || day > DaysIn(year, month)) return false;

        var instant = DaysSince1970(year, month, day) * DurationValue.Day;

        if (text.Length > 10)
        {
            if (!TryReadTime(text[10..], out var time)) return false;
            instant += time;
        }

        value = new DateTimeValue(instant);
        return true;
    }

    /// <inheritdoc/>
    public override bool Equals(Value? other) =>
        other is DateTimeValue { Milliseconds: var its } && its == milliseconds;

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(ValueKind.DateTime, milliseconds);

    /// <summary>The start of its UTC day; false before the first day that fits.</summary>
    internal bool TryGetDate([NotNullWhen(true)] out DateTimeValue? date)
    {
        var time = TimeOfDay;
        date = milliseconds >= long.MinValue + time ? new DateTimeValue(milliseconds - time) : null;
        return date is not null;
    }

    internal long TimeOfDay => ((milliseconds % DurationValue.Day) + DurationValue.Day) % DurationValue.Day;

    /// <summary>What the constructor reads; null outside the years 0000 to 9999, which text cannot say.</summary>
    internal string? ToArgument()
    {
        if (milliseconds is < FirstWritten or > LastWritten) return null;

        var time = TimeOfDay;
        var (year, month, day) = DayOf((milliseconds - time) / DurationValue.Day);
        var date = $"{year:D4}-{month:D2}-{day:D2}";

        if (time == 0) return date;

        var (hour, minute) = (time / DurationValue.Hour, time / DurationValue.Minute % 60);
        return $"{date}T{hour:D2}:{minute:D2}:{time / DurationValue.Second % 60:D2}.{time % 1000:D3}Z";
    }

    /// <summary>Reads from the <c>T</c> on: the milliseconds since midnight UTC of the day written.</summary>
    static bool TryReadTime(ReadOnlySpan<char> text, out long time)
    {
        time = 0;

        if (text.Length < 10 || text[0] != 'T' || text[3] != ':' || text[6] != ':'
            || !TryRead(text[1..3], 23, out var hour)
            || !TryRead(text[4..6], 59, out var minute) || !TryRead(text[7..9], 59, out var second)) return false;

        time = (hour * DurationValue.Hour) + (minute * DurationValue.Minute) + (second * DurationValue.Second);
        text = text[9..];

        if (text[0] == '.')
        {
            if (text.Length < 5 || !TryRead(text[1..4], 999, out var millisecond)) return false;
            time += millisecond;
            text = text[4..];
        }

        if (text is "Z") return true;

        if (text.Length != 5 || text[0] is not ('+' or '-') || !TryRead(text[1..3], 23, out var hours)
            || !TryRead(text[3..5], 59, out var minutes)) return false;

        var offset = (hours * DurationValue.Hour) + (minutes * DurationValue.Minute);
        time += text[0] == '+' ? -offset : offset;
        return true;
    }

    static bool TryRead(ReadOnlySpan<char> digits, int most, out int number)
    {
        number = 0;

        foreach (var character in digits)
        {
            if (!char.IsAsciiDigit(character)) return false;
            number = (number * 10) + (character - '0');
        }

        return number <= most;
    }

    static int DaysIn(int year, int month) => month switch
    {
        2 => year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28,
        4 or 6 or 9 or 11 => 30,
        _ => 31,
    };

    // System.DateTime knows no year 0. Years that begin in March put the leap day last; 400 of them have 146,097 days,
    // and 719,468 days lie between 0000-03-01 and 1970-01-01.
    static long DaysSince1970(int year, int month, int day)
    {
        if (month < 3) year--;
        var era = Math.DivRem(year + 400, 400, out var yearOfEra) - 1;
        var dayOfYear = (((153 * ((month + 9) % 12)) + 2) / 5) + day - 1;
        return (era * 146_097L) + (yearOfEra * 365) + (yearOfEra / 4) - (yearOfEra / 100) + dayOfYear - 719_468;
    }

    static (long Year, long Month, long Day) DayOf(long days)
    {
        days += 719_468 + 146_097;
        var era = (days / 146_097) - 1;
        var dayOfEra = days % 146_097;
        var yearOfEra = (dayOfEra - (dayOfEra / 1_460) + (dayOfEra / 36_524) - (dayOfEra / 146_096)) / 365;
        var dayOfYear = dayOfEra - ((365 * yearOfEra) + (yearOfEra / 4) - (yearOfEra / 100));
        var month = ((5 * dayOfYear) + 2) / 153;
        var year = yearOfEra + (era * 400) + (month >= 10 ? 1 : 0);
        return (year, month >= 10 ? month - 9 : month + 3, dayOfYear - (((153 * month) + 2) / 5) + 1);
    }
}
