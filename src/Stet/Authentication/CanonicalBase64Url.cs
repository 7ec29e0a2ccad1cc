using System.Buffers;
using System.Buffers.Text;

namespace Stet.Authentication;

/// <summary>
/// Base64url as RFC 7515, section 2, means it: no padding, no white space, no bits left over. The framework's decoder
/// forgives all three, and then several texts would be the same token.
/// </summary>
static class CanonicalBase64Url
{
    public static bool TryDecode(ReadOnlySpan<byte> text, out byte[] bytes)
    {
        bytes = new byte[Base64Url.GetMaxDecodedLength(text.Length)];
        if (Base64Url.DecodeFromUtf8(text, bytes, out _, out var written) != OperationStatus.Done) return false;

        Array.Resize(ref bytes, written);
        return Base64Url.EncodeToUtf8(bytes).AsSpan().SequenceEqual(text);
    }
}
