using System.Buffers.Binary;
using System.Globalization;
using System.Numerics;
using System.Security.Cryptography;
using System.Text;
using FsCheck;
using FsCheck.Fluent;

namespace Stet.Pcs.Tests;

public class RawStreamSpecs
{
    public static TheoryData<string> GoldenCases => ["tiny_case_1", "tiny_case_2"];

    [Fact]
    public void Every_zlib_stream_and_r_is_that_of_the_vectors()
    {
        foreach (var vector in Vectors.Cases("r"))
        {
            var data = Data(vector.Text("data"));
            Hash(data).ShouldBe(vector.Text("sha256"));

            var compressed = ClassicZlibSpecs.Compressed(data);
            compressed.Length.ShouldBe((int)vector.Integer("zlib6_bytes"), vector.Text("data"));
            Hash(compressed).ShouldBe(vector.Text("zlib6_sha256"));

            var stream = new RawStream(PcsVersion.V10, 1024);
            stream.Append(data);
            stream.Finish().R.ShouldBe(vector.Number("r"));
        }
    }

    [Theory, MemberData(nameof(GoldenCases))]
    public void The_golden_streams_are_those_of_the_vectors(string name)
    {
        var golden = Golden.Case(name);
        foreach (var chunkSize in (int[])[64, 1024])
        {
            var v01 = Golden.Stream(golden, PcsVersion.V01, chunkSize);
            var v10 = Golden.Stream(golden, PcsVersion.V10, chunkSize);
            var (of01, of10) = (v01.Finish(), v10.Finish());

            of01.Length.ShouldBe(golden.GetProperty("raw_stream").Integer("bytes"));
            of01.MerkleRoot.ShouldBe(golden.GetProperty("merkle_0_1").Text($"chunk_{chunkSize}"));
            of10.MerkleRoot.ShouldBe(golden.GetProperty("merkle_1_0").Text($"chunk_{chunkSize}"));
            of10.LeafCount.ShouldBe(golden.GetProperty("leaf_count").Integer($"chunk_{chunkSize}"));
        }
    }

    [Theory, MemberData(nameof(GoldenCases))]
    public void A_golden_input_comes_to_the_golden_document(string name)
    {
        var golden = Golden.Case(name);
        var expected = Ordinary.Read(golden.GetProperty("document_0_1").Utf8());
        var points = Golden.Points(golden.GetProperty("name"));

        var counter = new BoxCounter(BoxCounter.DefaultScales.AsSpan());
        foreach (var point in points) counter.Add(point);
        var stream = Golden.Stream(golden, PcsVersion.V01, RawStream.DefaultChunkSizeOfV01);
        var summary = stream.Finish();
        var coherence = Coherence.Measure(points, golden.GetProperty("seed").GetUInt32());
        var dHat = TheilSen.DHat(counter.Counts().AsSpan(), PcsVersion.V01);
        Golden.ShouldBeTheSame(coherence.VStar, golden.GetProperty("document_0_1").GetProperty("v_star"));

        var document = new PcsDocument
        {
            PcsId = PcsIdentity.Of(summary.MerkleRoot, golden.Integer("epoch"), golden.Text("shard_id")),
            ShardId = golden.Text("shard_id"),
            Epoch = golden.Integer("epoch"),
            Attempt = 1,
            SentAt = "2025-01-19T12:00:00Z",
            Seed = golden.Integer("seed"),
            Scales = counter.Counts(),
            CohStar = coherence.CohStar,
            VStar = expected.VStar,
            DHat = dHat,
            R = summary.R,
            Regime = PcsParameters.Default.Regime(dHat, coherence.CohStar),
            Budget = PcsParameters.Default.Budget(dHat, coherence.CohStar, summary.R),
            MerkleRoot = summary.MerkleRoot,
            Delivery = PcsDelivery.Direct,
        };

        PcsSignature.SignWithHmac(document, golden.Text("key"), PcsDialect.ABytes).ShouldBe(expected);
    }

    [Fact]
    public void An_empty_stream_is_incompressible_and_has_no_leaves()
    {
        var stream = new RawStream(PcsVersion.V10, 1024);
        stream.Finish().ShouldBe(new RawStreamSummary(Independent.RootOfV10([]), 0, 0, 1));
    }

    [Fact]
    public void Rows_and_chunks_are_those_of_the_definition() =>
        Prop.ForAll((
            from seed in Gen.Choose(0, int.MaxValue)
            from rows in Gen.Choose(0, 3000)
            from chunkSize in Gen.Choose(1, 200_000)
            select (seed, rows, chunkSize)).ToArbitrary(), drawn =>
        {
            var random = new Random(drawn.seed);
            var stream = new RawStream(PcsVersion.V10, drawn.chunkSize);
            var lines = new List<string>();
            for (var i = 0; i < drawn.rows; i++)
            {
                var (timestamp, x) = (random.NextDouble() * 1e10, $"{random.NextDouble()}");
                stream.AddRow(timestamp, Encoding.UTF8.GetBytes(x), "1e3"u8, "-0.10"u8);
                lines.Add(string.Create(CultureInfo.InvariantCulture, $"{Exact(timestamp)},{x},1e3,-0.10"));
            }

            var data = Encoding.UTF8.GetBytes(string.Join('\n', lines));
            var summary = stream.Finish();
            summary.Length.ShouldBe(data.Length);
            summary.MerkleRoot.ShouldBe(Independent.RootOfV10([.. data.Chunk(drawn.chunkSize)]));
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(20));

    [Fact]
    public void A_timestamp_that_is_not_finite_and_a_chunk_size_out_of_range_are_mistakes_of_the_program()
    {
        var stream = new RawStream(PcsVersion.V10, 1);
        Should.Throw<ArgumentException>(() => stream.AddRow(double.NaN, "1"u8, "2"u8, "3"u8));
        Should.Throw<ArgumentOutOfRangeException>(() => new RawStream(PcsVersion.V10, 0));
        Should.Throw<ArgumentOutOfRangeException>(() => new RawStream(PcsVersion.V10, 1_048_577));
    }

    static byte[] Data(string name) => name switch
    {
        "empty" => [],
        "'test data'" => "test data"u8.ToArray(),
        "1000 x 'a'" => [.. Enumerable.Repeat((byte)'a', 1000)],
        "100000 x 'a'" => [.. Enumerable.Repeat((byte)'a', 100_000)],
        "rows(100)" => PseudoRandomRows(100),
        "rows(1000)" => PseudoRandomRows(1000),
        "rows(10000)" => PseudoRandomRows(10_000),
        "mt(25000)" => RandomWords(25_000),
        "rows(1000) LF rows(1000)" =>
            [.. PseudoRandomRows(1000), (byte)'\n', .. PseudoRandomRows(1000)],
        _ => throw new ArgumentException("no such data", nameof(name)),
    };

    /// <summary>Rows whose digits come from the linear congruential generator of ISO C.</summary>
    static byte[] PseudoRandomRows(int count)
    {
        var rows = new StringBuilder();
        var x = 12345L;
        for (var row = 0; row < count; row++)
        {
            x = ((1103515245 * x) + 12345) & 0x7fffffff;
            if (row > 0) rows.Append('\n');
            rows.Append(
                CultureInfo.InvariantCulture, $"{row}.000000000,{x % 1000},{x / 1000 % 1000},{x / 1000000 % 1000}");
        }

        return Encoding.ASCII.GetBytes(rows.ToString());
    }

    static byte[] RandomWords(int count)
    {
        var random = new MersenneTwister(42);
        var words = new byte[4 * count];
        for (var i = 0; i < count; i++)
            BinaryPrimitives.WriteUInt32LittleEndian(words.AsSpan(4 * i), random.NextWord());
        return words;
    }

    /// <summary>A double of at least 1 with nine decimals, its exact value rounded, ties to even.</summary>
    static string Exact(double value)
    {
        var bits = BitConverter.DoubleToInt64Bits(value);
        var shift = 1075 - (int)(bits >> 52);
        var significand = new BigInteger((bits & ((1L << 52) - 1)) | (1L << 52));
        var (billionths, rest) = BigInteger.DivRem(significand * 1_000_000_000, BigInteger.One << shift);
        var twice = rest * 2;
        if (twice > BigInteger.One << shift || (twice == BigInteger.One << shift && !billionths.IsEven)) billionths++;
        var digits = billionths.ToString(CultureInfo.InvariantCulture).PadLeft(10, '0');
        return $"{digits[..^9]}.{digits[^9..]}";
    }

    static string Hash(byte[] data) => Convert.ToHexStringLower(SHA256.HashData(data));
}
