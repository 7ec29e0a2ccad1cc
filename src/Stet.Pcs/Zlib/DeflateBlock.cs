namespace Stet.Pcs;

/// <summary>
/// Collects the literals and matches of a block of deflate (RFC 1951, 3.2), and writes it in the form that zlib would:
/// stored, with the fixed code or with codes of its own, whichever is shortest.
/// </summary>
sealed class DeflateBlock(BitWriter output)
{
    // At zlib's memory level 8.
    const int Room = 16_383;

    const int EndOfBlock = 256;
    const int FirstLength = 257;
    const int MaxStored = ushort.MaxValue;
    const int HeaderBits = 3;

    readonly (ushort Value, ushort Distance)[] items = new (ushort, ushort)[Room];
    readonly HuffmanTree literals = new(DeflateTables.Literals, PrefixCode.MaxLength);
    readonly HuffmanTree distances = new(DeflateTables.Distances, PrefixCode.MaxLength);
    readonly CodeLengths codeLengths = new();
    int count;

    /// <summary>Whether it has to be written before anything else can be added.</summary>
    public bool IsFull => count == Room;

    public void Add(byte literal)
    {
        items[count++] = (literal, 0);
        literals.Frequencies[literal]++;
    }

    public void Add(Match match)
    {
        items[count++] = ((ushort)match.Length, (ushort)match.Distance);
        literals.Frequencies[FirstLength + DeflateTables.LengthClass(match.Length)]++;
        distances.Frequencies[DeflateTables.DistanceClass(match.Distance)]++;
    }

    /// <summary>Writes what was added, and is empty again.</summary>
    /// <param name="text">What it stands for; empty where that is gone because it is too much to be stored.</param>
    /// <param name="isLast">Whether nothing follows.</param>
    public void Write(ReadOnlySpan<byte> text, bool isLast)
    {
        literals.Frequencies[EndOfBlock] = 1;
        literals.Make();
        distances.Make();
        codeLengths.Make(literals, distances);

        var extra = DeflateTables.Sum(literals.Frequencies[FirstLength..], DeflateTables.LengthBits)
            + DeflateTables.Sum(distances.Frequencies, DeflateTables.DistanceBits);
        var own = Bytes(codeLengths.Bits + literals.Bits + distances.Bits + extra);
        var common = Bytes(
            DeflateTables.FixedLiterals.Bits(literals.Frequencies)
            + DeflateTables.FixedDistances.Bits(distances.Frequencies) + extra);

        var header = isLast ? 1u : 0;
        if (!text.IsEmpty && text.Length <= MaxStored && text.Length + 4 <= Math.Min(own, common))
        {
            output.Write(header, HeaderBits);
            Store(text);
        }
        else if (common <= own)
        {
            output.Write(header | (1 << 1), HeaderBits);
            WriteItems(DeflateTables.FixedLiterals, DeflateTables.FixedDistances);
        }
        else
        {
            output.Write(header | (2 << 1), HeaderBits);
            codeLengths.Write(output);
            WriteItems(literals.Code, distances.Code);
        }

        count = 0;
        literals.Frequencies.Clear();
        distances.Frequencies.Clear();
    }

    /// <summary>What a block comes to for the comparison: with its header, in whole bytes.</summary>
    static int Bytes(int bits) => (bits + HeaderBits + 7) / 8;

    void Store(ReadOnlySpan<byte> text)
    {
        output.Align();
        output.Write((uint)text.Length, 16);
        output.Write((uint)~text.Length & ushort.MaxValue, 16);
        output.Write(text);
    }

    void WriteItems(PrefixCode literalCode, PrefixCode distanceCode)
    {
        foreach (var (value, distance) in items.AsSpan(0, count))
        {
            if (distance == 0)
            {
                literalCode.Write(output, value);
                continue;
            }

            var length = DeflateTables.LengthClass(value);
            literalCode.Write(output, FirstLength + length);
            output.Write((uint)(value - DeflateTables.FirstLengths[length]), DeflateTables.LengthBits[length]);

            var away = DeflateTables.DistanceClass(distance);
            distanceCode.Write(output, away);
            output.Write((uint)(distance - DeflateTables.FirstDistances[away]), DeflateTables.DistanceBits[away]);
        }

        literalCode.Write(output, EndOfBlock);
    }
}
