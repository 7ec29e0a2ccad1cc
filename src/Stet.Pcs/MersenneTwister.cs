namespace Stet.Pcs;

/// <summary>
/// The random numbers of the coherence sampling: MT19937 (Matsumoto and Nishimura, 1998), uniforms of 53 bits, normals
/// by the polar method (Marsaglia and Bray, 1964).
/// </summary>
sealed class MersenneTwister
{
    const int Size = 624;
    const int Middle = 397;

    readonly uint[] state = new uint[Size];
    int next = Size;
    double kept;
    bool isKept;

    public MersenneTwister(uint seed)
    {
        state[0] = seed;
        for (var i = 1; i < Size; i++)
            state[i] = (1812433253 * (state[i - 1] ^ (state[i - 1] >> 30))) + (uint)i;
    }

    public uint NextWord()
    {
        if (next == Size) Twist();

        var word = state[next++];
        word ^= word >> 11;
        word ^= (word << 7) & 0x9d2c5680;
        word ^= (word << 15) & 0xefc60000;
        return word ^ (word >> 18);
    }

    /// <summary>From 0 to below 1.</summary>
    public double NextUniform()
    {
        var high = NextWord() >> 5;
        var low = NextWord() >> 6;
        return ((high * 67108864.0) + low) / 9007199254740992.0;
    }

    /// <summary>Of mean 0 and variance 1. They come in pairs: every second one is kept for the next call.</summary>
    public double NextNormal()
    {
        if (isKept)
        {
            isKept = false;
            return kept;
        }

        double x1, x2, s;
        do
        {
            x1 = (2 * NextUniform()) - 1;
            x2 = (2 * NextUniform()) - 1;
            s = (x1 * x1) + (x2 * x2);
        }
        while (s is >= 1 or 0);

        var f = Math.Sqrt(-2 * Math.Log(s) / s);
        (kept, isKept) = (f * x1, true);
        return f * x2;
    }

    void Twist()
    {
        for (var i = 0; i < Size; i++)
        {
            var joined = (state[i] & 0x80000000) | (state[(i + 1) % Size] & 0x7fffffff);
            state[i] = state[(i + Middle) % Size] ^ (joined >> 1) ^ ((joined & 1) * 0x9908b0df);
        }

        next = 0;
    }
}
