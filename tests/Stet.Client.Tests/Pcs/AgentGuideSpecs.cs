using Stet.Client.Pcs;
using Stet.Client.Tests.AuditLog;
using Stet.Pcs;
using Stet.Testing;

// Outside of Stet's namespaces, as the guide's readers are: they see no types but those they ask for.
namespace Guides;

/// <summary><c>docs/agent.md</c>: its code is this code, run against the service.</summary>
public sealed class AgentGuideSpecs
{
    [Fact]
    public async Task The_code_of_the_guide_delivers_a_document()
    {
        const string secret = "a-32-byte-secret-for-tests-only!";
        var service = await TestService.SharedAsync();
        var tenant = TestService.NewTenantId();
        using var http = service.Client(tenant);
        await new Stet.Client.Api.StetClient(http).Pcs.RegisterKeyAsync("k1", Stet.Client.Api.NewSigningKey.Hmac("0.1", secret));

        using var folder = new TestFolder();
        await DeliverAsync(folder.At("outbox"), service.Address, tenant, new PcsPlan("shard-001", PcsSigningKey.Hmac(secret)));
    }

    [Fact]
    public void Every_example_of_the_guide_stands_here() =>
        GuideSpecs.ExamplesShouldStandIn("tests/Stet.Client.Tests/Pcs/AgentGuideSpecs.cs", "docs/agent.md", atLeast: 1);

    static async Task DeliverAsync(string path, Uri url, string tenant, PcsPlan plan)
    {
        using var stopping = new CancellationTokenSource();
        var stop = stopping.Token;
        var (epoch, timestamp, x, y, z) = (7L, 420.5, 0.1, 0.2, 0.3);

        await using var outbox = Outbox.Open(path, TimeProvider.System);
        using var http = PcsEndpoint.CreateClient([new("X-Tenant-Id", tenant)]);
        var sender = new PcsSender(outbox, new PcsEndpoint(http, url, TimeProvider.System), TimeProvider.System, Random.Shared);
        var sending = sender.RunAsync(progress: null, stop);

        var builder = new EpochBuilder(plan);
        builder.Add(new EventRow(timestamp, new Point(x, y, z), "0.10"u8, "0.2"u8, "0.3"u8));
        var document = builder.Finish(epoch, PcsPlan.SentAt(TimeProvider.System.GetUtcNow()));
        await outbox.EnqueueAsync(seq => PcsSigningKey.Number(document, seq, TimeSpan.Zero, plan.Key));

        while (outbox.Counts.Pending > 0) await Task.Delay(20, CancellationToken.None);
        (outbox.Counts.Acked, outbox.Counts.Dead).ShouldBe((1, 0));
        await stopping.CancelAsync();
        await sending;
    }
}
