using System.Diagnostics.CodeAnalysis;
using System.Text;

namespace Stet.Cedar;

/// <summary>A span of time.</summary>
/// <param name="milliseconds">How long; negative is backwards.</param>
public sealed class DurationValue(long milliseconds) : Value
{
    internal const long Day = 86_400_000;
    internal const long Hour = 3_600_000;
    internal const long Minute = 60_000;
    internal const long Second = 1_000;

    /// <summary>How long; negative is backwards.</summary>
    public long Milliseconds => milliseconds;

    /// <inheritdoc/>
    public override ValueKind Kind => ValueKind.Duration;

    /// <summary>
    /// Reads an optional <c>-</c>, then <c>Nd Nh Nm Ns Nms</c> without the spaces: each at most once, in that order, at
    /// least one. Every number and the sum have to fit 64 bits of milliseconds.
    /// </summary>
    public static bool TryParse(ReadOnlySpan<char> text, [NotNullWhen(true)] out DurationValue? value)
    {
        value = null;
        var sign = text.StartsWith('-') ? -1 : 1;
        if (sign < 0) text = text[1..];
        if (text.IsEmpty) return false;

        Int128 sum = 0;
        var smallest = long.MaxValue;

        while (!text.IsEmpty)
        {
            var digits = text.IndexOfAnyExceptInRange('0', '9');
            if (digits < 1 || !Digits.TryRead(text[..digits], out var number)) return false;
            text = text[digits..];

            var (unit, letters) = text switch
            {
                ['d', ..] => (Day, 1),
                ['h', ..] => (Hour, 1),
                ['m', 's', ..] => (1, 2),
                ['m', ..] => (Minute, 1),
                ['s', ..] => (Second, 1),
                _ => (long.MaxValue, 0),
            };

            // Also the way out for a unit that does not exist.
            if (unit >= smallest) return false;
            smallest = unit;
            text = text[letters..];

            var part = sign * number * unit;
            sum += part;
            if (!Fits(part) || !Fits(sum)) return false;
        }

        value = new DurationValue((long)sum);
        return true;
    }

    /// <inheritdoc/>
    public override bool Equals(Value? other) =>
        other is DurationValue { Milliseconds: var its } && its == milliseconds;

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(ValueKind.Duration, milliseconds);

    internal string ToArgument()
    {
        if (milliseconds == 0) return "0ms";

        var text = new StringBuilder(milliseconds < 0 ? "-" : "");
        var rest = UInt128.CreateTruncating(Int128.Abs(milliseconds));

        foreach (var (unit, letters) in (ReadOnlySpan<(long, string)>)[(Day, "d"), (Hour, "h"), (Minute, "m"), (Second, "s"), (1, "ms")])
        {
            var number = rest / (UInt128)unit;
            if (number != 0) text.Append(number).Append(letters);
            rest %= (UInt128)unit;
        }

        return text.ToString();
    }

    static bool Fits(Int128 number) => number >= long.MinValue && number <= long.MaxValue;
}
