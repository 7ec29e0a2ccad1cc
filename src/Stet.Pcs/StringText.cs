using System.Buffers;

namespace Stet.Pcs;

/// <summary>How producers escape a string.</summary>
enum StringStyle
{
    /// <summary>S1: all but printable ASCII as <c>\uXXXX</c>.</summary>
    S1,

    /// <summary>S2: as S3, with <c>&lt; &gt; &amp;</c> U+2028 and U+2029 as <c>\uXXXX</c>.</summary>
    S2,

    /// <summary>S3: only quote, backslash and control characters are escaped, as in RFC 8785, 3.2.2.2.</summary>
    S3,
}

/// <summary>Writes strings, with the quotes around them.</summary>
static class StringText
{
    const string Controls =
        "\u0000\u0001\u0002\u0003\u0004\u0005\u0006\u0007\u0008\u0009\u000a\u000b\u000c\u000d\u000e\u000f" +
        "\u0010\u0011\u0012\u0013\u0014\u0015\u0016\u0017\u0018\u0019\u001a\u001b\u001c\u001d\u001e\u001f";

    static readonly SearchValues<char> printableAscii = SearchValues.Create(
        " !#$%&'()*+,-./0123456789:;<=>?@ABCDEFGHIJKLMNOPQRSTUVWXYZ[]^_`abcdefghijklmnopqrstuvwxyz{|}~");

    static readonly SearchValues<char> s2Escapes = SearchValues.Create(Controls + "\"\\<>&\u2028\u2029");

    static readonly SearchValues<char> s3Escapes = SearchValues.Create(Controls + "\"\\");

    public static void Write(ref TextBuffer text, ReadOnlySpan<char> value, StringStyle style)
    {
        text.Add((byte)'"');

        for (int escape; (escape = IndexOfEscape(value, style)) >= 0; value = value[(escape + 1)..])
        {
            text.Add(value[..escape]);
            WriteEscape(ref text, value[escape]);
        }

        text.Add(value);
        text.Add((byte)'"');
    }

    static int IndexOfEscape(ReadOnlySpan<char> value, StringStyle style) => style switch
    {
        StringStyle.S1 => value.IndexOfAnyExcept(printableAscii),
        StringStyle.S2 => value.IndexOfAny(s2Escapes),
        _ => value.IndexOfAny(s3Escapes),
    };

    static void WriteEscape(ref TextBuffer text, char unit)
    {
        switch (unit)
        {
            case '"': text.Add("\\\""u8); break;
            case '\\': text.Add("\\\\"u8); break;
            case '\b': text.Add("\\b"u8); break;
            case '\t': text.Add("\\t"u8); break;
            case '\n': text.Add("\\n"u8); break;
            case '\f': text.Add("\\f"u8); break;
            case '\r': text.Add("\\r"u8); break;
            default:
                text.Add("\\u"u8);
                for (var shift = 12; shift >= 0; shift -= 4) text.Add("0123456789abcdef"u8[(unit >> shift) & 0xF]);
                break;
        }
    }
}
