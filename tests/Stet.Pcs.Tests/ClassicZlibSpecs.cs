using System.Globalization;
using System.Text;
using FsCheck;
using FsCheck.Fluent;

namespace Stet.Pcs.Tests;

/// <summary>What the classic library of a Linux system makes of the same bytes is what is right.</summary>
public class ClassicZlibSpecs
{
    const int MaxDistance = 32_506;

    public static TheoryData<string> Cases => [.. cases.Keys];

    static readonly Dictionary<string, byte[]> cases = new(StringComparer.Ordinal)
    {
        ["nothing"] = [],
        ["a byte"] = [7],
        ["two bytes"] = [7, 7],
        ["the shortest match"] = [1, 2, 3, 4, 2, 3, 4],
        ["the first byte is not found again"] = [.. "abcdefgh-abcdefgh"u8],
        ["one byte, for blocks longer than the window"] = Run(5_000_000),
        ["every byte, and once more"] = [.. EveryByte(), .. EveryByte()],
        ["noise, which is stored"] = Noise(70_000, 256),
        ["noise with a run between"] = [.. Noise(20_000, 256), .. Run(20_000), .. Noise(20_000, 256)],
        ["noise of three kinds of bytes"] = Noise(70_000, 3),
        ["bytes as often as the numbers of Fibonacci"] = Fibonacci(),
        ["noise of ever more kinds of bytes"] = [.. Enumerable.Range(0, 60).SelectMany(i => Noise(300, i + 2))],
        ["the farthest match"] = [.. Noise(MaxDistance, 256), .. Noise(MaxDistance, 256)],
        ["one place too far"] = [.. Noise(MaxDistance + 1, 256), .. Noise(MaxDistance + 1, 256)],
        ["the farthest match where zlib moves its window at the end"] = FarthestMatch(at: 65_274, length: 65_400),
        ["the farthest match where zlib moves its window at the end again"] = FarthestMatch(at: 98_042, length: 98_200),
        ["the farthest match where zlib does not yet move its window"] = FarthestMatch(at: 65_274, length: 66_000),
        ["three bytes as far as they are worth it"] = ThreeBytesApart(4096),
        ["three bytes one place farther"] = ThreeBytesApart(4097),
        ["rows"] = Rows(20_000),
    };

    [Theory, MemberData(nameof(Cases))]
    public void The_stream_is_zlibs(string name) => ShouldBeZlibs(cases[name], piece: int.MaxValue);

    [Fact]
    public void The_stream_of_any_bytes_in_any_pieces_is_zlibs() =>
        Prop.ForAll(
            (from seed in Gen.Choose(0, int.MaxValue) from piece in Gen.Choose(1, 300_000) select (seed, piece)).ToArbitrary(),
            drawn => ShouldBeZlibs(Mixed(new Random(drawn.seed)), drawn.piece))
            .Check(Config.QuickThrowOnFailure.WithMaxTest(150));

    [Fact]
    public void A_finished_stream_takes_no_more()
    {
        var zlib = new ClassicZlib(_ => { });
        zlib.Append("a"u8);
        zlib.Finish();
        Should.Throw<InvalidOperationException>(() => zlib.Append("b"u8));
    }

    public static byte[] Compressed(byte[] data, int piece = int.MaxValue)
    {
        using var compressed = new MemoryStream();
        var zlib = new ClassicZlib(compressed.Write);
        foreach (var part in data.Chunk(piece)) zlib.Append(part);
        zlib.Finish();
        return compressed.ToArray();
    }

    static void ShouldBeZlibs(byte[] data, int piece) =>
        Compressed(data, piece).AsSpan().SequenceEqual(SystemZlib.Compress(data)).ShouldBeTrue();

    static byte[] Run(int length) => [.. Enumerable.Repeat((byte)'a', length)];

    static byte[] EveryByte() => [.. Enumerable.Range(0, 256).Select(i => (byte)i)];

    static byte[] Noise(int length, int kinds)
    {
        var random = new Random(length + kinds);
        return [.. Enumerable.Range(0, length).Select(_ => (byte)random.Next(kinds))];
    }

    /// <summary>The tree is as deep as can be.</summary>
    static byte[] Fibonacci()
    {
        var (bytes, one, next) = (new List<byte>(), 1, 1);
        for (var i = 0; i < 20; i++, (one, next) = (next, one + next))
            bytes.AddRange(Enumerable.Repeat((byte)(37 * i), one));
        var shuffled = bytes.ToArray();
        new Random(1).Shuffle(shuffled);
        return shuffled;
    }

    /// <summary>Noise whose hashes are not those of ten bytes that are there twice.</summary>
    static byte[] FarthestMatch(int at, int length)
    {
        var bytes = Noise(length, 16);
        bytes[at - 1] = 200;
        for (var i = 0; i < 10; i++) bytes[at + i] = bytes[at + i - MaxDistance] = (byte)(16 + i);
        return bytes;
    }

    static byte[] ThreeBytesApart(int distance)
    {
        byte[] three = [1, 2, 3];
        var between = Enumerable.Range(0, distance - 3).Select(i => (byte)(100 + (i * i / 7 % 150)));
        return [0, .. three, .. between, .. three, 9];
    }

    static byte[] Rows(int count)
    {
        var random = new Random(42);
        return Encoding.ASCII.GetBytes(string.Join('\n', Enumerable.Range(0, count).Select(i => string.Create(
            CultureInfo.InvariantCulture, $"{i}.000000000,{random.NextDouble():F3},{random.Next(99)},-0.10"))));
    }

    static byte[] Mixed(Random random)
    {
        var bytes = new List<byte>();
        for (var parts = random.Next(1, 8); parts > 0; parts--) bytes.AddRange(Part(random, bytes));
        return [.. bytes];
    }

    static IEnumerable<byte> Part(Random random, List<byte> before)
    {
        var length = random.Next(random.Next(1, 50_000));
        return random.Next(5) switch
        {
            0 => Noise(length, random.Next(1, 257)),
            1 => Run(length),
            2 => Rows(length / 25),
            3 => Repeated(random, before, length),
            _ => Enumerable.Range(0, length).Select(_ => (byte)(-Math.Log(random.NextDouble()) * 20)).ToArray(),
        };
    }

    /// <summary>Pieces of what came before, with a byte between them that is new.</summary>
    static byte[] Repeated(Random random, List<byte> before, int length)
    {
        var all = before.ToList();
        while (all.Count < before.Count + length)
        {
            var (piece, back) = (random.Next(1, 300), random.Next(1, 33_000));
            for (; piece > 0 && back <= all.Count; piece--) all.Add(all[^back]);
            all.Add((byte)random.Next(256));
        }

        return [.. all.Skip(before.Count)];
    }
}
