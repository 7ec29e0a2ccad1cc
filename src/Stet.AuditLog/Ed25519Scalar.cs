using System.Runtime.InteropServices;
using System.Security.Cryptography;

namespace Stet.AuditLog;

/// <summary>Numbers modulo the order L of the base point, 32 bytes, little-endian.</summary>
/// <remarks>No branch and no index depends on a value. The reduction is TweetNaCl's (public domain).</remarks>
static class Ed25519Scalar
{
    /// <summary>L = 2^252 + 27742317777372353535851937790883648493.</summary>
    public static ReadOnlySpan<byte> Order =>
    [
        0xED, 0xD3, 0xF5, 0x5C, 0x1A, 0x63, 0x12, 0x58, 0xD6, 0x9C, 0xF7, 0xA2, 0xDE, 0xF9, 0xDE, 0x14,
        0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10,
    ];

    /// <summary>A number of 64 bytes modulo L.</summary>
    public static void Reduce(ReadOnlySpan<byte> wide, Span<byte> result)
    {
        Span<long> digits = stackalloc long[64];
        for (var i = 0; i < 64; i++) digits[i] = wide[i];

        Reduce(digits, result);
    }

    /// <summary>a · b + c modulo L.</summary>
    public static void MultiplyAdd(ReadOnlySpan<byte> a, ReadOnlySpan<byte> b, ReadOnlySpan<byte> c, Span<byte> result)
    {
        Span<long> digits = stackalloc long[64];
        for (var i = 0; i < 32; i++) digits[i] = c[i];
        for (var i = 0; i < 32; i++)
            for (var j = 0; j < 32; j++)
                digits[i + j] += a[i] * b[j];

        Reduce(digits, result);
    }

    /// <summary>Of 64 digits to base 256, which may be larger than a byte and are zeroed in the end.</summary>
    static void Reduce(Span<long> digits, Span<byte> result)
    {
        // Takes off digit i, of weight 2^8i with i >= 32, as 16 · digit · L · 2^8(i-32): 16 L is 2^256 and a rest.
        for (var i = 63; i >= 32; i--)
        {
            var carry = 0L;
            for (var j = i - 32; j < i - 12; j++)
            {
                digits[j] += carry - (16 * digits[i] * Order[j - (i - 32)]);
                carry = (digits[j] + 128) >> 8;
                digits[j] -= carry << 8;
            }

            digits[i - 12] += carry;
            digits[i] = 0;
        }

        var rest = 0L;
        var quotient = digits[31] >> 4;
        for (var i = 0; i < 32; i++)
        {
            digits[i] += rest - (quotient * Order[i]);
            rest = digits[i] >> 8;
            digits[i] &= 255;
        }

        // A rest of -1 says that one L too many was taken off.
        for (var i = 0; i < 32; i++) digits[i] -= rest * Order[i];

        for (var i = 0; i < 32; i++)
        {
            digits[i + 1] += digits[i] >> 8;
            result[i] = (byte)digits[i];
        }

        CryptographicOperations.ZeroMemory(MemoryMarshal.AsBytes(digits));
    }
}
