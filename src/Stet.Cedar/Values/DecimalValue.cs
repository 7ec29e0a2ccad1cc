using System.Diagnostics.CodeAnalysis;

namespace Stet.Cedar;

/// <summary>A decimal number with four digits behind the point.</summary>
/// <param name="tenThousandths">Its value times 10,000.</param>
public sealed class DecimalValue(long tenThousandths) : Value
{
    const int Scale = 4;

    /// <summary>Its value times 10,000.</summary>
    public long TenThousandths => tenThousandths;

    /// <inheritdoc/>
    public override ValueKind Kind => ValueKind.Decimal;

    /// <summary>
    /// Reads an optional <c>-</c>, digits, a point and 1 to 4 digits; the value times 10,000 has to fit 64 bits.
    /// </summary>
    public static bool TryParse(ReadOnlySpan<char> text, [NotNullWhen(true)] out DecimalValue? value)
    {
        value = null;
        var isNegative = text.StartsWith('-');
        if (isNegative) text = text[1..];

        var point = text.IndexOf('.');
        if (point < 1) return false;

        var fraction = text[(point + 1)..];
        if (fraction.Length > Scale || !Digits.TryRead(text[..point], out var units)
            || !Digits.TryRead(fraction, out var part)) return false;

        for (var i = fraction.Length; i < Scale; i++) part *= 10;

        var scaled = (units * 10_000) + part;
        if (isNegative) scaled = -scaled;
        if (scaled < long.MinValue || scaled > long.MaxValue) return false;

        value = new DecimalValue((long)scaled);
        return true;
    }

    /// <inheritdoc/>
    public override bool Equals(Value? other) =>
        other is DecimalValue { TenThousandths: var its } && its == tenThousandths;

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(ValueKind.Decimal, tenThousandths);

    internal string ToArgument()
    {
        var magnitude = tenThousandths < 0 ? -(Int128)tenThousandths : tenThousandths;
        return $"{(tenThousandths < 0 ? "-" : "")}{magnitude / 10_000}.{(int)(magnitude % 10_000):D4}";
    }
}
