using Microsoft.Extensions.DependencyInjection;
using Npgsql;
using Stet.Audit;
using Stet.EventStore;
using Stet.Pcs.Service;
using Stet.Testing;
using Stet.Tests.Observability;
using static Stet.Tests.Pcs.Ordinary;
using Tenant = Stet.Tests.Http.Tenant;

namespace Stet.Tests.Pcs;

/// <summary>Secrets of keys need the installation's key: without it the service does not start.</summary>
public class InstallationKeySpecs
{
    [Fact]
    public async Task Secrets_under_an_unknown_installation_key_stop_the_start()
    {
        await using var service = await WithKeyAsync();
        await ExecuteAsync(service, "update stet.pcs_key_secret set kek_id = 'deadbeef'");

        var e = await Should.ThrowAsync<InstallationKeyException>(TestService.StartAsync(database: service.Database));

        e.Message.ShouldContain("deadbeef");
        e.Message.ShouldContain("STET_KEK");
    }

    [Fact]
    public async Task A_lost_key_file_is_not_replaced_by_one_that_opens_nothing()
    {
        await using var service = await WithKeyAsync();
        var folder = Directory.CreateTempSubdirectory("stet-kek-");

        await Should.ThrowAsync<InstallationKeyException>(TestService.StartAsync(
            new TestServiceOptions { Settings = new Dictionary<string, string?> { ["STET_KEK"] = "", ["Audit:Folder"] = folder.FullName } },
            service.Database));

        folder.GetFiles("kek*").ShouldBeEmpty();
        folder.Delete(recursive: true);
    }

    [Fact]
    public async Task A_secret_that_was_altered_stops_the_start()
    {
        await using var service = await WithKeyAsync();
        await ExecuteAsync(service, "update stet.pcs_key_secret set wrapped = set_byte(wrapped, 20, get_byte(wrapped, 20) # 1)");

        var e = await Should.ThrowAsync<InstallationKeyException>(TestService.StartAsync(database: service.Database));

        e.Message.ShouldContain("pcs key");
        e.Message.ShouldContain("restore");
    }

    [Fact]
    public async Task A_secret_that_is_damaged_later_stops_its_tenant_alone_and_only_until_it_is_mended()
    {
        var log = new CapturedLogs();
        await using var home = await TestService.StartAsync();
        var (tenantId, otherId) = (TestService.NewTenantId(), TestService.NewTenantId());
        await PcsTenancy.NewAsync(home, tenantId);
        await PcsTenancy.NewAsync(home, otherId);
        await using var service = await TestService.StartAsync(new TestServiceOptions { Log = log }, home.Database);
        var flip = $"update stet.pcs_key_secret set wrapped = set_byte(wrapped, 20, get_byte(wrapped, 20) # 1) where tenant_id = '{tenantId}'";
        await ExecuteAsync(home, flip);

        var tenant = new Tenant(service.Client(tenantId));
        for (var n = 0; n < 3; n++) (await tenant.SubmitAsync(Document)).ShouldBeProblem(503, "store_unavailable");
        (await new Tenant(service.Client(otherId)).SubmitAsync(Document)).Status.ShouldBe(200);
        log.Lines.Count(line => line.Message.Contains("No PCS document", StringComparison.Ordinal)).ShouldBe(1);

        await ExecuteAsync(home, flip);
        (await tenant.SubmitAsync(Document)).Status.ShouldBe(200);
    }

    [Fact]
    public async Task A_secret_that_is_missing_stops_its_tenant_and_says_which()
    {
        var log = new CapturedLogs();
        await using var home = await WithKeyAsync();
        await using var service = await TestService.StartAsync(new TestServiceOptions { Log = log }, home.Database);
        var tenantId = TestService.NewTenantId();
        await PcsTenancy.NewAsync(home, tenantId);
        await ExecuteAsync(home, $"delete from stet.pcs_key_secret where tenant_id = '{tenantId}'");

        var refused = await new Tenant(service.Client(tenantId)).SubmitAsync(Document);

        refused.ShouldBeProblem(503, "store_unavailable");
        refused.Headers["Retry-After"].ShouldBe("60");
        log.Lines.ShouldContain(line =>
            line.Message.Contains(tenantId, StringComparison.Ordinal) && line.Message.Contains("key k1 is missing", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_damaged_secret_stops_nothing_once_its_key_is_revoked_or_when_no_key_has_it()
    {
        await using var home = await WithKeyAsync();
        await using var service = await TestService.StartAsync(database: home.Database);
        var tenantId = TestService.NewTenantId();
        var tenant = await PcsTenancy.NewAsync(home, tenantId);
        await ExecuteAsync(home, $"insert into stet.pcs_key_secret values ('{tenantId}', 'orphan', '\\x00', 'deadbeef')");
        var here = new Tenant(service.Client(tenantId));
        (await here.SubmitAsync(Document)).Status.ShouldBe(200);
        var leaked = await tenant.PutAsync("/v1/pcs/keys/k2", $$"""{"use":"1.0","alg":"HS256","secret":"{{LongSecret}}"}""");
        await ExecuteAsync(home, $"update stet.pcs_key_secret set wrapped = '\\x00' where fingerprint = '{(string?)leaked.Json["fingerprint"]}'");
        (await here.SubmitAsync(Document)).ShouldBeProblem(503, "store_unavailable");

        (await tenant.SendAsync(HttpMethod.Delete, "/v1/pcs/keys/k2", null)).Status.ShouldBe(200);

        (await here.SubmitAsync(Document)).Status.ShouldBe(200);
    }

    [Fact]
    public async Task A_damaged_secret_is_mended_when_it_is_registered_again()
    {
        await using var home = await WithKeyAsync();
        await using var service = await TestService.StartAsync(database: home.Database);
        var tenantId = TestService.NewTenantId();
        await PcsTenancy.NewAsync(home, tenantId);
        await ExecuteAsync(home, $"update stet.pcs_key_secret set wrapped = '\\x00' where tenant_id = '{tenantId}'");
        (await new Tenant(service.Client(tenantId)).SubmitAsync(Document)).ShouldBeProblem(503, "store_unavailable");

        await PcsTenancy.NewAsync(home, tenantId);

        (await new Tenant(service.Client(tenantId)).SubmitAsync(Document)).Status.ShouldBe(200);
    }

    [Fact]
    public async Task Secrets_move_to_a_newer_installation_key()
    {
        var tenantId = TestService.NewTenantId();
        await using var service = await WithKeyAsync(tenantId);
        const string Old = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
        var young = Convert.ToBase64String(new byte[32]);

        await using (var both = await StartAsync(service, $"{young},{Old}"))
        {
            var secrets = both.Services.GetRequiredService<PcsKeySecrets>();
            (await secrets.RewrapAsync(CancellationToken.None)).ShouldBe(1);
            (await secrets.RewrapAsync(CancellationToken.None)).ShouldBe(0);
            await new Rewrapping(
                both.Services.GetRequiredService<StoreConnections>(), both.Services.GetRequiredService<InstallationKeys>())
                .RunAsync(CancellationToken.None);
        }

        await using var after = await StartAsync(service, young);
        var answer = await new Tenant(after.Client(tenantId)).SubmitAsync(Document);
        answer.Status.ShouldBe(200, answer.Text);
    }

    static async Task<TestService> WithKeyAsync(string? tenantId = null)
    {
        var service = await TestService.StartAsync();
        await PcsTenancy.NewAsync(service, tenantId);
        return service;
    }

    static Task<TestService> StartAsync(TestService home, string kek) => TestService.StartAsync(
        new TestServiceOptions { Settings = new Dictionary<string, string?> { ["STET_KEK"] = kek } }, home.Database);

    static async Task ExecuteAsync(TestService service, string sql)
    {
        await using var connection = await service.Database.OpenAsync();
        await using var command = new NpgsqlCommand(sql, connection);
        (await command.ExecuteNonQueryAsync()).ShouldBe(1);
    }
}
