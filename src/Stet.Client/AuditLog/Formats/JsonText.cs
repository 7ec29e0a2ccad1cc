namespace Stet.Client.AuditLog.Formats;

/// <summary>The small steps through the bytes of a JSON text; past its end there are zeros.</summary>
static class JsonText
{
    /// <summary>
    /// Compares as UTF-16 would: as the bytes, but that characters of four bytes, which are surrogates there, come
    /// before U+E000 to U+FFFF, which begin with 0xEE or 0xEF.
    /// </summary>
    public static int CompareUtf16(ReadOnlySpan<byte> left, ReadOnlySpan<byte> right)
    {
        var same = left.CommonPrefixLength(right);
        if (same == left.Length || same == right.Length) return left.Length - right.Length;

        var (l, r) = (left[same], right[same]);
        if (l >= 0xEE && r >= 0xEE && l >= 0xF0 != r >= 0xF0) return l >= 0xF0 ? -1 : 1;
        return l - r;
    }

    public static char Peek(ReadOnlySpan<byte> json, int at) => at < json.Length ? (char)json[at] : '\0';

    public static bool TryTake(ReadOnlySpan<byte> json, ref int at, char c)
    {
        if (Peek(json, at) != c) return false;
        at++;
        return true;
    }

    public static void SkipSpace(ReadOnlySpan<byte> json, ref int at)
    {
        while (Peek(json, at) is ' ' or '\t' or '\n' or '\r') at++;
    }

    /// <summary>The value of <c>\uXXXX</c>; -1 if there is no such thing.</summary>
    public static int Utf16Unit(ReadOnlySpan<byte> json, int at)
    {
        if (Peek(json, at) != '\\' || Peek(json, at + 1) != 'u') return -1;

        var unit = 0;
        for (var i = at + 2; i < at + 6; i++)
        {
            var c = Peek(json, i);
            if (!char.IsAsciiHexDigit(c)) return -1;
            unit = (unit << 4) | (char.IsAsciiDigit(c) ? c - '0' : (c | 0x20) - 'a' + 10);
        }

        return unit;
    }
}
