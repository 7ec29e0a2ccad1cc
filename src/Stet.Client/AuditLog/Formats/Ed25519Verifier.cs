using System.Numerics;
using System.Security.Cryptography;

namespace Stet.Client.AuditLog.Formats;

/// <summary>
/// Ed25519 verification by the text of RFC 8032, 5.1: a run checks a handful of signatures, so this is written to be
/// compared with the RFC. Everything in here is public, so time may depend on it.
/// </summary>
static class Ed25519Verifier
{
    public const int KeySize = 32;
    public const int SignatureSize = 64;

    static readonly BigInteger P = BigInteger.Pow(2, 255) - 19;
    static readonly BigInteger L = BigInteger.Pow(2, 252) + BigInteger.Parse("27742317777372353535851937790883648493");
    static readonly BigInteger D = Mod(-121665 * Inverse(121666));
    static readonly BigInteger SquareRootOfMinusOne = BigInteger.ModPow(2, (P - 1) / 4, P);
    static readonly Point Neutral = new(0, 1, 1, 0);

    // y = 4/5, x even.
    static readonly Point B = Decode(ToBytes(Mod(4 * Inverse(5))))!.Value;

    /// <summary>Whether these are the 32 bytes of a point in its one canonical encoding.</summary>
    public static bool IsKey(ReadOnlySpan<byte> key) => key.Length == KeySize && Decode(key) is not null;

    /// <summary>
    /// Whether the holder of the key signed this message: S is below the group's order and [S]B - [h]A encodes to R,
    /// without the cofactor.
    /// </summary>
    public static bool Verify(ReadOnlySpan<byte> key, ReadOnlySpan<byte> message, ReadOnlySpan<byte> signature)
    {
        if (key.Length != KeySize || signature.Length != SignatureSize) return false;

        var s = Number(signature[32..]);
        if (s >= L || Decode(key) is not { } a) return false;

        using var sha512 = IncrementalHash.CreateHash(HashAlgorithmName.SHA512);
        sha512.AppendData(signature[..32]);
        sha512.AppendData(key);
        sha512.AppendData(message);
        var h = Number(sha512.GetHashAndReset()) % L;

        var r = Add(Multiply(s, B), Multiply(h, Negate(a)));
        return signature[..32].SequenceEqual(Encode(r));
    }

    /// <summary>RFC 8032, 5.1.3.</summary>
    static Point? Decode(ReadOnlySpan<byte> bytes)
    {
        var isOdd = bytes[31] >> 7 == 1;
        var y = Number(bytes) & (BigInteger.Pow(2, 255) - 1);
        if (y >= P) return null;

        var u = Mod((y * y) - 1);
        var v = Mod((D * y * y) + 1);
        var x = Mod(u * BigInteger.ModPow(v, 3, P) * BigInteger.ModPow(u * BigInteger.ModPow(v, 7, P), (P - 5) / 8, P));

        var vxx = Mod(v * x * x);
        if (vxx == Mod(-u)) x = Mod(x * SquareRootOfMinusOne);
        else if (vxx != u) return null;

        if (x.IsZero && isOdd) return null;
        if (!x.IsEven != isOdd) x = P - x;
        return new(x, y, 1, Mod(x * y));
    }

    /// <summary>RFC 8032, 5.1.2.</summary>
    static byte[] Encode(Point point)
    {
        var inverse = Inverse(point.Z);
        var bytes = ToBytes(Mod(point.Y * inverse));
        if (!Mod(point.X * inverse).IsEven) bytes[31] |= 0x80;
        return bytes;
    }

    static Point Multiply(BigInteger scalar, Point point)
    {
        var product = Neutral;
        for (var bit = (int)scalar.GetBitLength() - 1; bit >= 0; bit--)
        {
            product = Add(product, product);
            if (!((scalar >> bit) & 1).IsZero) product = Add(product, point);
        }

        return product;
    }

    /// <summary>RFC 8032, 5.1.4; complete, so that it doubles as well.</summary>
    static Point Add(Point left, Point right)
    {
        var a = Mod((left.Y - left.X) * (right.Y - right.X));
        var b = Mod((left.Y + left.X) * (right.Y + right.X));
        var c = Mod(2 * left.T * right.T % P * D);
        var d = Mod(2 * left.Z * right.Z);
        var (e, f, g, h) = (b - a, d - c, d + c, b + a);
        return new(Mod(e * f), Mod(g * h), Mod(f * g), Mod(e * h));
    }

    static Point Negate(Point point) => point with { X = Mod(-point.X), T = Mod(-point.T) };

    static BigInteger Mod(BigInteger value)
    {
        var remainder = value % P;
        return remainder.Sign < 0 ? remainder + P : remainder;
    }

    static BigInteger Inverse(BigInteger value) => BigInteger.ModPow(value, P - 2, P);

    static BigInteger Number(ReadOnlySpan<byte> littleEndian) => new(littleEndian, isUnsigned: true);

    static byte[] ToBytes(BigInteger value)
    {
        var bytes = new byte[32];
        value.TryWriteBytes(bytes, out _, isUnsigned: true);
        return bytes;
    }

    /// <summary>Extended coordinates: x = X/Z, y = Y/Z, xy = T/Z.</summary>
    readonly record struct Point(BigInteger X, BigInteger Y, BigInteger Z, BigInteger T);
}
