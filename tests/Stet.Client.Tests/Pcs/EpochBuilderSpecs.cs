using System.Text;
using Stet.Client.Pcs;
using Stet.Client.Tests.AuditLog;
using Stet.Pcs;

namespace Stet.Client.Tests.Pcs;

public class EpochBuilderSpecs
{
    [Theory]
    [InlineData("tiny_case_1", "csv")]
    [InlineData("tiny_case_2", "csv")]
    [InlineData("tiny_case_1", "jsonl")]
    public void A_golden_input_comes_to_the_golden_document(string name, string extension)
    {
        var golden = PcsVectors.Golden(name);
        using var folder = new TestFolder();
        var csv = golden.Text("csv");
        var path = folder.Write($"golden.{extension}", extension == "csv" ? csv : JsonLines(csv));
        var plan = new PcsPlan(golden.Text("shard_id"), PcsSigningKey.Hmac(golden.Text("key")))
        {
            Seed = golden.GetProperty("seed").GetUInt32(),
        };

        var document = plan.Key.Sign(Build(plan, path).Finish(golden.GetProperty("epoch").GetInt64(), "2025-01-19T12:00:00Z"));

        var expected = Documents.Read(Encoding.UTF8.GetBytes(golden.GetProperty("document_0_1").GetRawText()));
        // Platforms' logarithms differ in the last bit.
        document.VStar.X.ShouldBe(expected.VStar.X, 1e-15);
        document.VStar.Y.ShouldBe(expected.VStar.Y, 1e-15);
        document.VStar.Z.ShouldBe(expected.VStar.Z, 1e-15);
        (document with { VStar = expected.VStar }).ShouldBe(expected);
    }

    [Theory]
    [InlineData(PcsAlgorithm.HS256)]
    [InlineData(PcsAlgorithm.Ed25519)]
    public void A_document_of_1_0_is_accepted_by_the_verifier(PcsAlgorithm algorithm)
    {
        var seed = new byte[32];
        var key = algorithm == PcsAlgorithm.HS256 ? PcsSigningKey.Hmac(Documents.Secret) : PcsSigningKey.Ed25519(seed);
        var registered = algorithm == PcsAlgorithm.HS256
            ? PcsKey.Hmac("k1", PcsVersion.V10, Documents.Secret)
            : PcsKey.Ed25519("k1", PcsVersion.V10, Stet.AuditLog.Ed25519.Default.PublicKey(seed));
        var plan = Documents.PlanOfV10 with { Key = key };

        var document = Documents.Of(3, plan);
        var sent = PcsSigningKey.Number(document, 17, TimeSpan.FromSeconds(-2), key);

        document.Header!.ChunkSize.ShouldBe(1024);
        document.Header.LeafCount.ShouldBe(1);
        Documents.Read(sent).Delivery.ShouldBe(new PcsDelivery(17, Degraded: false, [], -2000));
        var tenant = new PcsTenant("acme", PcsSignaturePolicy.Required, [registered], PcsParameters.Default);
        PcsVerifier.Verify(sent, tenant, new DateTimeOffset(2026, 3, 2, 9, 1, 0, TimeSpan.Zero)).ShouldBeOfType<PcsVerified>();
    }

    [Fact]
    public void A_document_of_0_1_keeps_its_signature_when_it_is_numbered()
    {
        var document = Documents.Of(3);

        var numbered = Documents.Read(PcsSigningKey.Number(document, 9, TimeSpan.Zero, key: null));

        numbered.ShouldBe(document with { Delivery = document.Delivery with { OutboxSeq = 9 } });
    }

    [Fact]
    public void A_document_of_1_0_is_numbered_with_the_key_that_signed_it_and_no_other()
    {
        var signed = Documents.Of(1, Documents.PlanOfV10);
        var other = PcsSigningKey.Hmac("another secret of 32 bytes or so");

        PcsSigningKey.Number(signed, 1, TimeSpan.Zero, Documents.Plan.Key).ShouldBe(PcsSigningKey.Number(signed with { Sig = null }, 1, TimeSpan.Zero, Documents.Plan.Key));
        Should.Throw<AgentException>(() => PcsSigningKey.Number(signed, 1, TimeSpan.Zero, other)).Message.ShouldContain("another key");
        Should.Throw<AgentException>(() => PcsSigningKey.Number(signed with { Epoch = 2 }, 1, TimeSpan.Zero, Documents.Plan.Key));
        Should.NotThrow(() => PcsSigningKey.Number(Documents.Of(1), 1, TimeSpan.Zero, other));
    }

    [Fact]
    public void What_cannot_be_signed_is_refused()
    {
        Should.Throw<AgentException>(() => PcsSigningKey.Number(Documents.Of(1, Documents.PlanOfV10), 1, TimeSpan.Zero, key: null));
        Should.Throw<AgentException>(() => PcsSigningKey.Ed25519(new byte[32]).Sign(Documents.Of(1, Documents.PlanOfV10)));
        Should.Throw<AgentException>(() => (Documents.PlanOfV10 with { Key = PcsSigningKey.Hmac("short") }).Check());
        Should.Throw<AgentException>(() => PcsSigningKey.Hmac(""));
        Should.Throw<AgentException>(() => PcsSigningKey.Ed25519(new byte[31]));
    }

    [Fact]
    public void A_plan_that_no_service_could_read_is_refused_before_any_row()
    {
        Documents.Plan.Check();
        Documents.PlanOfV10.Check();
        (Documents.Plan with { ShardId = "a|b ü" }).Check();

        foreach (var plan in (PcsPlan[])
        [
            Documents.Plan with { ShardId = "" }, Documents.Plan with { ShardId = "a\nb" }, Documents.Plan with { ChunkSize = 0 },
            Documents.PlanOfV10 with { ShardId = "a|b" }, Documents.PlanOfV10 with { Kid = "" }, Documents.PlanOfV10 with { Tenant = "a b" },
        ])
        {
            Should.Throw<AgentException>(plan.Check).Message.Length.ShouldBeGreaterThan(20);
        }
    }

    [Fact]
    public void An_epoch_without_rows_is_refused()
    {
        var builder = new EpochBuilder(Documents.Plan);
        Should.Throw<AgentException>(() => builder.Finish(1, "2026-03-02T09:00:00Z")).Message.ShouldContain("no rows");
    }

    [Fact]
    public void Fallbacks_are_named_and_make_the_document_degraded()
    {
        var builder = new EpochBuilder(Documents.Plan);
        builder.Add(new EventRow(1, new Point(1, 2, 3), "1"u8, "2"u8, "3"u8));

        var delivery = builder.Finish(1, "2026-03-02T09:00:00Z", [EpochBuilder.LateRows]).Delivery;

        delivery.Degraded.ShouldBeTrue();
        delivery.Fallbacks.ShouldContain("late_rows");
    }

    [Fact]
    public void Computing_reports_its_progress_and_can_be_stopped()
    {
        var builder = new EpochBuilder(Documents.Plan);
        builder.Add(new EventRow(1, new Point(1, 2, 3), "1"u8, "2"u8, "3"u8));
        var told = new Told<int>();

        builder.Finish(1, "2026-03-02T09:00:00Z", directions: told);

        told.All.ShouldBe(Enumerable.Range(1, 100));
        var other = new EpochBuilder(Documents.Plan);
        other.Add(new EventRow(1, new Point(1, 2, 3), "1"u8, "2"u8, "3"u8));
        Should.Throw<OperationCanceledException>(() => other.Finish(1, "2026-03-02T09:00:00Z", cancel: new CancellationToken(true)));
    }

    static EpochBuilder Build(PcsPlan plan, string path)
    {
        var builder = new EpochBuilder(plan);
        using var source = EventSource.Open(path);
        while (source.TryRead(out var row, isWhole: true)) builder.Add(row);
        return builder;
    }

    static string JsonLines(string csv) => string.Concat(csv.Split('\n', StringSplitOptions.RemoveEmptyEntries).Skip(1)
        .Select(line => line.Split(','))
        .Select(row => $$"""{"x":{{row[1]}},"sensor":"a","timestamp":{{row[0]}},"y":{{row[2]}},"z":{{row[3]}}}""" + "\n"));
}
