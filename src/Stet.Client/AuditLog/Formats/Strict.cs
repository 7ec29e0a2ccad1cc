using System.Buffers;
using System.Buffers.Text;
using System.Diagnostics.CodeAnalysis;

namespace Stet.Client.AuditLog.Formats;

/// <summary>Texts that have one spelling each: what is read here and written again is the same.</summary>
static class Strict
{
    /// <summary>A decimal of 0 to 2^63 - 1: ASCII digits, no sign, no space, no leading zero.</summary>
    public static bool TryDecimal(ReadOnlySpan<byte> text, out long value)
    {
        value = 0;
        if (text.IsEmpty || text.Length > 19 || (text[0] == '0' && text.Length > 1)) return false;

        var sum = 0UL;
        foreach (var c in text)
        {
            if (!char.IsAsciiDigit((char)c)) return false;
            sum = (sum * 10) + c - '0';
        }

        if (sum > long.MaxValue) return false;
        value = (long)sum;
        return true;
    }

    /// <summary>Padded base64 (RFC 4648, 4) of exactly as many bytes as the destination has.</summary>
    public static bool TryBase64(ReadOnlySpan<byte> text, Span<byte> destination)
    {
        if (text.Length != Base64.GetMaxEncodedToUtf8Length(destination.Length) ||
            Base64.DecodeFromUtf8(text, destination, out _, out var written) != OperationStatus.Done ||
            written != destination.Length)
        {
            return false;
        }

        // The decoder takes white space and stray trailing bits; only the one spelling comes back the same.
        Span<byte> again = stackalloc byte[128];
        byte[]? rented = null;
        if (text.Length > again.Length) again = rented = ArrayPool<byte>.Shared.Rent(text.Length);
        _ = Base64.EncodeToUtf8(destination, again, out _, out _);
        var same = again[..text.Length].SequenceEqual(text);
        if (rented is not null) ArrayPool<byte>.Shared.Return(rented);
        return same;
    }

    /// <summary>Padded base64 (RFC 4648, 4) of any number of bytes.</summary>
    public static bool TryBase64(ReadOnlySpan<byte> text, [NotNullWhen(true)] out byte[]? bytes)
    {
        bytes = null;
        if (text.Length % 4 != 0) return false;

        var padding = text.EndsWith("=="u8) ? 2 : text.EndsWith("="u8) ? 1 : 0;
        var decoded = new byte[(text.Length / 4 * 3) - padding];
        if (!TryBase64(text, decoded)) return false;

        bytes = decoded;
        return true;
    }

    /// <summary>Lower-case hexadecimal of exactly as many bytes as the destination has.</summary>
    public static bool TryHex(ReadOnlySpan<byte> text, Span<byte> destination) =>
        text.Length == destination.Length * 2 && text.IndexOfAnyInRange((byte)'A', (byte)'F') < 0 &&
        Convert.FromHexString(text, destination, out _, out _) == OperationStatus.Done;

    /// <summary>Takes a line, without its newline, off the front of the text.</summary>
    /// <returns>False, and nothing taken, when no newline is left.</returns>
    public static bool TryLine(ref ReadOnlySpan<byte> text, out ReadOnlySpan<byte> line)
    {
        var end = text.IndexOf((byte)'\n');
        line = end < 0 ? default : text[..end];
        if (end < 0) return false;

        text = text[(end + 1)..];
        return true;
    }
}
