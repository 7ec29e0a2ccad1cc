using System.Globalization;

namespace Stet.Pcs;

/// <summary>The content of a JSON string as it stands, its escapes known to be well-formed.</summary>
static class EscapedText
{
    /// <summary>Whether every escaped surrogate has its other half. Raw ones are no UTF-8 to begin with.</summary>
    public static bool HasWholeCharacters(ReadOnlySpan<byte> escaped)
    {
        for (int backslash; (backslash = escaped.IndexOf((byte)'\\')) >= 0;)
        {
            escaped = escaped[backslash..];
            if (escaped[1] != 'u')
            {
                escaped = escaped[2..];
                continue;
            }

            var unit = CodeUnit(escaped);
            escaped = escaped[6..];
            if (!char.IsSurrogate(unit)) continue;

            if (!char.IsHighSurrogate(unit) || !escaped.StartsWith("\\u"u8) || !char.IsLowSurrogate(CodeUnit(escaped)))
                return false;

            escaped = escaped[6..];
        }

        return true;
    }

    static char CodeUnit(ReadOnlySpan<byte> escape) =>
        (char)ushort.Parse(escape[2..6], NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture);
}
