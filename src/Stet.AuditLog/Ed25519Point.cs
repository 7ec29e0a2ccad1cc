using System.Runtime.InteropServices;

namespace Stet.AuditLog;

/// <summary>
/// A point of the curve -x² + y² = 1 + d·x²·y² in extended coordinates: x = X/Z, y = Y/Z, x·y = T/Z (RFC 8032, 5.1.4).
/// </summary>
/// <remarks>
/// The formulas hold for all points, so no branch depends on a value; only decoding has some, for public keys.
/// </remarks>
[StructLayout(LayoutKind.Auto)]
readonly struct Ed25519Point(in Ed25519Field x, in Ed25519Field y, in Ed25519Field z, in Ed25519Field t)
{
    static readonly Ed25519Field D = -(Ed25519Field.Of(121665) * Ed25519Field.Of(121666).Invert());
    static readonly Ed25519Field TwoD = D + D;

    // 2 to the power (p - 1) / 4, as (p - 1) / 4 = 2 · (p - 5) / 8 + 1.
    static readonly Ed25519Field RootOfMinusOne = Ed25519Field.Of(2).PowerForRoot().Square() * Ed25519Field.Of(2);

    // The base point B: y = 4/5, x even.
    static readonly Ed25519Point[] BaseMultiples =
        Multiples(FromY(Ed25519Field.Of(4) * Ed25519Field.Of(5).Invert(), 0)!.Value);

    readonly Ed25519Field x = x, y = y, z = z, t = t;

    static Ed25519Point Neutral => new(Ed25519Field.Zero, Ed25519Field.One, Ed25519Field.One, Ed25519Field.Zero);

    /// <summary>[scalar]B.</summary>
    /// <param name="scalar">32 bytes, little-endian, any value; may be secret.</param>
    public static Ed25519Point MultiplyBase(ReadOnlySpan<byte> scalar)
    {
        var sum = Neutral;
        for (var i = 63; i >= 0; i--)
            sum = sum.Double().Double().Double().Double() + Select(BaseMultiples, Digit(scalar, i));

        return sum;
    }

    /// <summary>[a]B + [b]P.</summary>
    public static Ed25519Point MultiplyBaseAdd(ReadOnlySpan<byte> a, ReadOnlySpan<byte> b, in Ed25519Point p)
    {
        var multiples = Multiples(p);
        var sum = Neutral;
        for (var i = 63; i >= 0; i--)
        {
            sum = sum.Double().Double().Double().Double() +
                  Select(BaseMultiples, Digit(a, i)) + Select(multiples, Digit(b, i));
        }

        return sum;
    }

    /// <summary>RFC 8032, 5.1.3, for a canonical encoding; null if no point of the curve has this y.</summary>
    public static Ed25519Point? Decode(ReadOnlySpan<byte> encoded) =>
        FromY(Ed25519Field.Read(encoded), encoded[31] >> 7);

    /// <summary>Whether [8]P is the neutral point, as it is of eight points, none of which a private key has.</summary>
    public bool HasSmallOrder()
    {
        var multiple = Double().Double().Double();
        return multiple.x.IsZero() && (multiple.y - multiple.z).IsZero();
    }

    /// <summary>RFC 8032, 5.1.2: y, and the last bit of x on top.</summary>
    public void Encode(Span<byte> encoded)
    {
        var inverse = z.Invert();
        (y * inverse).Write(encoded);
        encoded[31] |= (byte)((x * inverse).LastBit() << 7);
    }

    public static Ed25519Point operator -(in Ed25519Point p) => new(-p.x, p.y, p.z, -p.t);

    public static Ed25519Point operator +(in Ed25519Point p, in Ed25519Point q)
    {
        var a = (p.y - p.x) * (q.y - q.x);
        var b = (p.y + p.x) * (q.y + q.x);
        var c = p.t * TwoD * q.t;
        var zz = p.z * q.z;
        var d = zz + zz;
        return FromSums(b - a, d - c, d + c, b + a);
    }

    Ed25519Point Double()
    {
        var a = x.Square();
        var b = y.Square();
        var zz = z.Square();
        var h = a + b;
        var e = h - (x + y).Square();
        var g = a - b;
        return FromSums(e, zz + zz + g, g, h);
    }

    static Ed25519Point FromSums(in Ed25519Field e, in Ed25519Field f, in Ed25519Field g, in Ed25519Field h) =>
        new(e * f, g * h, f * g, e * h);

    static Ed25519Point? FromY(in Ed25519Field y, int sign)
    {
        // x² = u/v; the candidate root is u·v³·(u·v⁷)^((p-5)/8), perhaps times the root of -1.
        var u = y.Square() - Ed25519Field.One;
        var v = (D * y.Square()) + Ed25519Field.One;
        var v3 = v.Square() * v;
        var root = u * v3 * (u * v3.Square() * v).PowerForRoot();

        var square = v * root.Square();
        if (!(square - u).IsZero())
        {
            if (!(square + u).IsZero()) return null;
            root *= RootOfMinusOne;
        }

        if (root.LastBit() != sign) root = -root;
        return new Ed25519Point(root, y, Ed25519Field.One, root * y);
    }

    /// <summary>[0]P to [15]P.</summary>
    static Ed25519Point[] Multiples(in Ed25519Point p)
    {
        var multiples = new Ed25519Point[16];
        multiples[0] = Neutral;
        for (var i = 1; i < 16; i++) multiples[i] = multiples[i - 1] + p;
        return multiples;
    }

    /// <summary>Reads the whole table, so that memory access tells nothing about the index.</summary>
    static Ed25519Point Select(Ed25519Point[] multiples, int index)
    {
        var selected = multiples[0];
        for (var i = 1; i < 16; i++)
        {
            var mask = (ulong)(((long)(i ^ index) - 1) >> 63); // ones where i is the index
            var candidate = multiples[i];
            selected = new Ed25519Point(
                selected.x.Choose(candidate.x, mask), selected.y.Choose(candidate.y, mask),
                selected.z.Choose(candidate.z, mask), selected.t.Choose(candidate.t, mask));
        }

        return selected;
    }

    /// <summary>Digit i to base 16.</summary>
    static int Digit(ReadOnlySpan<byte> scalar, int i) => (scalar[i >> 1] >> (4 * (i & 1))) & 0xF;
}
