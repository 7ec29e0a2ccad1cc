using System.Text;

namespace Stet.AuditLog;

/// <summary>Characters of a JSON string in their one canonical spelling (RFC 8785, 3.2.2.2).</summary>
static class CanonicalString
{
    public static void Append(ref PooledBuffer<byte> text, Rune character)
    {
        switch (character.Value)
        {
            case '"': text.Append("\\\""u8); break;
            case '\\': text.Append("\\\\"u8); break;
            case '\b': text.Append("\\b"u8); break;
            case '\t': text.Append("\\t"u8); break;
            case '\n': text.Append("\\n"u8); break;
            case '\f': text.Append("\\f"u8); break;
            case '\r': text.Append("\\r"u8); break;
            case < 0x10: text.Append("\\u000"u8); text.Add(HexDigit(character)); break;
            case < 0x20: text.Append("\\u001"u8); text.Add(HexDigit(character)); break;
            default: text.Advance(character.EncodeToUtf8(text.Free(4))); break;
        }
    }

    static byte HexDigit(Rune control) => "0123456789abcdef"u8[control.Value & 0xF];
}
