using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using System.Text;
using Stet.Pcs;

namespace Stet.Benchmarks;

/// <summary>
/// What PCS costs in one process: verifying a typical signed document on one core, and the signals of a million points.
/// </summary>
static class PcsBenchmark
{
    const string Secret = "a-32-byte-secret-for-benchmarks!";
    const int Points = 1_000_000;

    /// <summary>Documents that are timed together, about 2 ms: a neighbour on the core spoils few of such blocks, and the median none.</summary>
    const int Block = 100;

    static readonly DateTimeOffset now = new(2026, 11, 21, 0, 0, 0, TimeSpan.Zero);

    public static Command Command()
    {
        var rounds = new Option<int>("--rounds")
        {
            Description = "Documents to verify per line",
            DefaultValueFactory = _ => 100_000,
        };
        var command = new Command("pcs", "PCS documents verified, and signals computed, on one core.") { rounds };
        command.SetAction(arguments => Run(arguments.GetValue(rounds)));
        return command;
    }

    /// <summary>Signed documents, all different, for a load generator.</summary>
    public static Command DocumentsCommand()
    {
        var count = new Option<int>("--count") { Description = "How many" };
        var first = new Option<long>("--first") { Description = "Number of the first: other numbers are other documents" };
        var secret = new Option<bool>("--secret") { Description = "Print the secret that signs them instead" };
        var command = new Command("pcs-documents", "Signed documents of 0.1, one a line.") { count, first, secret };
        command.SetAction(arguments =>
        {
            if (arguments.GetValue(secret)) Console.WriteLine(Secret);
            else Write(arguments.GetValue(first), arguments.GetValue(count));
        });
        return command;
    }

    static void Write(long first, int count)
    {
        const int Shards = 1_000;

        using var output = new BufferedStream(Console.OpenStandardOutput(), 1 << 20);
        var document = Document();
        for (var n = first; n < first + count; n++)
        {
            var (shard, epoch) = ($"sensor-field-north/room-{n % Shards}", n / Shards);
            var one = document with { ShardId = shard, Epoch = epoch, PcsId = PcsIdentity.Of(document.MerkleRoot, epoch, shard) };
            output.Write(PcsSignature.SignWithHmac(one, Secret, PcsDialect.ABytes).ToJson());
            output.WriteByte((byte)'\n');
        }
    }

    static void Run(int rounds)
    {
        var v01 = Document() with { ShardId = "sensor-field-north/room-017" };
        v01 = v01 with { PcsId = PcsIdentity.Of(v01.MerkleRoot, v01.Epoch, v01.ShardId) };
        var v10 = Document() with
        {
            Header = new PcsHeader(PcsAlgorithm.HS256, "k1", "acme", 1024, 9),
            DHat = 0.453416228,
        };

        (string Name, PcsDocument Document)[] documents =
        [
            ("0.1, A-bytes", PcsSignature.SignWithHmac(v01, Secret, PcsDialect.ABytes)),
            ("0.1, G-bytes", PcsSignature.SignWithHmac(v01, Secret, PcsDialect.GBytes)),
            ("1.0, HS256", PcsSignature.SignWithHmac(v10, Secret, PcsDialect.JcsHs256)),
        ];

        // All of them before the first is measured, until the code that they share is compiled for good.
        for (var warmUp = 0; warmUp < 5; warmUp++)
            foreach (var (_, document) in documents) Round(document.ToJson(), Tenant(), rounds / 5);

        foreach (var (name, document) in documents) Verify(name, document, rounds);
        Compute();
    }

    static void Verify(string name, PcsDocument document, int rounds)
    {
        var body = document.ToJson();
        var tenant = Tenant();
        var allocated = GC.GetAllocatedBytesForCurrentThread();
        var used = Environment.CpuUsage.TotalTime;
        var perDocument = Round(body, tenant, rounds);
        used = Environment.CpuUsage.TotalTime - used;
        allocated = GC.GetAllocatedBytesForCurrentThread() - allocated;

        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"verify {name}\t{body.Length} bytes\t{perDocument:F2} µs\t" +
            $"{used.TotalMicroseconds / rounds:F2} µs of CPU\t{allocated / rounds} bytes allocated"));
    }

    static PcsTenant Tenant() => new(
        "acme", PcsSignaturePolicy.Required,
        [PcsKey.Hmac("k0", PcsVersion.V01, Secret), PcsKey.Hmac("k1", PcsVersion.V10, Secret)], PcsParameters.Default);

    /// <summary>Microseconds for a document, the median of the blocks.</summary>
    static double Round(byte[] body, PcsTenant tenant, int rounds)
    {
        var blocks = new double[Math.Max(1, rounds / Block)];
        for (var block = 0; block < blocks.Length; block++)
        {
            var started = Stopwatch.GetTimestamp();
            for (var i = 0; i < Block; i++)
            {
                if (PcsVerifier.Verify(body, tenant, now) is not PcsVerified { Assessment.IsEscalated: false })
                    throw new InvalidOperationException("the document of the benchmark is not accepted");
            }

            blocks[block] = Stopwatch.GetElapsedTime(started).TotalMicroseconds / Block;
        }

        Array.Sort(blocks);
        return blocks[blocks.Length / 2];
    }

    static void Compute()
    {
        var random = new Random(42);
        var points = new Point[Points];
        for (var i = 0; i < points.Length; i++)
            points[i] = new Point(Coordinate(random), Coordinate(random), Coordinate(random));
        var rows = Array.ConvertAll(points, Texts);

        Time("N_j at 2, 4, 8, 16", () =>
        {
            var counter = new BoxCounter(BoxCounter.DefaultScales.AsSpan());
            foreach (var point in points) counter.Add(point);
            return counter.Counts().ToString();
        });
        Time("raw stream: root and r", () =>
        {
            var stream = new RawStream(PcsVersion.V10, RawStream.DefaultChunkSizeOfV10);
            for (var i = 0; i < rows.Length; i++) stream.AddRow(i, rows[i].X, rows[i].Y, rows[i].Z);
            return stream.Finish().ToString();
        });
        Time("N_j, root and r, as the agent computes them", () =>
        {
            var counter = new BoxCounter(BoxCounter.DefaultScales.AsSpan());
            var stream = new RawStream(PcsVersion.V10, RawStream.DefaultChunkSizeOfV10);
            for (var i = 0; i < rows.Length; i++)
            {
                counter.Add(points[i]);
                stream.AddRow(i, rows[i].X, rows[i].Y, rows[i].Z);
            }

            return $"{counter.Counts()} {stream.Finish().R}";
        });
        Time("coh★ of 100 directions", () => Coherence.Measure(points, 42).ToString());
    }

    static double Coordinate(Random random) => Math.Round(random.NextDouble() * 10, 3);

    static (byte[] X, byte[] Y, byte[] Z) Texts(Point point) => (Text(point.X), Text(point.Y), Text(point.Z));

    static byte[] Text(double value) => Encoding.ASCII.GetBytes(value.ToString(CultureInfo.InvariantCulture));

    static void Time(string name, Func<string> work)
    {
        var used = Environment.CpuUsage.TotalTime;
        var started = Stopwatch.GetTimestamp();
        var result = work();
        var elapsed = Stopwatch.GetElapsedTime(started);
        used = Environment.CpuUsage.TotalTime - used;
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{Points} points, {name}\t{elapsed.TotalSeconds:F2} s\t{used.TotalSeconds:F2} s of CPU\t{result}"));
    }

    static PcsDocument Document() => new PcsDocument
    {
        PcsId = PcsIdentity.Of("e2eea7eda73f5f3a0ca236273605d7c2e75da8a13c7e7371e927f9490c8d6964", 1, "shard-001"),
        ShardId = "shard-001",
        Epoch = 1,
        Attempt = 1,
        SentAt = "2026-11-21T00:00:00.123456Z",
        Seed = 42,
        Scales = [new(2, 5), new(4, 10), new(8, 13), new(16, 15)],
        CohStar = 0.066666667,
        VStar = new Direction(0.6000020458127243, -0.16701530057610703, 0.7823703946303298),
        DHat = 0.528320834,
        R = 0.318421053,
        Regime = PcsRegime.Mixed,
        Budget = 0.317807017,
        MerkleRoot = "e2eea7eda73f5f3a0ca236273605d7c2e75da8a13c7e7371e927f9490c8d6964",
        Delivery = PcsDelivery.Direct,
    };
}
