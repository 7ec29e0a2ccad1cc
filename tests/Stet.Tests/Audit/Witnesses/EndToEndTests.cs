using System.Net;
using System.Text;
using System.Text.Json;
using Stet.Audit.Witnesses;
using Stet.AuditLog;
using Stet.Testing;

namespace Stet.Tests.Audit.Witnesses;

public sealed class EndToEndTests
{
    [Fact]
    public async Task A_service_and_a_witness_of_its_own_serve_a_cosigned_checkpoint()
    {
        var folder = TestCluster.NewFolder();
        var key = WitnessKey.Create("witness.example/own", Path.Combine(folder, "key"));
        var port = ServiceProcess.FreePort();
        await using var service = await TestService.StartAsync(new()
        {
            Settings = new Dictionary<string, string?>
            {
                ["Audit:Witnesses:0:Vkey"] = key.ToString(),
                ["Audit:Witnesses:0:Url"] = $"http://127.0.0.1:{port}",
            },
        });
        var tenantId = TestService.NewTenantId();
        using var client = service.Client(tenantId);
        using (var created = await client.PutAsync($"/v1/tenants/{tenantId}", null)) created.StatusCode.ShouldBe(HttpStatusCode.OK);
        using var keys = JsonDocument.Parse(await client.GetStringAsync("/v1/audit/keys"));
        await using var witness = ServiceProcess.Run(
            port, "witness", "--listen", $"127.0.0.1:{port}", "--state", Path.Combine(folder, "state"), "--key", Path.Combine(folder, "key"),
            "--log", keys.RootElement.GetProperty("keys")[0].GetProperty("vkey").GetString()!);
        while (!witness.Output.Contains("Listening:", StringComparison.Ordinal)) await Task.Delay(50);

        using var body = new StringContent(
            """
            {"subject": {"type": "patient", "id": "p-17"}, "field_key": "a", "value": "severe", "class": "FACT",
             "permissions": {"readers": ["bot"]}, "actor": {"type": "human", "id": "dr-ada"}, "idempotency_key": "a"}
            """, Encoding.UTF8, "application/json");
        using (var recorded = await client.PostAsync("/v1/corrections", body)) recorded.StatusCode.ShouldBe(HttpStatusCode.Created);

        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        while (!await IsCosignedAsync()) await Task.Delay(100, patience.Token);

        (await witness.StopAsync()).ShouldBe(0);

        async Task<bool> IsCosignedAsync() =>
            SignedNote.Parse(await client.GetByteArrayAsync($"/v1/tenants/{tenantId}/audit/checkpoint")).TryOpen([key], out _, out _);
    }
}
