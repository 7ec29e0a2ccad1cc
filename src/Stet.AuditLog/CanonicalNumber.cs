using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text;

namespace Stet.AuditLog;

/// <summary>Numbers as RFC 8785, 3.2.2.3 prints them: the way ECMAScript prints a double.</summary>
static class CanonicalNumber
{
    /// <summary>Enough for a sign, <c>0.00000</c> and 17 digits, or 21 digits.</summary>
    public const int MaxLength = 32;

    // No double has more digits in its shortest form that reads back as itself.
    const int MaxDigits = 17;

    /// <summary>
    /// Prints <paramref name="token"/>, a number by the grammar of JSON, into at least <see cref="MaxLength"/> bytes.
    /// </summary>
    public static bool TryWrite(
        ReadOnlySpan<byte> token, Span<byte> destination, out int written, [NotNullWhen(false)] out string? refusal)
    {
        refusal = null;
        var isNegative = token[0] == '-';
        var sent = new Significand(token, stackalloc byte[MaxDigits]);

        if (sent.IsItsOwnDouble)
        {
            written = Write(sent, isNegative, destination);
            return true;
        }

        // Always succeeds: the grammar of JSON is narrower. Beyond the range it gives an infinity.
        _ = double.TryParse(token, NumberStyles.Float, CultureInfo.InvariantCulture, out var value);
        if (!double.IsFinite(value))
        {
            written = 0;
            refusal = $"The number `{Quoted(token)}` is beyond the range of a double (IEEE 754): send it as a string.";
            return false;
        }

        Span<byte> printed = stackalloc byte[MaxLength];
        var kept = new Significand(Print(value, printed), stackalloc byte[MaxDigits]);
        written = Write(kept, isNegative, destination);

        if (sent.IsSameAs(kept)) return true;

        refusal = $"The number `{Quoted(token)}` would be kept as `{Quoted(destination[..written])}`, which is " +
                  "not the same: round it to at most 15 digits or send it as a string.";
        return false;
    }

    /// <summary>The shortest digits that read back as the double, in whatever layout.</summary>
    static ReadOnlySpan<byte> Print(double value, Span<byte> printed)
    {
        value.TryFormat(printed, out var length, provider: CultureInfo.InvariantCulture);

        // .NET prints some powers of two, 2^-25 for one, a digit too short, so that they read back as the double below.
        if (double.Parse(printed[..length], CultureInfo.InvariantCulture) != value)
            value.TryFormat(printed, out length, "E16", CultureInfo.InvariantCulture);

        return printed[..length];
    }

    /// <summary>The steps of Number::toString (ECMA-262, 6.1.6.1.20), for radix 10, with its names n and k.</summary>
    static int Write(Significand significand, bool isNegative, Span<byte> destination)
    {
        var digits = significand.Digits;
        var (k, n) = (digits.Length, (int)significand.Point);
        var output = new SpanWriter(destination);

        if (k == 0)
        {
            output.Add("0"u8);
            return output.Length;
        }

        if (isNegative) output.Add("-"u8);

        if (k <= n && n <= 21)
        {
            output.Add(digits);
            output.AddZeros(n - k);
        }
        else if (0 < n && n <= 21)
        {
            output.Add(digits[..n]);
            output.Add("."u8);
            output.Add(digits[n..]);
        }
        else if (-6 < n && n <= 0)
        {
            output.Add("0."u8);
            output.AddZeros(-n);
            output.Add(digits);
        }
        else
        {
            output.Add(digits[..1]);
            if (k > 1) output.Add("."u8);
            output.Add(digits[1..]);
            output.Add(n > 0 ? "e+"u8 : "e-"u8);
            output.Add(Math.Abs(n - 1));
        }

        return output.Length;
    }

    static string Quoted(ReadOnlySpan<byte> token) =>
        token.Length <= 40 ? Encoding.ASCII.GetString(token) : Encoding.ASCII.GetString(token[..40]) + "…";

    /// <summary>The exact value of a decimal number without sign: 0.d1d2…dk × 10^Point, d1 and dk not zero.</summary>
    readonly ref struct Significand
    {
        /// <param name="number">A number by the grammar of JSON, or as .NET prints a double.</param>
        /// <param name="buffer">Room for the digits; a number with more equals no other.</param>
        public Significand(ReadOnlySpan<byte> number, Span<byte> buffer)
        {
            var (count, zeros, isFraction) = (0, 0, false);
            var end = number.IndexOfAny("eE"u8) is >= 0 and var e ? e : number.Length;

            foreach (var c in number[..end].TrimStart((byte)'-'))
            {
                if (c == '.')
                {
                    isFraction = true;
                }
                else if (c == '0' && count == 0)
                {
                    if (isFraction) Point--;
                }
                else
                {
                    if (!isFraction) Point++;
                    if (c == '0')
                    {
                        zeros++; // inner ones if a digit follows
                        continue;
                    }

                    if (count + zeros >= buffer.Length)
                    {
                        IsTooLong = true;
                        return;
                    }

                    buffer.Slice(count, zeros).Fill((byte)'0');
                    buffer[count + zeros] = c;
                    (count, zeros) = (count + zeros + 1, 0);
                }
            }

            Digits = buffer[..count];
            if (end < number.Length) Point += Exponent(number[(end + 1)..]);
        }

        public ReadOnlySpan<byte> Digits { get; }

        public long Point { get; }

        bool IsTooLong { get; }

        /// <summary>
        /// No two numbers of at most 15 digits read as one double, away from the ends of the range (DBL_DIG of C): each
        /// is the shortest form of its own.
        /// </summary>
        public bool IsItsOwnDouble =>
            !IsTooLong && (Digits.IsEmpty || (Digits.Length <= 15 && Point is > -300 and < 300));

        public bool IsSameAs(Significand other) =>
            !IsTooLong && !other.IsTooLong &&
            Digits.SequenceEqual(other.Digits) && (Digits.IsEmpty || Point == other.Point);

        /// <summary>Cut off far beyond what the digits of a text in memory could bring back into range.</summary>
        static long Exponent(ReadOnlySpan<byte> text)
        {
            const long limit = 1L << 40;
            var exponent = 0L;
            foreach (var digit in text.TrimStart("+-"u8)) exponent = Math.Min((exponent * 10) + digit - '0', limit);

            return text[0] == '-' ? -exponent : exponent;
        }
    }

    ref struct SpanWriter(Span<byte> destination)
    {
        Span<byte> free = destination;

        public int Length { get; private set; }

        public void Add(ReadOnlySpan<byte> text)
        {
            text.CopyTo(free);
            Advance(text.Length);
        }

        public void Add(int number)
        {
            number.TryFormat(free, out var length, provider: CultureInfo.InvariantCulture);
            Advance(length);
        }

        public void AddZeros(int count)
        {
            free[..count].Fill((byte)'0');
            Advance(count);
        }

        void Advance(int length)
        {
            Length += length;
            free = free[length..];
        }
    }
}
