using System.Security.Cryptography;

namespace Stet.Tests.Audit;

/// <summary>The definitions of RFC 6962, 2.1, as they stand there.</summary>
sealed class NaiveTree(IReadOnlyList<byte[]> leaves)
{
    readonly Dictionary<(int, int), byte[]> roots = [];

    /// <summary>Of entries.</summary>
    public static NaiveTree Of(IEnumerable<byte[]> entries) => new([.. entries.Select(e => SHA256.HashData([0, .. e]))]);

    public int Size => leaves.Count;

    /// <summary>MTH of the first leaves.</summary>
    public byte[] Root(int size) => size == 0 ? SHA256.HashData([]) : Root(0, size);

    /// <summary>PATH(m, D[n]).</summary>
    public string[] Inclusion(int index, int size) => [.. Path(index, 0, size).Select(Convert.ToBase64String)];

    /// <summary>PROOF(m, D[n]).</summary>
    public string[] Consistency(int from, int to) => from == 0 ? [] : [.. SubProof(from, 0, to, true).Select(Convert.ToBase64String)];

    /// <summary>The bytes of a hash tile.</summary>
    public byte[] Tile(int level, int index, int width)
    {
        var span = (int)Math.Pow(256, level);
        return [.. Enumerable.Range(index * 256, width).SelectMany(s => Root(s * span, (s + 1) * span))];
    }

    byte[] Root(int start, int end)
    {
        if (end - start == 1) return leaves[start];
        if (roots.TryGetValue((start, end), out var known)) return known;

        var middle = start + Split(end - start);
        return roots[(start, end)] = SHA256.HashData([1, .. Root(start, middle), .. Root(middle, end)]);
    }

    IEnumerable<byte[]> Path(int index, int start, int end)
    {
        if (end - start == 1) return [];
        var middle = start + Split(end - start);
        return index < middle ? Path(index, start, middle).Append(Root(middle, end)) : Path(index, middle, end).Append(Root(start, middle));
    }

    IEnumerable<byte[]> SubProof(int from, int start, int end, bool isWhole)
    {
        if (from == end) return isWhole ? [] : [Root(start, end)];
        var middle = start + Split(end - start);
        return from <= middle
            ? SubProof(from, start, middle, isWhole).Append(Root(middle, end))
            : SubProof(from, middle, end, false).Append(Root(start, middle));
    }

    static int Split(int count)
    {
        var split = 1;
        while (split * 2 < count) split *= 2;
        return split;
    }
}
