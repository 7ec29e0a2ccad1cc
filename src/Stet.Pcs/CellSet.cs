namespace Stet.Pcs;

/// <summary>A set of cells of space; one within a million cells of the origin takes eight bytes.</summary>
sealed class CellSet
{
    const int BitsPerAxis = 21;
    const int Reach = 1 << (BitsPerAxis - 1);

    // Open addressing with linear probing. 0 is an empty place: packed cells have the highest bit set.
    ulong[] places = new ulong[16];
    int packed;
    HashSet<(double, double, double)>? remote;

    public long Count => packed + (remote?.Count ?? 0);

    /// <param name="x">Integral, as are the others; beyond 2⁵³ it is a double all the same.</param>
    /// <param name="y">Second coordinate.</param>
    /// <param name="z">Third coordinate.</param>
    public void Add(double x, double y, double z)
    {
        if (IsNear(x) && IsNear(y) && IsNear(z))
        {
            Add((1UL << 63) | (Biased(x) << (2 * BitsPerAxis)) | (Biased(y) << BitsPerAxis) | Biased(z));
            return;
        }

        remote ??= [];
        remote.Add((x, y, z));
    }

    static bool IsNear(double coordinate) => coordinate is >= -Reach and < Reach;

    static ulong Biased(double coordinate) => (ulong)((long)coordinate + Reach);

    void Add(ulong cell)
    {
        if (!TryPlace(cell)) return;

        packed++;
        if (packed > places.Length / 2) Grow();
    }

    bool TryPlace(ulong cell)
    {
        var mask = places.Length - 1;
        for (var at = Hash(cell) & mask; ; at = (at + 1) & mask)
        {
            if (places[at] == cell) return false;
            if (places[at] != 0) continue;

            places[at] = cell;
            return true;
        }
    }

    void Grow()
    {
        var smaller = places;
        places = new ulong[2 * smaller.Length];
        foreach (var cell in smaller)
            if (cell != 0) TryPlace(cell);
    }

    /// <summary>MurmurHash3's mix: neighbours, which differ in low bits, go far apart.</summary>
    static int Hash(ulong cell)
    {
        cell ^= cell >> 33;
        cell *= 0xff51afd7ed558ccd;
        cell ^= cell >> 33;
        cell *= 0xc4ceb9fe1a85ec53;
        return (int)(cell >> 32);
    }
}
