using System.Buffers.Binary;
using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Stet.Pcs;

/// <summary>A place in the text behind which the text goes on as it does here.</summary>
/// <param name="Length">Of what is the same: 3 to 258 bytes; less is no match.</param>
/// <param name="Distance">How far back: 1 to 32,506 bytes.</param>
[StructLayout(LayoutKind.Auto)]
readonly record struct Match(int Length, int Distance)
{
    public const int MinLength = 3;
    public const int MaxLength = 258;

    public static Match None => new(MinLength - 1, 0);
}

/// <summary>Finds the matches that zlib finds at level 6.</summary>
/// <remarks>
/// zlib goes through the positions whose next three bytes have the same hash, from the newest on, and takes the first that
/// is longer than all before it; after so many of them, or at one that is long enough, it stops. It keeps them in linked
/// lists. Here the newest of each hash lie side by side, each with the four bytes that follow its three, so that eight are
/// compared at a time.
/// </remarks>
sealed class MatchFinder
{
    /// <summary>How many bytes from a position on are read when it is added.</summary>
    public const int ReadAhead = Match.MinLength + sizeof(uint);

    /// <summary>By so many bytes zlib moves its window.</summary>
    public const int WindowSize = 32_768;

    /// <summary>zlib reads more where fewer bytes are ahead, and moves its window for it, even if nothing more comes.</summary>
    public const int LeastAhead = Match.MaxLength + Match.MinLength + 1;

    /// <summary>Of its window zlib leaves out what it may be about to overwrite.</summary>
    public const int MaxDistance = WindowSize - LeastAhead;

    // The configuration of level 6: with a match that good in hand, a quarter of the candidates will do; one that nice ends
    // the search.
    const int Good = 8;
    const int Nice = 128;
    const int Candidates = 128;

    const int HashBits = 15;
    const int HashShift = 5;

    // A hash that has come up has a bucket, a ring of candidates in groups: first the bytes that follow each, then where
    // each is.
    const int Lanes = 8;
    const int BucketSize = 2 * Candidates;

    // Which candidate of all is the newest of a hash; 0 if it has not come up.
    readonly int[] newest = new int[1 << HashBits];
    uint[] buckets = new uint[64 * BucketSize];
    int bucketCount = 1;

    /// <summary>Adds a position to those that are found from now on.</summary>
    /// <param name="text">The first of <see cref="ReadAhead"/> bytes and more that begin there.</param>
    /// <param name="position">
    /// Counted from 2³¹, and on over 2³²: so places of the rings that are still empty are far away.
    /// </param>
    public void Add(ref readonly byte text, uint position)
    {
        ref var last = ref newest[Hash(in text)];
        var candidate = last == 0 ? NewBucket() : (last & -Candidates) | ((last + 1) & (Candidates - 1));
        last = candidate;
        ref var entry = ref buckets[Entry(candidate)];
        entry = Word(in text, Match.MinLength);
        Unsafe.Add(ref entry, Lanes) = position;
    }

    /// <summary>The match that zlib would find here.</summary>
    /// <param name="text">
    /// The first byte of what begins here, with eight bytes to spare behind its end; before it, as much as was added.
    /// </param>
    /// <param name="ahead">How many bytes begin here: 3 or more.</param>
    /// <param name="position">As it would be added.</param>
    /// <param name="inHand">What was found one byte before: only a longer one counts.</param>
    /// <returns>That, or a longer one.</returns>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public Match Find(ref readonly byte text, int ahead, uint position, Match inHand)
    {
        var last = newest[Hash(in text)];
        if (last == 0) return inHand;

        var slot = last % Candidates;
        ref var ring = ref buckets[Entry(last - slot)];
        ref var positions = ref Unsafe.Add(ref ring, Lanes);
        var newestPlace = Entry(slot);
        // The newest alone may be as far as that; all others have to be nearer.
        if (position - Unsafe.Add(ref positions, newestPlace) > MaxDistance) return inHand;

        var best = inHand;
        var most = Math.Min(Match.MaxLength, ahead);
        var enough = Math.Min(Nice, ahead);
        var following = Vector256.Create(Word(in text, Match.MinLength));
        var mask = Mask(best.Length, ahead);
        var end = Word(in text, Math.Max(0, best.Length - Match.MinLength));

        // The group of the newest comes first, as far as it is new, and last, as far as it is old.
        var group = Entry(slot & -Lanes);
        var newLanes = (2u << (slot % Lanes)) - 1;
        var wanted = newLanes;
        for (var left = (inHand.Length >= Good ? Candidates / 4 : Candidates) / Lanes; ; left--)
        {
            var hits = Hits(in Unsafe.Add(ref ring, group), following, mask) & wanted;
            while (hits != 0)
            {
                var lane = BitOperations.Log2(hits);
                hits ^= 1u << lane;
                var distance = position - Unsafe.Add(ref positions, group + lane);
                if (distance >= MaxDistance && (distance > MaxDistance || group + lane != newestPlace)) return best;

                ref readonly var other = ref Unsafe.Subtract(ref Unsafe.AsRef(in text), (int)distance);
                if (best.Length >= ReadAhead - 1 && Word(in other, best.Length - Match.MinLength) != end) continue;

                var length = CommonLength(in text, in other, most);
                if (length <= best.Length) continue;

                best = new Match(length, (int)distance);
                if (length >= enough) return best;

                mask = Mask(length, ahead);
                end = Word(in text, length - Match.MinLength);
                hits &= Hits(in Unsafe.Add(ref ring, group), following, mask);
            }

            if (left == 0) return best;

            wanted = left == 1 ? ~newLanes & byte.MaxValue : byte.MaxValue;
            group = (group - (2 * Lanes)) & (BucketSize - 1);
            if (left > 1 && position - Unsafe.Add(ref positions, group + Lanes - 1) >= MaxDistance) return best;
        }
    }

    int NewBucket()
    {
        if ((bucketCount + 1) * BucketSize > buckets.Length) Array.Resize(ref buckets, 2 * buckets.Length);
        return bucketCount++ * Candidates;
    }

    /// <summary>Where a candidate is in the buckets.</summary>
    static int Entry(int candidate) => candidate + (candidate & -Lanes);

    static uint Hash(ref readonly byte text)
    {
        var word = Word(in text, 0);
        var (first, second, third) = (word & 0xff, (word >> 8) & 0xff, (word >> 16) & 0xff);
        return ((first << (2 * HashShift)) ^ (second << HashShift) ^ third) & ((1 << HashBits) - 1);
    }

    static uint Word(ref readonly byte text, int at)
    {
        var word = Unsafe.ReadUnaligned<uint>(in Unsafe.Add(ref Unsafe.AsRef(in text), at));
        return BitConverter.IsLittleEndian ? word : BinaryPrimitives.ReverseEndianness(word);
    }

    static ulong LongWord(ref readonly byte text, int at)
    {
        var word = Unsafe.ReadUnaligned<ulong>(in Unsafe.Add(ref Unsafe.AsRef(in text), at));
        return BitConverter.IsLittleEndian ? word : BinaryPrimitives.ReverseEndianness(word);
    }

    /// <summary>Which of the four bytes have to be the same in a match that is longer; none at the text's end.</summary>
    static Vector256<uint> Mask(int length, int ahead)
    {
        if (ahead < ReadAhead) return Vector256<uint>.Zero;

        var bytes = Math.Min(sizeof(uint), length + 1 - Match.MinLength);
        return Vector256.Create((uint)((1UL << (8 * bytes)) - 1));
    }

    static uint Hits(ref readonly uint group, Vector256<uint> following, Vector256<uint> mask) =>
        Vector256.Equals((Vector256.LoadUnsafe(in group) ^ following) & mask, Vector256<uint>.Zero)
            .ExtractMostSignificantBits();

    static int CommonLength(ref readonly byte text, ref readonly byte other, int most)
    {
        for (var length = 0; length < most; length += sizeof(ulong))
        {
            var difference = LongWord(in text, length) ^ LongWord(in other, length);
            if (difference != 0) return Math.Min(most, length + (BitOperations.TrailingZeroCount(difference) / 8));
        }

        return most;
    }
}
