namespace Stet.Pcs;

/// <summary>What RFC 1951 lays down for all blocks: the classes of lengths and distances (3.2.5), the fixed codes (3.2.6).</summary>
static class DeflateTables
{
    /// <summary>Symbols for literals, for the block's end and for the classes of lengths.</summary>
    public const int Literals = 286;

    /// <summary>Symbols for the classes of distances.</summary>
    public const int Distances = 30;

    const int Near = 256;
    const int FarShift = 7;

    static readonly int[] lengthBits =
        [0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0];

    static readonly int[] distanceBits =
        [0, 0, 0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7, 8, 8, 9, 9, 10, 10, 11, 11, 12, 12, 13, 13];

    static readonly int[] firstLengths = [.. FirstOf(lengthBits, Match.MinLength)[..^1], Match.MaxLength];
    static readonly int[] firstDistances = FirstOf(distanceBits, 1);
    static readonly byte[] lengthClasses = LengthClasses();
    static readonly byte[] distanceClasses = DistanceClasses();

    /// <summary>How many bits tell the lengths of a class apart.</summary>
    public static ReadOnlySpan<int> LengthBits => lengthBits;

    /// <summary>How many bits tell the distances of a class apart.</summary>
    public static ReadOnlySpan<int> DistanceBits => distanceBits;

    /// <summary>The lowest length of each class.</summary>
    public static ReadOnlySpan<int> FirstLengths => firstLengths;

    /// <summary>The lowest distance of each class.</summary>
    public static ReadOnlySpan<int> FirstDistances => firstDistances;

    public static PrefixCode FixedLiterals { get; } = PrefixCode.Of(
    [
        .. Enumerable.Repeat(8, 144), .. Enumerable.Repeat(9, 112), .. Enumerable.Repeat(7, 24), .. Enumerable.Repeat(8, 8),
    ]);

    public static PrefixCode FixedDistances { get; } = PrefixCode.Of([.. Enumerable.Repeat(5, Distances)]);

    public static int LengthClass(int length) => lengthClasses[length];

    public static int DistanceClass(int distance) =>
        distanceClasses[distance <= Near ? distance - 1 : Near + ((distance - 1) >> FarShift)];

    /// <summary>How many bits all of it takes.</summary>
    /// <param name="frequencies">How often each symbol comes up.</param>
    /// <param name="bits">How many each takes.</param>
    public static int Sum(ReadOnlySpan<int> frequencies, ReadOnlySpan<int> bits)
    {
        var sum = 0;
        for (var i = 0; i < frequencies.Length; i++) sum += frequencies[i] * bits[i];
        return sum;
    }

    static int[] FirstOf(int[] bits, int least)
    {
        var first = new int[bits.Length];
        for (var i = 0; i < bits.Length; i++) (first[i], least) = (least, least + (1 << bits[i]));
        return first;
    }

    /// <summary>By length. The longest has a class of its own, though that of its neighbours has a place left.</summary>
    static byte[] LengthClasses()
    {
        var classes = new byte[Match.MaxLength + 1];
        for (var i = 0; i < lengthBits.Length - 1; i++) classes.AsSpan(firstLengths[i], 1 << lengthBits[i]).Fill((byte)i);
        classes[Match.MaxLength] = (byte)(lengthBits.Length - 1);
        return classes;
    }

    /// <summary>By distance less 1 as long as it is near; the far ones change classes only every 128.</summary>
    static byte[] DistanceClasses()
    {
        var classes = new byte[2 * Near];
        for (var i = 0; i < distanceBits.Length; i++)
        {
            var (from, count) = (firstDistances[i] - 1, 1 << distanceBits[i]);
            if (from >= Near) (from, count) = (Near + (from >> FarShift), count >> FarShift);
            classes.AsSpan(from, count).Fill((byte)i);
        }

        return classes;
    }
}
