using System.ComponentModel.DataAnnotations;
using Stet.Testing;
using Stet.Tests.Http;
using static Stet.Tests.Policy.AuthZen.DecisionTenancy;
using AuthZenOptions = Stet.Policy.AuthZen.AuthZenOptions;

namespace Stet.Tests.Policy.AuthZen;

public class CredentialSpecs
{
    [Fact]
    public async Task The_token_names_the_tenant_and_carries_the_scope()
    {
        using var issuer = new TestIssuer();
        await using var service = await TestService.StartAsync(
            new TestServiceOptions { Environment = "Production", Settings = issuer.Settings });
        var (mine, unknown) = (TestService.NewTenantId(), TestService.NewTenantId());
        var anybody = new Tenant(service.AnonymousClient());
        await anybody.SendAsync(HttpMethod.Put, $"/v1/tenants/{mine}", null, Bearer(mine, "admin"));

        var nobody = await anybody.PostAsync(Evaluation, Question(), ("X-Request-ID", "r-1"));
        var reader = await anybody.PostAsync(Evaluation, Question(), Bearer(mine, "policy:read"));
        var pep = await anybody.PostAsync(Evaluation, Question(), Bearer(mine, "policy:evaluate"));

        nobody.ShouldBeProblem(401, "unauthenticated");
        nobody.Headers.ContainsKey("WWW-Authenticate").ShouldBeTrue();
        nobody.Headers["X-Request-ID"].ShouldBe("r-1");
        reader.ShouldBeProblem(403, "permission_denied");
        pep.Text.ShouldBe("""{"decision":false}""");

        (await anybody.PostAsync(Evaluation, Question(), Bearer(unknown, "policy:evaluate"))).ShouldBeProblem(403, "unknown_tenant");
        (await anybody.PostAsync($"/t/{unknown}{Evaluation}", Question(), Bearer(mine, "policy:evaluate"))).ShouldBeProblem(403, "other_tenant");
        (await anybody.PostAsync($"/as-of/1{Evaluation}", Question(), Bearer(mine, "policy:evaluate"))).ShouldBeProblem(403, "permission_denied");
        (await anybody.PostAsync($"/as-of/1{Evaluation}", Question(), Bearer(mine, "policy:audit"))).Status.ShouldBe(200);
        (await anybody.SendAsync(HttpMethod.Put, "/v1/policy/entities/U/1", "{}"u8.ToArray(), Bearer(mine, "policy:evaluate")))
            .ShouldBeProblem(403, "permission_denied");

        // Without a public URL nobody is told where the decision point is: what a request says of it proves nothing.
        (await anybody.GetAsync("/.well-known/authzen-configuration")).ShouldBeProblem(404, "metadata_not_published");

        (string, string) Bearer(string tenantId, params string[] scopes) => ("Authorization", $"Bearer {issuer.Token(tenantId, scopes)}");
    }

    [Fact]
    public async Task What_cannot_be_recorded_is_not_given_out()
    {
        await using var service = await TestService.StartAsync();
        var tenant = await NewAsync(service);
        var batch = Question();
        batch["evaluations"] = new System.Text.Json.Nodes.JsonArray(new System.Text.Json.Nodes.JsonObject());
        (await tenant.AskAsync(Question())).ShouldBeTrue();

        await using var connection = await service.Database.OpenAsync();
        await using (var command = new Npgsql.NpgsqlCommand("revoke insert on stet.mt_events from stet_writer", connection))
            await command.ExecuteNonQueryAsync();

        foreach (var (url, body) in new[] { (Evaluation, Question()), (Evaluations, batch) })
        {
            var answer = await tenant.PostAsync(url, body);

            answer.ShouldBeProblem(503, "store_unavailable");
            answer.Headers.ContainsKey("Retry-After").ShouldBeTrue();
        }
    }

    [Fact]
    public async Task A_public_URL_that_is_no_base_URL_keeps_the_service_from_starting() =>
        (await Should.ThrowAsync<Microsoft.Extensions.Options.OptionsValidationException>(TestService.StartAsync(
            new TestServiceOptions { Settings = new Dictionary<string, string?> { ["AuthZen:PublicUrl"] = "http://pdp.example" } })))
            .Message.ShouldContain("AuthZen:PublicUrl");

    [Theory]
    [InlineData("https://pdp.example/")]
    [InlineData("https://pdp.example?x=1")]
    [InlineData("pdp.example")]
    public void A_public_URL_is_an_https_URL_without_query_and_slash(string url)
    {
        var options = new AuthZenOptions { PublicUrl = url };

        options.Validate(new ValidationContext(options)).ShouldHaveSingleItem().ErrorMessage!.ShouldContain("AuthZen:PublicUrl");
    }
}
