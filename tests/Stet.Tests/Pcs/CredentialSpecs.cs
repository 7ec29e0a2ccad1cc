using Microsoft.Extensions.DependencyInjection;
using Stet.EventStore;
using Stet.Pcs.Service;
using Stet.Testing;
using Stet.Tests.Http;
using static Stet.Tests.Pcs.Ordinary;
using Tenant = Stet.Tests.Http.Tenant;

namespace Stet.Tests.Pcs;

/// <summary>With an issuer of tokens: who may say in whose name a document comes.</summary>
public class CredentialSpecs
{
    [Fact]
    public async Task A_signature_is_a_credential_and_without_one_a_token_is_needed()
    {
        using var issuer = new TestIssuer();
        await using var service = await TestService.StartAsync(
            new TestServiceOptions { Environment = "Production", Settings = issuer.Settings });
        var anybody = new Tenant(service.AnonymousClient());
        var tenantId = TestService.NewTenantId();
        (string, string) named = ("X-Tenant-Id", tenantId);

        (await anybody.SubmitAsync(Document, Bearer("pcs:submit"))).ShouldBeProblem(401, "tenant_unknown");
        await anybody.SendAsync(HttpMethod.Put, $"/v1/tenants/{tenantId}", null, Bearer("admin"));
        (await anybody.SubmitAsync(Document, named)).ShouldBeProblem(401, "key_unknown");
        await PutAsync("/v1/pcs/keys/k1", """{"use":"0.1","alg":"HS256","secret":"testsecret"}""");

        (await anybody.SubmitAsync(Document)).ShouldBeProblem(401, "tenant_required");
        (await anybody.SubmitAsync(Document, ("X-Tenant-Id", "no such"))).ShouldBeProblem(401, "tenant_unknown");
        (await anybody.SubmitAsync(Document, named)).Status.ShouldBe(200);
        (await anybody.SubmitAsync(Document, Bearer("pcs:submit"))).Status.ShouldBe(200);

        // A tenant that does without signatures admits what is unsigned from holders of a token alone.
        await PutAsync("/v1/pcs/signature-policy", """{"policy":"none"}""");
        var unsigned = (Document with { Epoch = 8 }).Signed() with { Sig = null };
        (await anybody.SubmitAsync(unsigned, named)).ShouldBeProblem(401, "signature_missing");
        (await anybody.SubmitAsync(unsigned, Bearer("pcs:submit"))).Status.ShouldBe(200);
        (await anybody.SubmitAsync((Document with { Epoch = 9 }).Signed(), named)).Status.ShouldBe(200);

        // A token and a header that disagree, a token that may not, and none at all.
        (await anybody.SubmitAsync(Document, Bearer("pcs:submit"), ("X-Tenant-Id", TestService.NewTenantId())))
            .ShouldBeProblem(401, "tenant_mismatch");
        var events = await service.Services.GetRequiredService<Store>().ReadAsync(tenantId, 0, 1_000, CancellationToken.None);
        events.Select(e => e.Data).OfType<PcsRefused>().Single(e => e.Code == "tenant_mismatch").PcsId.ShouldBe(Document.PcsId);
        var denied = await anybody.SubmitAsync(Document, Bearer("pcs:read"));
        denied.ShouldBeProblem(403, "permission_denied");
        denied.Headers["WWW-Authenticate"].ShouldContain("pcs:submit");
        var invalid = await anybody.SubmitAsync(Document, ("Authorization", "Bearer nonsense"), named);
        invalid.ShouldBeProblem(401, "invalid_token");
        invalid.Headers["WWW-Authenticate"].ShouldStartWith("Bearer");

        // Each scope opens its own routes.
        (await anybody.GetAsync("/v1/pcs/keys", Bearer("pcs:submit"))).ShouldBeProblem(403, "permission_denied");
        (await anybody.SendAsync(HttpMethod.Delete, "/v1/pcs/keys/k1", null, Bearer("pcs:read"))).ShouldBeProblem(403, "permission_denied");
        (await anybody.PostTextAsync($"/v1/pcs/{Document.PcsId}/resolve", "{}", Bearer("pcs:read"))).ShouldBeProblem(403, "permission_denied");

        (string, string) Bearer(string scope) => ("Authorization", $"Bearer {issuer.Token(tenantId, scope)}");

        async Task PutAsync(string url, string body)
        {
            var answer = await anybody.SendAsync(HttpMethod.Put, url, System.Text.Encoding.UTF8.GetBytes(body), Bearer("pcs:admin"));
            answer.Status.ShouldBe(200, answer.Text);
        }
    }
}
