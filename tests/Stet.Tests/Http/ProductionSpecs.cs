using Microsoft.AspNetCore.Http;
using Stet.Testing;
using Stet.Tests.Authentication;
using Stet.Tests.Observability;
using Stet.Tests.Readme;
using static Stet.Tests.Corrections.OrdinaryJson;

namespace Stet.Tests.Http;

/// <summary>With an issuer of tokens, tenants come into being by an administrator's word alone.</summary>
public class ProductionSpecs
{
    static readonly string[] Commands = ["corrections:write"];
    static readonly string[] Queries = ["facts:read"];

    [Fact]
    public async Task Without_the_issuers_keys_a_service_is_not_ready()
    {
        using var issuer = new TestIssuer();
        await using var service = await TestService.StartAsync(new TestServiceOptions
        {
            Environment = "Production",
            Settings = new Dictionary<string, string?>(issuer.Settings) { ["Authentication:Jwks"] = "/nowhere/keys.json" },
        });

        var ready = await new Tenant(service.AnonymousClient()).GetAsync("/readyz");

        ready.Status.ShouldBe(503);
        ready.Json["checks"]!.AsArray().Single(c => (string)c!["status"]! == "unhealthy")!["name"]!.ToString().ShouldBe("keys");
    }

    [Fact]
    public async Task A_service_whose_issuer_has_no_key_that_it_can_use_is_not_ready()
    {
        await using var keys = await KeyServer.StartAsync();
        var logs = new CapturedLogs();
        await using var service = await TestService.StartAsync(new TestServiceOptions
        {
            Environment = "Production",
            Log = logs,
            Settings = LoopbackService.Trusting(keys.Url),
        });
        keys.Answer = Results.Text("{\"keys\":[{\"kty\":\"EC\",\"crv\":\"P-384\",\"alg\":\"ES384\",\"x\":\"AA\",\"y\":\"AA\"}]}");

        var ready = await new Tenant(service.AnonymousClient()).GetAsync("/readyz");

        ready.Status.ShouldBe(503);
        ready.Json["checks"]!.AsArray().Single(c => (string)c!["name"]! == "keys")!["detail"]!.ToString()
            .ShouldStartWith("the token issuer's set holds no key for RS256, ES256 or EdDSA");
        logs.Lines.ShouldContain(l => l.Message.Contains("EdDSA, 1 were passed over"));
    }

    [Fact]
    public async Task The_token_that_the_README_shows_is_accepted()
    {
        using var issuer = new TestIssuer();
        await using var service = await TestService.StartAsync(
            new TestServiceOptions { Environment = "Production", Settings = issuer.Settings });
        var token = issuer.Token(Repository.Read("README.md").Split("```json\n").Single(b => b.Contains("\"iss\"")).Split("```")[0]);

        var answer = await new Tenant(service.AnonymousClient()).GetAsync($"/v1/facts?{Query}", ("Authorization", $"Bearer {token}"));

        answer.Status.ShouldBe(200, answer.Text);
    }

    [Fact]
    public async Task An_administrator_is_not_told_how_long_the_log_of_another_tenant_is()
    {
        var service = await TestService.SharedAsync();
        var (mine, other) = (TestService.NewTenantId(), TestService.NewTenantId());
        (await new Tenant(service.Client(other)).PostAsync("/v1/corrections", Correction())).Status.ShouldBe(201);

        var answer = await new Tenant(service.Client(mine)).SendAsync(HttpMethod.Put, $"/v1/tenants/{other}", null);

        (answer.Status, answer.Text).ShouldBe((200, $$"""{"tenant_id":"{{other}}"}"""));
        answer.Headers.ContainsKey("Stet-Position").ShouldBeFalse();
    }

    [Fact]
    public async Task A_tenant_is_created_by_an_administrator_and_by_nobody_else()
    {
        using var issuer = new TestIssuer();
        await using var service = await TestService.StartAsync(
            new TestServiceOptions { Environment = "Production", Settings = issuer.Settings });
        var anybody = new Tenant(service.AnonymousClient());
        var tenantId = TestService.NewTenantId();
        var path = $"/v1/tenants/{tenantId}";

        // A command for an unknown tenant is refused, a query answers as for an empty one.
        (await anybody.PostAsync("/v1/corrections", Correction(), Bearer(Commands))).ShouldBeProblem(404, "unknown_tenant");
        var batch = await anybody.PostTextAsync("/v1/corrections/batch", $$"""{"corrections":[{{Correction().ToJsonString()}}]}""", Bearer(Commands));
        ((string?)batch.Json["results"]![0]!["problem"]!["code"]).ShouldBe("unknown_tenant");
        foreach (var position in (int[])[0, 7])
        {
            var beat = await anybody.PostTextAsync(
                "/v1/enforcement/heartbeat",
                $$"""{"system_id":"bot","enforced_correction_version":"2020-01-01T00:00:00Z","enforced_position":{{position}}}""", Bearer(["enforcement:write"]));
            beat.ShouldBeProblem(404, "unknown_tenant");
        }

        var facts = await anybody.GetAsync($"/v1/facts?{Query}", Bearer(Queries));
        facts.Text.ShouldBe("""{"subject":{"type":"patient","id":"p-17"},"facts":[],"position":0}""");
        (await anybody.GetAsync($"/v1/history?{Query}", Bearer(Queries))).Status.ShouldBe(200);

        // Only the scope `admin` creates it, and only under a well-formed id.
        (await anybody.SendAsync(HttpMethod.Put, path, null)).ShouldBeProblem(401, "unauthenticated");
        (await anybody.SendAsync(HttpMethod.Put, path, null, ("X-Tenant-Id", tenantId))).ShouldBeProblem(401, "unauthenticated");
        (await anybody.SendAsync(HttpMethod.Put, path, null, Bearer([.. Commands, .. Queries]))).ShouldBeProblem(403, "permission_denied");
        (await anybody.SendAsync(HttpMethod.Put, "/v1/tenants/acme", null, Bearer(["admin"]))).ShouldBeProblem(400, "invalid_request");

        // Creating it is repeatable and changes nothing the second time.
        var created = await anybody.SendAsync(HttpMethod.Put, path, null, Bearer(["admin"]));
        created.Status.ShouldBe(200);
        created.Text.ShouldBe($$"""{"tenant_id":"{{tenantId}}","position":0}""");
        var recorded = await anybody.PostAsync("/v1/corrections", Correction(), Bearer(Commands));
        recorded.Status.ShouldBe(201, recorded.Text);
        (await anybody.SendAsync(HttpMethod.Put, path, null, Bearer(["admin"]))).Text
            .ShouldBe($$"""{"tenant_id":"{{tenantId}}","position":1}""");
        (await anybody.GetAsync($"/v1/facts?{Query}", Bearer(Queries))).Json["facts"]!.AsArray().Count.ShouldBe(1);

        // Each scope opens its own routes.
        (await anybody.GetAsync($"/v1/facts?{Query}", Bearer(Commands))).ShouldBeProblem(403, "permission_denied");
        (await anybody.PostAsync("/v1/corrections", Correction(), Bearer(Queries))).ShouldBeProblem(403, "permission_denied");

        (string, string) Bearer(string[] scopes) => ("Authorization", $"Bearer {issuer.Token(tenantId, scopes)}");
    }
}
