namespace Stet.Pcs;

/// <summary>The bits that stand for each symbol (RFC 1951, 3.2.2).</summary>
sealed class PrefixCode(int symbols)
{
    /// <summary>The most bits that a symbol may take in deflate.</summary>
    public const int MaxLength = 15;

    readonly int[] lengths = new int[symbols];
    readonly uint[] codes = new uint[symbols];

    /// <summary>How many bits each symbol takes; 0 for one that has none.</summary>
    public ReadOnlySpan<int> Lengths => lengths;

    public static PrefixCode Of(ReadOnlySpan<int> lengths)
    {
        var code = new PrefixCode(lengths.Length);
        code.Set(lengths);
        return code;
    }

    /// <summary>The lengths say all: codes of one length count up, and those of the next go on from there.</summary>
    public void Set(ReadOnlySpan<int> newLengths)
    {
        newLengths.CopyTo(lengths);
        Span<int> next = stackalloc int[MaxLength + 2];
        next.Clear();
        foreach (var length in lengths)
            if (length > 0) next[length + 1]++;
        for (var length = 1; length <= MaxLength; length++) next[length] = (next[length] + next[length - 1]) << 1;

        for (var symbol = 0; symbol < symbols; symbol++)
            codes[symbol] = lengths[symbol] == 0 ? 0 : Reversed(next[lengths[symbol]]++, lengths[symbol]);
    }

    /// <summary>How many bits symbols take that come up so often.</summary>
    public int Bits(ReadOnlySpan<int> frequencies) => DeflateTables.Sum(frequencies, lengths);

    public void Write(BitWriter output, int symbol) => output.Write(codes[symbol], lengths[symbol]);

    /// <summary>Codes are written from their highest bit on, all else from its lowest.</summary>
    static uint Reversed(int code, int length)
    {
        var reversed = 0u;
        for (; length > 0; length--, code >>= 1) reversed = (reversed << 1) | ((uint)code & 1);
        return reversed;
    }
}
