using System.Buffers;
using System.Buffers.Text;
using System.Text;

namespace Stet.Cedar;

/// <summary>
/// Writes JSON as RFC 8785 wants it: no white space, strings escaped as little as possible. Members come in the order of
/// the calls, which has to be ordinal; integers keep every digit.
/// </summary>
sealed class CanonicalWriter
{
    static readonly SearchValues<char> Escaped =
        SearchValues.Create([.. Enumerable.Range(0, 0x20).Select(code => (char)code), '"', '\\']);

    readonly ArrayBufferWriter<byte> output = new();

    internal ReadOnlySpan<byte> Written => output.WrittenSpan;

    /// <summary>Writes what is JSON already.</summary>
    internal CanonicalWriter Raw(ReadOnlySpan<byte> json)
    {
        output.Write(json);
        return this;
    }

    internal CanonicalWriter Number(long number)
    {
        Utf8Formatter.TryFormat(number, output.GetSpan(20), out var length);
        output.Advance(length);
        return this;
    }

    internal CanonicalWriter String(string text)
    {
        Raw("\""u8);

        for (var rest = text.AsSpan(); ;)
        {
            var plain = rest.IndexOfAny(Escaped);
            Encoding.UTF8.GetBytes(plain < 0 ? rest : rest[..plain], output);
            if (plain < 0) break;

            Escape(rest[plain]);
            rest = rest[(plain + 1)..];
        }

        return Raw("\""u8);
    }

    void Escape(char character) => Raw(character switch
    {
        '"' => "\\\""u8,
        '\\' => @"\\"u8,
        '\b' => @"\b"u8,
        '\t' => @"\t"u8,
        '\n' => @"\n"u8,
        '\f' => @"\f"u8,
        '\r' => @"\r"u8,
        _ => Encoding.ASCII.GetBytes($"\\u{(int)character:x4}"),
    });
}
