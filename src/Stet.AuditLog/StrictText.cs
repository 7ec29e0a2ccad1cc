using System.Diagnostics.CodeAnalysis;
using System.Text;

namespace Stet.AuditLog;

/// <summary>
/// Numbers and bytes in text, in one spelling each. What is signed or compared must not have a second one, which the
/// parsers of the class library would take.
/// </summary>
public static class StrictText
{
    static readonly UTF8Encoding utf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>Reads a decimal number: ASCII digits, no sign, no zero in front, at most 2^63 - 1.</summary>
    public static bool TryDecimal(ReadOnlySpan<char> text, out long number)
    {
        number = 0;
        if (text.IsEmpty || (text[0] == '0' && text.Length > 1)) return false;

        foreach (var character in text)
        {
            var digit = character - '0';
            if (digit is < 0 or > 9 || number > (long.MaxValue - digit) / 10) return false;

            number = (number * 10) + digit;
        }

        return true;
    }

    /// <summary>Reads base64 (RFC 4648, 4): padded, no white space, no stray bits at the end.</summary>
    public static bool TryBase64(string text, [NotNullWhen(true)] out byte[]? bytes)
    {
        ArgumentNullException.ThrowIfNull(text);
        bytes = null;
        var decoded = new byte[text.Length / 4 * 3];
        if (!Convert.TryFromBase64String(text, decoded, out var length)) return false;

        // The decoder ignores white space and the bits that padding leaves over: only one spelling comes back.
        if (Convert.ToBase64String(decoded.AsSpan(0, length)) != text) return false;

        bytes = decoded[..length];
        return true;
    }

    /// <summary>Reads a hash: base64 of 32 bytes.</summary>
    public static bool TryHash(string text, out LogHash hash)
    {
        var isHash = TryBase64(text, out var bytes) && bytes.Length == LogHash.Size;
        hash = isHash ? new LogHash(bytes) : default;
        return isHash;
    }

    /// <exception cref="AuditLogFormatException">The bytes are not UTF-8.</exception>
    internal static string FromUtf8(ReadOnlySpan<byte> bytes, string what)
    {
        try
        {
            return utf8.GetString(bytes);
        }
        catch (DecoderFallbackException)
        {
            throw new AuditLogFormatException($"The {what} is not valid UTF-8 (RFC 3629).");
        }
    }

    /// <exception cref="AuditLogFormatException">The text holds half a surrogate pair.</exception>
    internal static byte[] ToUtf8(string text, string what)
    {
        try
        {
            return utf8.GetBytes(text);
        }
        catch (EncoderFallbackException)
        {
            throw new AuditLogFormatException($"The {what} holds half a surrogate pair, which is no character.");
        }
    }
}
