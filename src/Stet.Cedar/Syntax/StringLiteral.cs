using System.Collections.Immutable;
using System.Globalization;
using System.Text;

namespace Stet.Cedar;

/// <summary>Strings in quotes, with their escapes.</summary>
static class StringLiteral
{
    /// <summary>
    /// Resolves the escapes of a string, whose place includes its quotes; <paramref name="escape"/> is the first one that
    /// does not exist.
    /// </summary>
    internal static bool TryUnescape(string text, TextSpan where, out string content, out TextSpan escape)
    {
        escape = default;
        content = text.Substring(where.Start + 1, where.Length - 2);
        if (!content.Contains('\\')) return true;

        var unescaped = new StringBuilder(content.Length);

        for (var at = where.Start + 1; at < where.End - 1;)
        {
            if (!TryReadUnit(text, ref at, where.End - 1, out var scalar, out _, isPattern: false, out escape))
                return false;
            unescaped.Append(scalar);
        }

        content = unescaped.ToString();
        return true;
    }

    /// <summary>
    /// Cuts a pattern at its wildcards: a bare star, and every escape of U+002A other than <c>\*</c>.
    /// </summary>
    internal static bool TryReadPattern(
        string text, TextSpan where, out ImmutableArray<string> pieces, out TextSpan escape)
    {
        var found = ImmutableArray.CreateBuilder<string>();
        var piece = new StringBuilder();
        pieces = [];
        escape = default;

        for (var at = where.Start + 1; at < where.End - 1;)
        {
            if (!TryReadUnit(text, ref at, where.End - 1, out var unit, out var isStar, isPattern: true, out escape))
                return false;

            if (unit == "*" && !isStar)
            {
                found.Add(piece.ToString());
                piece.Clear();
            }
            else piece.Append(unit);
        }

        found.Add(piece.ToString());
        pieces = found.ToImmutable();
        return true;
    }

    /// <summary>What to do about an escape that does not exist.</summary>
    internal static string Advice(ReadOnlySpan<char> escape) =>
        $"`{ValueText.Shown(escape)}` is no escape: use `\\n \\r \\t \\\\ \\0 \\' \\\"`, `\\x00` to `\\x7F`, or `\\u{{...}}` "
        + "with 1 to 6 hex digits of a Unicode scalar value; `\\*` is one in patterns only.";

    static bool TryReadUnit(
        string text, ref int at, int end, out string unit, out bool isStar, bool isPattern, out TextSpan escape)
    {
        var start = at++;
        isStar = false;
        escape = default;
        unit = "";

        if (text[start] != '\\')
        {
            unit = text[start].ToString();
            return true;
        }

        var letter = text[at++];
        isStar = letter == '*' && isPattern;

        var scalar = letter switch
        {
            'n' => '\n',
            'r' => '\r',
            't' => '\t',
            '0' => '\0',
            '\\' or '\'' or '"' => letter,
            '*' when isPattern => '*',
            'x' => ReadHex(text, ref at, end, 2, 2, 0x7F),
            'u' => ReadBraced(text, ref at, end),
            _ => -1,
        };

        if (!Rune.IsValid(scalar))
        {
            escape = new TextSpan(start, Math.Min(at, end) - start);
            return false;
        }

        unit = new Rune(scalar).ToString();
        return true;
    }

    static int ReadBraced(string text, ref int at, int end)
    {
        if (at >= end || text[at] != '{') return -1;
        at++;
        var scalar = ReadHex(text, ref at, end, 1, 6, 0x10FFFF);
        return at < end && text[at++] == '}' ? scalar : -1;
    }

    static int ReadHex(string text, ref int at, int end, int least, int most, int largest)
    {
        var digits = 0;
        while (digits < most && at + digits < end && char.IsAsciiHexDigit(text[at + digits])) digits++;
        if (digits < least) return -1;

        var number = int.Parse(text.AsSpan(at, digits), NumberStyles.AllowHexSpecifier);
        at += digits;
        return number <= largest ? number : -1;
    }
}
