using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Stet.AuditLog;

/// <summary>SHA-256 (FIPS 180-4) of eight messages side by side, each in a lane of the vectors.</summary>
/// <remarks>It is optimised when first called: until the runtime got to it, it would be the slower way.</remarks>
static class Sha256Lanes
{
    /// <summary>How many messages are hashed at a time.</summary>
    public const int Count = 8;

    const int BlockSize = 64;
    const int HashSize = 32;
    const int Rounds = 64;

    /// <summary>Whether this processor can.</summary>
    public static bool AreSupported => Avx2.IsSupported;

    /// <summary>Whether that is faster than one after the other: what has instructions for SHA-256 is faster without lanes.</summary>
    public static bool PayOff { get; } = AreSupported && !HasShaInstructions();

    // FIPS 180-4, 4.2.2 and 5.3.3.
    static ReadOnlySpan<uint> Constants =>
    [
        0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
        0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
        0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
        0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
        0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
        0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
        0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
        0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
    ];

    static ReadOnlySpan<uint> Initial =>
        [0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19];

    /// <summary>Adds what makes a message whole blocks (5.1.1).</summary>
    /// <param name="text">Ends with the message.</param>
    /// <param name="length">Of the message.</param>
    /// <returns>How many blocks that are.</returns>
    public static int Pad(ref PooledBuffer<byte> text, int length)
    {
        var blocks = ((length + sizeof(ulong)) / BlockSize) + 1;
        var missing = (blocks * BlockSize) - length;
        var padding = text.Free(missing)[..missing];
        padding.Clear();
        padding[0] = 0x80;
        BinaryPrimitives.WriteUInt64BigEndian(padding[^sizeof(ulong)..], (ulong)length * 8);
        text.Advance(missing);
        return blocks;
    }

    /// <summary>Hashes up to eight messages: in the time of the longest, however many they are.</summary>
    /// <param name="padded">All of them.</param>
    /// <param name="starts">Where each begins, in a lane of its own.</param>
    /// <param name="blocks">How many blocks it has; 0, and 0 for the start, in a lane without a message.</param>
    /// <param name="hashes">Receives 32 bytes for each.</param>
    [SkipLocalsInit]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Hash(ReadOnlySpan<byte> padded, Vector256<int> starts, Vector256<int> blocks, Span<byte> hashes)
    {
        Span<Vector256<uint>> state = stackalloc Vector256<uint>[Count];
        Span<Vector256<uint>> words = stackalloc Vector256<uint>[Rounds];
        for (var i = 0; i < Count; i++) state[i] = Vector256.Create(Initial[i]);

        for (var block = Vector256<int>.Zero; Vector256.LessThanAny(block, blocks); block += Vector256<int>.One)
        {
            // A lane that is done reads its last block again, and its state is left as it is.
            var at = starts + (Vector256.Max(Vector256.Min(block, blocks - Vector256<int>.One), Vector256<int>.Zero) * BlockSize);
            for (var lane = 0; lane < Count; lane++)
            {
                words[lane] = Swap(Vector256.Create(padded.Slice(at[lane], 32)).AsUInt32());
                words[Count + lane] = Swap(Vector256.Create(padded.Slice(at[lane] + 32, 32)).AsUInt32());
            }

            Transpose(words[..Count]);
            Transpose(words[Count..(2 * Count)]);
            Compress(state, words, Vector256.LessThan(block, blocks).AsUInt32());
        }

        Transpose(state);
        for (var lane = 0; lane < hashes.Length / HashSize; lane++)
            Swap(state[lane]).AsByte().CopyTo(hashes[(lane * HashSize)..]);
    }

    /// <summary>6.2.2, with the first sixteen words given.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    static void Compress(Span<Vector256<uint>> state, Span<Vector256<uint>> words, Vector256<uint> changed)
    {
        words = words[..Rounds];
        for (var t = 0; t < Rounds - 16; t++)
        {
            var (second, fifteenth) = (words[t + 14], words[t + 1]);
            words[t + 16] = (Rotate(second, 17) ^ Rotate(second, 19) ^ (second >>> 10))
                + (words[t + 9] + (Rotate(fifteenth, 7) ^ Rotate(fifteenth, 18) ^ (fifteenth >>> 3)) + words[t]);
        }

        var (a, b, c, d) = (state[0], state[1], state[2], state[3]);
        var (e, f, g, h) = (state[4], state[5], state[6], state[7]);
        for (var t = 0; t < Rounds; t += 8)
        {
            // Instead of moving eight variables on, each round takes them one further.
            Round(a, b, c, ref d, e, f, g, ref h, words[t] + Vector256.Create(Constants[t]));
            Round(h, a, b, ref c, d, e, f, ref g, words[t + 1] + Vector256.Create(Constants[t + 1]));
            Round(g, h, a, ref b, c, d, e, ref f, words[t + 2] + Vector256.Create(Constants[t + 2]));
            Round(f, g, h, ref a, b, c, d, ref e, words[t + 3] + Vector256.Create(Constants[t + 3]));
            Round(e, f, g, ref h, a, b, c, ref d, words[t + 4] + Vector256.Create(Constants[t + 4]));
            Round(d, e, f, ref g, h, a, b, ref c, words[t + 5] + Vector256.Create(Constants[t + 5]));
            Round(c, d, e, ref f, g, h, a, ref b, words[t + 6] + Vector256.Create(Constants[t + 6]));
            Round(b, c, d, ref e, f, g, h, ref a, words[t + 7] + Vector256.Create(Constants[t + 7]));
        }

        Span<Vector256<uint>> worked = [a, b, c, d, e, f, g, h];
        for (var i = 0; i < Count; i++) state[i] += worked[i] & changed;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static void Round(
        Vector256<uint> a, Vector256<uint> b, Vector256<uint> c, ref Vector256<uint> d,
        Vector256<uint> e, Vector256<uint> f, Vector256<uint> g, ref Vector256<uint> h, Vector256<uint> word)
    {
        var first = h + word + Vector256.ConditionalSelect(e, f, g) + (Rotate(e, 6) ^ Rotate(e, 11) ^ Rotate(e, 25));
        var majority = Vector256.ConditionalSelect(a ^ b, c, b);
        d += first;
        h = first + ((Rotate(a, 2) ^ Rotate(a, 13) ^ Rotate(a, 22)) + majority);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static Vector256<uint> Rotate(Vector256<uint> words, [ConstantExpected] byte bits) =>
        Avx512F.VL.IsSupported ? Avx512F.VL.RotateRight(words, bits) : (words >>> bits) | (words << (32 - bits));

    /// <summary>Big-endian words.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static Vector256<uint> Swap(Vector256<uint> words) => Vector256.Shuffle(
        words.AsByte(),
        Vector256.Create(
            (byte)3, 2, 1, 0, 7, 6, 5, 4, 11, 10, 9, 8, 15, 14, 13, 12,
            19, 18, 17, 16, 23, 22, 21, 20, 27, 26, 25, 24, 31, 30, 29, 28)).AsUInt32();

    /// <summary>Makes eight rows of eight words the columns.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    static void Transpose(Span<Vector256<uint>> rows)
    {
        for (var half = 0; half < Count; half += 4)
        {
            var four = rows.Slice(half, 4);
            var (low, high) = (Avx2.UnpackLow(four[0], four[1]).AsUInt64(), Avx2.UnpackHigh(four[0], four[1]).AsUInt64());
            var (lowNext, highNext) = (Avx2.UnpackLow(four[2], four[3]).AsUInt64(), Avx2.UnpackHigh(four[2], four[3]).AsUInt64());
            (four[0], four[1]) = (Avx2.UnpackLow(low, lowNext).AsUInt32(), Avx2.UnpackHigh(low, lowNext).AsUInt32());
            (four[2], four[3]) = (Avx2.UnpackLow(high, highNext).AsUInt32(), Avx2.UnpackHigh(high, highNext).AsUInt32());
        }

        for (var i = 0; i < 4; i++)
        {
            (rows[i], rows[i + 4]) =
                (Avx2.Permute2x128(rows[i], rows[i + 4], 0x20), Avx2.Permute2x128(rows[i], rows[i + 4], 0x31));
        }
    }

    // Leaf 7, EBX, bit 29.
    static bool HasShaInstructions() => X86Base.IsSupported && ((X86Base.CpuId(7, 0).Ebx >> 29) & 1) == 1;
}
