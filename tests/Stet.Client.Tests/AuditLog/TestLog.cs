using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace Stet.Client.Tests.AuditLog;

/// <summary>A log written the naive way: every hash by the recursive definition of RFC 6962.</summary>
sealed class TestLog
{
    public const string Origin = "stet.example/audit/acme";

    public static readonly DateTimeOffset Monday = new(2026, 3, 2, 9, 0, 0, TimeSpan.Zero);

    readonly byte[][] leaves;
    readonly IReadOnlyList<byte[]> entries;
    readonly Lazy<byte[]> root;

    public TestLog(IReadOnlyList<byte[]> entries)
    {
        this.entries = entries;
        leaves = [.. entries.Select(e => SHA256.HashData([0, .. e]))];
        root = new(() => Hash(0, Size));
    }

    /// <summary>Entries of a Stet log, each committing to <see cref="Data"/> under <see cref="Salt"/>.</summary>
    public static TestLog OfSize(int size, string type = "correction_recorded") =>
        new([.. Enumerable.Range(0, size).Select(i => Entry(i, type))]);

    public static TestLog OfTexts(int size) => new([.. Enumerable.Range(0, size).Select(i => Encoding.ASCII.GetBytes($"entry-{i}"))]);

    public TestKey Key { get; init; } = TestKey.Log(Origin);

    public int Size => entries.Count;

    public byte[] Root => root.Value;

    public string Body => $"{Key.Name}\n{Size}\n{Convert.ToBase64String(Root)}\n";

    public string Note(params TestKey[] cosigners) => Note(Monday, cosigners);

    public string Note(DateTimeOffset time, params TestKey[] cosigners) =>
        $"{Body}\n{Key.Line(Body)}{string.Concat(cosigners.Select(c => c.Line(Body, time)))}";

    public TestLog Cut(int size) => new([.. entries.Take(size)]) { Key = Key };

    public TestLog With(int index, byte[] entry) => new([.. entries.Select((e, i) => i == index ? entry : e)]) { Key = Key };

    /// <summary>Every resource that the size implies, by its path.</summary>
    public Dictionary<string, byte[]> Resources()
    {
        var resources = new Dictionary<string, byte[]> { ["checkpoint"] = Encoding.UTF8.GetBytes(Note()) };
        for (var (level, span) = (0, 1); Size / span > 0; level++, span *= 256)
        {
            for (var tile = 0; tile * 256 < Size / span; tile++)
            {
                var width = Math.Min(256, (Size / span) - (tile * 256));
                var hashes = Enumerable.Range(tile * 256, width).SelectMany(i => Hash(i * span, (i + 1) * span));
                resources[$"tile/{level}/{Number(tile)}{Suffix(width)}"] = [.. hashes];
                if (level == 0) resources[$"tile/entries/{Number(tile)}{Suffix(width)}"] = Bundle(tile * 256, width);
            }
        }

        return resources;
    }

    public string PayloadLines() => string.Concat(Enumerable.Range(0, Size).Select(PayloadLine));

    public static string PayloadLine(int index) =>
        $$"""{"position":{{index + 1}},"id":"{{Id(index)}}","state":"INTACT","salt":"{{Convert.ToBase64String(Salt(index))}}","data":{{Data(index)}}}""" + "\n";

    public string TlogProof(int index, params TestKey[] cosigners) =>
        $"c2sp.org/tlog-proof@v1\nindex {index}\n{string.Concat(Path(index, 0, Size).Select(h => Convert.ToBase64String(h) + "\n"))}\n{Note(cosigners)}";

    public byte[] EntryAt(int index) => entries[index];

    public static byte[] Entry(int index, string type = "correction_recorded") => Encoding.UTF8.GetBytes(
        $$"""{"actor":"application","at":"2026-03-01T12:00:00.123456Z","commit":"{{Convert.ToBase64String(Commit(index))}}","id":"{{Id(index)}}","schema":1,"stream":"5c1e0b7a-6f2d-8a3b-9c4d-5e6f708192a3","type":"{{type}}","v":1,"version":{{index + 1}}}""");

    public static string Id(int index) => $"01930a5e-7c00-7abc-8def-{index:x12}";

    /// <summary>As a database gives it back: not canonical.</summary>
    public static string Data(int index) => $$"""{"n": {{index}}.50, "a": ["é", null]}""";

    public static byte[] Salt(int index) => SHA256.HashData(BitConverter.GetBytes(index));

    static byte[] Commit(int index) => SHA256.HashData([
        .. "stet-commit/v1\0"u8, .. Salt(index), .. Encoding.UTF8.GetBytes($$"""{"a":["é",null],"n":{{index}}.5}""")]);

    public byte[] Hash(int from, int to)
    {
        if (to == from) return SHA256.HashData([]);
        if (to == from + 1) return leaves[from];

        var k = LargestPowerBelow(to - from);
        return Node(Hash(from, from + k), Hash(from + k, to));
    }

    IEnumerable<byte[]> Path(int m, int from, int to)
    {
        if (to - from == 1) return [];
        var k = LargestPowerBelow(to - from);
        return m < k ? Path(m, from, from + k).Append(Hash(from + k, to)) : Path(m - k, from + k, to).Append(Hash(from, from + k));
    }

    static int LargestPowerBelow(int n)
    {
        var k = 1;
        while (k * 2 < n) k *= 2;
        return k;
    }

    static byte[] Node(byte[] left, byte[] right) => SHA256.HashData([1, .. left, .. right]);

    byte[] Bundle(int from, int count)
    {
        var bundle = new MemoryStream();
        var length = new byte[2];
        foreach (var entry in entries.Skip(from).Take(count))
        {
            BinaryPrimitives.WriteUInt16BigEndian(length, (ushort)entry.Length);
            bundle.Write(length);
            bundle.Write(entry);
        }

        return bundle.ToArray();
    }

    static string Number(int n) => n < 1000 ? $"{n:000}" : $"x{n / 1000:000}/{n % 1000:000}";

    static string Suffix(int width) => width == 256 ? "" : $".p/{width}";
}
