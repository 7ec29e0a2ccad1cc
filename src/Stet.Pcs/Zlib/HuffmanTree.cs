namespace Stet.Pcs;

/// <summary>
/// Makes the Huffman code of a block as zlib does: among codes that are equally short it settles ties in its own way, and
/// so does what it does about one that grew too long.
/// </summary>
/// <param name="symbols">How many symbols there can be.</param>
/// <param name="maxLength">The most bits that a symbol may take.</param>
sealed class HuffmanTree(int symbols, int maxLength)
{
    readonly int[] frequencies = new int[symbols];

    // Nodes: the symbols, and from there on those that two others were combined to.
    readonly int[] weights = new int[2 * symbols];
    readonly int[] depths = new int[2 * symbols];
    readonly int[] parents = new int[2 * symbols];
    readonly int[] lengths = new int[2 * symbols];

    // From 1 on what is not combined yet, the lightest first; from the end downwards what is, the root last.
    readonly int[] heap = new int[(2 * symbols) + 1];
    readonly int[] ofLength = new int[maxLength + 1];
    int heaped;

    /// <summary>How often each symbol comes up, to be counted before <see cref="Make"/>.</summary>
    public Span<int> Frequencies => frequencies;

    /// <summary>What was made of them.</summary>
    public PrefixCode Code { get; } = new(symbols);

    /// <summary>The highest symbol that has a code.</summary>
    public int Last { get; private set; }

    /// <summary>How many bits all that came up takes.</summary>
    public int Bits => Code.Bits(frequencies);

    public void Make()
    {
        FillHeap();
        Measure(Combine());
        Code.Set(lengths.AsSpan(0, symbols));
    }

    void FillHeap()
    {
        heaped = 0;
        Last = -1;
        for (var symbol = 0; symbol < symbols; symbol++)
        {
            lengths[symbol] = 0;
            if (frequencies[symbol] > 0) Push(symbol, frequencies[symbol]);
        }

        // A code of fewer than two symbols gets some that do not come up.
        while (heaped < 2) Push(Last < 2 ? Last + 1 : 0, weight: 1);

        for (var place = heaped / 2; place >= 1; place--) Sink(place);
    }

    void Push(int symbol, int weight)
    {
        heap[++heaped] = symbol;
        weights[symbol] = weight;
        depths[symbol] = 0;
        Last = Math.Max(Last, symbol);
    }

    /// <summary>Combines the two lightest until one is left.</summary>
    /// <returns>Where the heap has that one, and after it the others in the reverse order.</returns>
    int Combine()
    {
        var root = heap.Length;
        for (var node = symbols; heaped >= 2; node++)
        {
            var lightest = heap[1];
            heap[1] = heap[heaped--];
            Sink(1);
            var second = heap[1];

            heap[--root] = lightest;
            heap[--root] = second;
            weights[node] = weights[lightest] + weights[second];
            depths[node] = Math.Max(depths[lightest], depths[second]) + 1;
            parents[lightest] = parents[second] = node;
            heap[1] = node;
            Sink(1);
        }

        heap[--root] = heap[1];
        return root;
    }

    void Sink(int place)
    {
        var node = heap[place];
        for (var child = 2 * place; child <= heaped; child = 2 * place)
        {
            if (child < heaped && IsLighter(heap[child + 1], heap[child])) child++;
            if (IsLighter(node, heap[child])) break;

            heap[place] = heap[child];
            place = child;
        }

        heap[place] = node;
    }

    bool IsLighter(int one, int other) =>
        weights[one] < weights[other] || (weights[one] == weights[other] && depths[one] <= depths[other]);

    void Measure(int root)
    {
        Array.Clear(ofLength);
        lengths[heap[root]] = 0;
        var tooLong = 0;
        for (var place = root + 1; place < heap.Length; place++)
        {
            var node = heap[place];
            var length = lengths[parents[node]] + 1;
            if (length > maxLength) tooLong++;
            lengths[node] = Math.Min(length, maxLength);
            if (node < symbols) ofLength[lengths[node]]++;
        }

        if (tooLong > 0) Shorten(tooLong);
    }

    /// <summary>Makes room for what is too long below the deepest symbols that have some, and deals the lengths out anew.</summary>
    void Shorten(int tooLong)
    {
        for (; tooLong > 0; tooLong -= 2)
        {
            var length = maxLength - 1;
            while (ofLength[length] == 0) length--;
            ofLength[length]--;
            ofLength[length + 1] += 2;
            ofLength[maxLength]--;
        }

        var place = heap.Length;
        for (var length = maxLength; length > 0; length--)
        {
            for (var left = ofLength[length]; left > 0;)
            {
                var node = heap[--place];
                if (node >= symbols) continue;

                lengths[node] = length;
                left--;
            }
        }
    }
}
