namespace Stet.Pcs;

/// <summary>How a block tells the codes that it brings along (RFC 1951, 3.2.7): lengths and runs of them, coded in turn.</summary>
sealed class CodeLengths
{
    const int Symbols = 19;
    const int RepeatPrevious = 16;
    const int RepeatZero = 17;
    const int RepeatZeroOften = 18;
    const int MinShown = 4;

    static readonly int[] extraBits = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2, 3, 7];

    // What is rarely used comes last, and is left out.
    static readonly int[] order = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15];

    readonly HuffmanTree tree = new(Symbols, maxLength: 7);
    readonly List<(int Symbol, uint Extra)> items = [];
    int lastLiteral;
    int lastDistance;
    int shown;

    /// <summary>How much that is.</summary>
    public int Bits => 5 + 5 + 4 + (3 * shown) + tree.Bits + DeflateTables.Sum(tree.Frequencies, extraBits);

    public void Make(HuffmanTree literals, HuffmanTree distances)
    {
        (lastLiteral, lastDistance) = (literals.Last, distances.Last);
        items.Clear();
        AddRuns(literals.Code.Lengths[..(lastLiteral + 1)]);
        AddRuns(distances.Code.Lengths[..(lastDistance + 1)]);

        tree.Frequencies.Clear();
        foreach (var (symbol, _) in items) tree.Frequencies[symbol]++;
        tree.Make();
        shown = Symbols;
        while (shown > MinShown && tree.Code.Lengths[order[shown - 1]] == 0) shown--;
    }

    public void Write(BitWriter output)
    {
        output.Write((uint)(lastLiteral + 1 - 257), 5);
        output.Write((uint)lastDistance, 5);
        output.Write((uint)(shown - MinShown), 4);
        foreach (var symbol in order.AsSpan(0, shown)) output.Write((uint)tree.Code.Lengths[symbol], 3);

        foreach (var (symbol, extra) in items)
        {
            tree.Code.Write(output, symbol);
            output.Write(extra, extraBits[symbol]);
        }
    }

    /// <summary>The runs as zlib makes them out; the format knows others that mean the same.</summary>
    void AddRuns(ReadOnlySpan<int> lengths)
    {
        for (int at = 0, run; at < lengths.Length; at += run)
        {
            var length = lengths[at];
            run = lengths[at..].IndexOfAnyExcept(length);
            if (run < 0) run = lengths.Length - at;

            if (length == 0) run = AddZeros(run);
            else AddRepeated(length, run);
        }
    }

    int AddZeros(int run)
    {
        run = Math.Min(run, 138);
        if (run < 3) Add(0, run);
        else if (run <= 10) items.Add((RepeatZero, (uint)(run - 3)));
        else items.Add((RepeatZeroOften, (uint)(run - 11)));
        return run;
    }

    void AddRepeated(int length, int run)
    {
        // The first stands for itself, and up to six at a time repeat it.
        Add(length, 1);
        for (var left = run - 1; left > 0;)
        {
            var repeated = Math.Min(left, 6);
            if (repeated < 3) Add(length, repeated);
            else items.Add((RepeatPrevious, (uint)(repeated - 3)));
            left -= repeated;
        }
    }

    void Add(int length, int times)
    {
        for (; times > 0; times--) items.Add((length, 0));
    }
}
