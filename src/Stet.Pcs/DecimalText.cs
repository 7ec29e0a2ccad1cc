using System.Buffers.Text;

namespace Stet.Pcs;

/// <summary>Decimal texts of integers, of which each integer has one.</summary>
static class DecimalText
{
    /// <summary>Whether this is the text of an integer of 64 bits: no plus, no leading zero, no <c>-0</c>.</summary>
    public static bool TryParse(ReadOnlySpan<byte> text, out long integer)
    {
        integer = 0;
        var digits = text.StartsWith((byte)'-') ? text[1..] : text;
        if (digits.IsEmpty || !char.IsAsciiDigit((char)digits[0])) return false;
        if (digits[0] == '0' && text.Length > 1) return false;

        return Utf8Parser.TryParse(text, out integer, out var read) && read == text.Length;
    }
}
