using System.Security.Cryptography;
using Stet.AuditLog;

namespace Stet.Pcs;

/// <summary>Signatures as standard base64 with padding (RFC 4648, 4), of which each has one spelling.</summary>
static class SignatureText
{
    public const int HmacSize = SHA256.HashSizeInBytes;

    public const int MaxSize = Ed25519.SignatureSize;

    const int MaxCharacters = 88;

    /// <param name="text">The signature as it was sent.</param>
    /// <param name="signature">At least <see cref="MaxSize"/> bytes.</param>
    /// <param name="length">32 or 64.</param>
    /// <returns>False as well for another length and for any text but the one that the bytes encode to.</returns>
    public static bool TryDecode(ReadOnlySpan<char> text, Span<byte> signature, out int length)
    {
        length = 0;
        // Also keeps the decoder from a text of any size.
        if (text.Length is not (44 or MaxCharacters)) return false;
        if (!Convert.TryFromBase64Chars(text, signature, out length)) return false;
        if (length is not (HmacSize or Ed25519.SignatureSize)) return false;

        Span<char> again = stackalloc char[MaxCharacters];
        return Convert.TryToBase64Chars(signature[..length], again, out var written) &&
               text.SequenceEqual(again[..written]);
    }
}
