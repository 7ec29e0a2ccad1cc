using System.Net;
using Microsoft.Extensions.Options;
using Stet.Testing;

namespace Stet.Tests.Audit;

public class PublicLogSpecs
{
    [Fact]
    public async Task Anybody_reads_a_public_log_and_caches_may_keep_it()
    {
        var tenantId = TestService.NewTenantId();
        await using var service = await StartAsync($"00000000-0000-4000-8000-000000000000, {tenantId}");
        var log = await OfThreeAsync(service, tenantId);
        var id = (await log.EventIdsAsync())[0];
        using var anybody = service.AnonymousClient();
        using var stranger = service.Client();

        foreach (var path in (string[])["checkpoint", "tile/0/000.p/3", "tile/entries/000.p/3", $"proof/{id}", "inclusion?position=1", "consistency?from=1"])
        {
            foreach (var client in (HttpClient[])[anybody, stranger])
            {
                using var read = await client.GetAsync(new Uri($"{log.Prefix}/{path}", UriKind.Relative));
                read.StatusCode.ShouldBe(HttpStatusCode.OK, path);
                read.Headers.NonValidated["Cache-Control"].ToString().ShouldStartWith("public, ");
            }
        }

        using var refused = await anybody.GetAsync(new Uri($"{log.Prefix}/tile/0/000.p/4", UriKind.Relative));
        (refused.StatusCode, refused.Headers.CacheControl).ShouldBe((HttpStatusCode.NotFound, null));
    }

    [Fact]
    public async Task What_a_public_log_commits_to_is_not_public()
    {
        var tenantId = TestService.NewTenantId();
        await using var service = await StartAsync(tenantId);
        var log = await OfThreeAsync(service, tenantId);
        using var anybody = service.AnonymousClient();
        using var stranger = service.Client();

        foreach (var path in (string[])[$"evidence/{(await log.EventIdsAsync())[0]}", "export"])
        {
            var owned = await log.GetAsync(path);
            (owned.Status, owned.Headers.CacheControl!.NoStore).ShouldBe((HttpStatusCode.OK, true));
            (await anybody.GetAsync(new Uri($"{log.Prefix}/{path}", UriKind.Relative))).StatusCode.ShouldBe(HttpStatusCode.Unauthorized);
            (await stranger.GetAsync(new Uri($"{log.Prefix}/{path}", UriKind.Relative))).StatusCode.ShouldBe(HttpStatusCode.NotFound);
        }
    }

    [Fact]
    public async Task Other_logs_stay_private()
    {
        await using var service = await StartAsync(TestService.NewTenantId());
        var log = await OfThreeAsync(service, TestService.NewTenantId());
        using var anybody = service.AnonymousClient();

        (await anybody.GetAsync(new Uri($"{log.Prefix}/checkpoint", UriKind.Relative))).StatusCode.ShouldBe(HttpStatusCode.Unauthorized);
        (await log.GetAsync("checkpoint")).Headers.NonValidated["Cache-Control"].ToString().ShouldBe("private, no-cache");
    }

    [Fact]
    public async Task Readers_of_a_public_log_do_not_use_up_what_its_tenant_may_read()
    {
        var tenantId = TestService.NewTenantId();
        await using var service = await TestService.StartAsync(new TestServiceOptions
        {
            Settings = new Dictionary<string, string?>
            {
                ["Audit:PublicLogs"] = tenantId,
                ["RateLimits:Read:PerSecond"] = "1",
                ["RateLimits:Read:Burst"] = "10",
            },
        });
        var log = new LogClient(service, tenantId);
        await log.RecordAsync(1);
        using var anybody = service.AnonymousClient();

        string? refused = null;
        for (var i = 0; i < 100 && refused is null; i++)
        {
            using var read = await anybody.GetAsync(new Uri($"{log.Prefix}/checkpoint", UriKind.Relative));
            if (read.StatusCode == HttpStatusCode.TooManyRequests) refused = await read.Content.ReadAsStringAsync();
        }

        refused.ShouldNotBeNull().ShouldContain("all readers of this public log may send");
        var facts = await log.Tenant.GetAsync($"/v1/facts?{Corrections.OrdinaryJson.Query}");
        facts.Status.ShouldBe(200, facts.Text);
        facts.Headers["RateLimit"].ShouldBe("\"read\";r=9");
    }

    [Theory]
    [InlineData("everybody")]
    [InlineData("00000000-0000-4000-8000-00000000000A")]
    [InlineData("00000000-0000-4000-8000-000000000000;00000000-0000-4000-8000-000000000001")]
    public async Task What_is_no_list_of_tenants_stops_the_start(string tenants) =>
        (await Should.ThrowAsync<OptionsValidationException>(StartAsync(tenants))).Message.ShouldContain("PublicLogs");

    static Task<TestService> StartAsync(string tenants) =>
        TestService.StartAsync(new TestServiceOptions { Settings = new Dictionary<string, string?> { ["Audit:PublicLogs"] = tenants } });

    static async Task<LogClient> OfThreeAsync(TestService service, string tenantId)
    {
        var log = new LogClient(service, tenantId);
        await log.RecordAsync(3);
        (await log.CheckpointAsync("?min_position=3")).Size.ShouldBe(3);
        return log;
    }
}
