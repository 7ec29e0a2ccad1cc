using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Stet.AuditLog;

/// <summary>An integer modulo p = 2^255 - 19 in five limbs of 51 bits.</summary>
/// <remarks>No branch and no index depends on a value.</remarks>
// INVARIANT: between operations every limb is below 2^52, so no sum below overflows 64 bits.
[StructLayout(LayoutKind.Auto)]
readonly struct Ed25519Field
{
    const ulong Mask = (1UL << 51) - 1;

    readonly ulong l0, l1, l2, l3, l4;

    /// <summary>Carries once around; 2^255 is 19.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    Ed25519Field(ulong l0, ulong l1, ulong l2, ulong l3, ulong l4)
    {
        l1 += l0 >> 51;
        l2 += l1 >> 51;
        l3 += l2 >> 51;
        l4 += l3 >> 51;
        this.l0 = (l0 & Mask) + (19 * (l4 >> 51));
        this.l1 = l1 & Mask;
        this.l2 = l2 & Mask;
        this.l3 = l3 & Mask;
        this.l4 = l4 & Mask;
    }

    /// <summary>p, little-endian.</summary>
    public static ReadOnlySpan<byte> Prime =>
    [
        0xED, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF,
        0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x7F,
    ];

    public static Ed25519Field Zero => default;

    public static Ed25519Field One => Of(1);

    public static Ed25519Field Of(uint number) => new(number, 0, 0, 0, 0);

    /// <summary>Reads 255 bits, little-endian; the last bit of the 32 bytes is left out.</summary>
    public static Ed25519Field Read(ReadOnlySpan<byte> bytes)
    {
        var w0 = BinaryPrimitives.ReadUInt64LittleEndian(bytes);
        var w1 = BinaryPrimitives.ReadUInt64LittleEndian(bytes[8..]);
        var w2 = BinaryPrimitives.ReadUInt64LittleEndian(bytes[16..]);
        var w3 = BinaryPrimitives.ReadUInt64LittleEndian(bytes[24..]);

        return new Ed25519Field(
            w0 & Mask,
            ((w0 >> 51) | (w1 << 13)) & Mask,
            ((w1 >> 38) | (w2 << 26)) & Mask,
            ((w2 >> 25) | (w3 << 39)) & Mask,
            (w3 >> 12) & Mask);
    }

    /// <summary>Writes the one number below p, 32 bytes, little-endian.</summary>
    public void Write(Span<byte> bytes)
    {
        // After a second round of carries the number is below 2p; then the quotient by p is 0 or 1.
        var n = new Ed25519Field(l0, l1, l2, l3, l4);
        var quotient = (n.l0 + 19) >> 51;
        quotient = (n.l1 + quotient) >> 51;
        quotient = (n.l2 + quotient) >> 51;
        quotient = (n.l3 + quotient) >> 51;
        quotient = (n.l4 + quotient) >> 51;

        var r0 = n.l0 + (19 * quotient);
        var r1 = n.l1 + (r0 >> 51);
        var r2 = n.l2 + (r1 >> 51);
        var r3 = n.l3 + (r2 >> 51);
        var r4 = n.l4 + (r3 >> 51);
        (r0, r1, r2, r3, r4) = (r0 & Mask, r1 & Mask, r2 & Mask, r3 & Mask, r4 & Mask);

        BinaryPrimitives.WriteUInt64LittleEndian(bytes, r0 | (r1 << 51));
        BinaryPrimitives.WriteUInt64LittleEndian(bytes[8..], (r1 >> 13) | (r2 << 38));
        BinaryPrimitives.WriteUInt64LittleEndian(bytes[16..], (r2 >> 26) | (r3 << 25));
        BinaryPrimitives.WriteUInt64LittleEndian(bytes[24..], (r3 >> 39) | (r4 << 12));
    }

    public static Ed25519Field operator +(in Ed25519Field a, in Ed25519Field b) =>
        new(a.l0 + b.l0, a.l1 + b.l1, a.l2 + b.l2, a.l3 + b.l3, a.l4 + b.l4);

    public static Ed25519Field operator -(in Ed25519Field a, in Ed25519Field b)
    {
        // 4p, added so that no limb falls below zero.
        const ulong lowest = 4 * (Mask - 18), other = 4 * Mask;
        return new Ed25519Field(
            a.l0 + lowest - b.l0, a.l1 + other - b.l1, a.l2 + other - b.l2, a.l3 + other - b.l3, a.l4 + other - b.l4);
    }

    public static Ed25519Field operator -(in Ed25519Field a) => Zero - a;

    public static Ed25519Field operator *(in Ed25519Field a, in Ed25519Field b)
    {
        var (x1, x2, x3, x4) = (19 * b.l1, 19 * b.l2, 19 * b.l3, 19 * b.l4);

        var s0 = Wide(a.l0, b.l0) + Wide(a.l1, x4) + Wide(a.l2, x3) + Wide(a.l3, x2) + Wide(a.l4, x1);
        var s1 = Wide(a.l0, b.l1) + Wide(a.l1, b.l0) + Wide(a.l2, x4) + Wide(a.l3, x3) + Wide(a.l4, x2);
        var s2 = Wide(a.l0, b.l2) + Wide(a.l1, b.l1) + Wide(a.l2, b.l0) + Wide(a.l3, x4) + Wide(a.l4, x3);
        var s3 = Wide(a.l0, b.l3) + Wide(a.l1, b.l2) + Wide(a.l2, b.l1) + Wide(a.l3, b.l0) + Wide(a.l4, x4);
        var s4 = Wide(a.l0, b.l4) + Wide(a.l1, b.l3) + Wide(a.l2, b.l2) + Wide(a.l3, b.l1) + Wide(a.l4, b.l0);

        return new Ed25519Field(
            s0.Low + (19 * s4.High), s1.Low + s0.High, s2.Low + s1.High, s3.Low + s2.High, s4.Low + s3.High);
    }

    public Ed25519Field Square() => this * this;

    /// <summary>1/this, and 0 for 0: this to the power p - 2.</summary>
    public Ed25519Field Invert() => PowerOf250Ones(out var power11).Square(5) * power11;

    /// <summary>This to the power (p - 5) / 8, the core of a square root.</summary>
    public Ed25519Field PowerForRoot() => PowerOf250Ones(out _).Square(2) * this;

    /// <summary><paramref name="other"/> for a mask of ones, this for a mask of zeros.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Ed25519Field Choose(in Ed25519Field other, ulong mask) => new(
        l0 ^ ((l0 ^ other.l0) & mask), l1 ^ ((l1 ^ other.l1) & mask), l2 ^ ((l2 ^ other.l2) & mask),
        l3 ^ ((l3 ^ other.l3) & mask), l4 ^ ((l4 ^ other.l4) & mask));

    /// <summary>The last bit of the number below p: the sign of a coordinate.</summary>
    public int LastBit()
    {
        Span<byte> bytes = stackalloc byte[32];
        Write(bytes);
        return bytes[0] & 1;
    }

    public bool IsZero()
    {
        Span<byte> bytes = stackalloc byte[32];
        Write(bytes);

        var bits = 0;
        foreach (var b in bytes) bits |= b;
        return bits == 0;
    }

    Ed25519Field Square(int times)
    {
        var power = this;
        for (var i = 0; i < times; i++) power = power.Square();
        return power;
    }

    /// <summary>This to the power 2^250 - 1, 250 ones in binary, and on the way to the power 11.</summary>
    Ed25519Field PowerOf250Ones(out Ed25519Field power11)
    {
        var power2 = Square();
        var power9 = power2.Square(2) * this;
        power11 = power9 * power2;
        var ones5 = power11.Square() * power9;
        var ones10 = ones5.Square(5) * ones5;
        var ones20 = ones10.Square(10) * ones10;
        var ones40 = ones20.Square(20) * ones20;
        var ones50 = ones40.Square(10) * ones10;
        var ones100 = ones50.Square(50) * ones50;
        var ones200 = ones100.Square(100) * ones100;
        return ones200.Square(50) * ones50;
    }

    /// <summary>A product cut at bit 51, where limbs end: sums of parts need no carry, hence no comparison.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static WideSum Wide(ulong a, ulong b)
    {
        var high = Math.BigMul(a, b, out var low);
        return new WideSum(low & Mask, (high << 13) | (low >> 51));
    }

    [StructLayout(LayoutKind.Auto)]
    readonly struct WideSum(ulong low, ulong high)
    {
        public ulong Low { get; } = low;

        public ulong High { get; } = high;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static WideSum operator +(WideSum a, WideSum b) => new(a.Low + b.Low, a.High + b.High);
    }
}
