using System.Net;
using System.Text.Json.Nodes;
using Stet.Testing;
using static Stet.Tests.Corrections.OrdinaryJson;

namespace Stet.Tests.Audit;

/// <summary>What becomes of logs when a standby is promoted, under a running service.</summary>
public sealed class FailOverTests : IAsyncLifetime
{
    readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("stet-failover-");
    ReplicatedServer server = null!;
    TestService service = null!;
    LogClient log = null!;

    public async Task InitializeAsync()
    {
        server = await ReplicatedServer.StartAsync();
        service = await StartAsync();
        log = LogClient.New(service);
        await log.RecordAsync(2);
        (await log.CheckpointAsync("?min_position=2")).Size.ShouldBe(2);
    }

    public async Task DisposeAsync()
    {
        await service.DisposeAsync();
        await server.DisposeAsync();
        folder.Delete(recursive: true);
    }

    [Fact]
    public async Task A_promoted_standby_that_lagged_is_not_signed_until_a_new_epoch()
    {
        await server.DisconnectStandbyAsync();
        await log.RecordAsync(3);
        (await log.CheckpointAsync("?min_position=5")).Size.ShouldBe(5);
        await server.FailOverAsync();

        // A receipt would be the first signature, were it made.
        var written = await log.Tenant.PostAsync("/v1/corrections?receipt=true", Correction("after"));
        written.Status.ShouldBe(201, written.Text);
        (written.Headers["Stet-Position"], (string?)written.Json["receipt_error"]).ShouldBe(("3", "audit_signing_refused"));
        await ShouldBeRefusedAsync(service, log);

        // Once the log has grown past what was signed it still is another history, also for a service that starts then.
        await log.RecordAsync(4);
        (await log.GetAsync("checkpoint?min_position=7")).Code.ShouldBe("audit_signing_refused");
        await service.DisposeAsync();
        service = await StartAsync();
        log = log.At(service);
        await ShouldBeRefusedAsync(service, log);

        var begun = await ServiceProcess.RunAsync(
            "audit", "new-epoch", "--connection", server.Database.ConnectionString, "--data", folder.FullName, "--tenant", log.TenantId,
            "--reason", "failed over to a standby that lagged");
        begun.ExitCode.ShouldBe(0, begun.Output);
        (await log.OpenAsync((await log.GetAsync("epoch/2/checkpoint?min_position=8")).Body)).Size.ShouldBe(8);
        await ShouldBecomeAsync(service, HttpStatusCode.OK);
    }

    [Fact]
    public async Task A_promoted_standby_that_lagged_is_noticed_before_anybody_asks_for_a_checkpoint()
    {
        await server.DisconnectStandbyAsync();
        await log.RecordAsync(3);
        (await log.CheckpointAsync("?min_position=5")).Size.ShouldBe(5);
        await server.FailOverAsync();

        (await log.RecordAsync(1)).ShouldBe(3);

        await ShouldBecomeAsync(service, HttpStatusCode.ServiceUnavailable);
        await CheckpointSpecs.ShouldBeFrozenAsync(service, log);
    }

    [Fact]
    public async Task A_promoted_standby_that_had_everything_is_signed_on()
    {
        await log.RecordAsync(3);
        var before = await log.CheckpointAsync("?min_position=5");
        await server.DisconnectStandbyAsync();
        await server.FailOverAsync();

        (await log.RecordAsync(2)).ShouldBe(7);
        (await log.CheckpointAsync("?min_position=7")).Size.ShouldBe(7);
        var proof = JsonNode.Parse((await log.GetAsync("consistency?from=5&to=7")).Text)!;
        ((string?)proof["from_root"]).ShouldBe(before.Root.ToString());
        await ShouldBecomeAsync(service, HttpStatusCode.OK);
    }

    Task<TestService> StartAsync() => TestService.StartAsync(
        new TestServiceOptions { Settings = new Dictionary<string, string?> { ["Audit:Folder"] = folder.FullName, ["STET_KEK"] = "" } },
        server.Database);

    static async Task ShouldBeRefusedAsync(TestService service, LogClient log)
    {
        (await log.GetAsync("checkpoint")).Code.ShouldBe("audit_signing_refused");
        await CheckpointSpecs.ShouldBeFrozenAsync(service, log);
    }

    /// <summary>What readiness says is at most a second old.</summary>
    static async Task ShouldBecomeAsync(TestService service, HttpStatusCode readiness)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(10));
        using var client = service.AnonymousClient();
        while (true)
        {
            using var ready = await client.GetAsync(new Uri("/readyz", UriKind.Relative), limit.Token);
            if (ready.StatusCode == readiness) return;
            await Task.Delay(100, limit.Token);
        }
    }
}
