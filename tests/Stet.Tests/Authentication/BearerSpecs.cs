using System.Net;
using Microsoft.AspNetCore.Http;
using Stet.Authentication;

namespace Stet.Tests.Authentication;

public sealed class BearerSpecs : IAsyncLifetime
{
    static readonly Issuer Issuer = Issuer.Es256("one");

    readonly ManualTime time = new(Ordinary.Tuesday);
    KeyServer keys = null!;
    LoopbackService service = null!;

    public async Task InitializeAsync()
    {
        keys = await KeyServer.StartAsync(Issuer);
        service = await LoopbackService.StartAsync(LoopbackService.Trusting(keys.Url), time: time);
    }

    public async Task DisposeAsync()
    {
        await service.DisposeAsync();
        await keys.DisposeAsync();
    }

    [Fact]
    public async Task An_endpoint_knows_its_caller()
    {
        var response = await service.GetAsync("/facts", Issuer.Sign(Ordinary.Claims));

        response.StatusCode.ShouldBe(HttpStatusCode.OK);
        (await response.Content.ReadAsStringAsync()).ShouldBe($"{Ordinary.Tenant} ada");
    }

    [Fact]
    public async Task The_scheme_is_named_in_any_case()
    {
        var response = await service.SendAsync(HttpMethod.Get, "/facts", ("Authorization", $"bearer {Issuer.Sign(Ordinary.Claims)}"));

        response.StatusCode.ShouldBe(HttpStatusCode.OK);
    }

    [Fact]
    public async Task Health_takes_no_credential() =>
        (await service.GetAsync("/health")).StatusCode.ShouldBe(HttpStatusCode.OK);

    [Fact]
    public async Task A_request_without_a_token_is_told_to_bring_one()
    {
        var response = await service.GetAsync("/facts");

        await response.ShouldBeProblemAsync(HttpStatusCode.Unauthorized, "unauthenticated");
        response.Challenge().ShouldBe("Bearer realm=\"stet\"");
    }

    [Fact]
    public async Task Another_scheme_or_a_token_elsewhere_is_no_token()
    {
        var token = Issuer.Sign(Ordinary.Claims);

        (await service.SendAsync(HttpMethod.Get, "/facts", ("Authorization", $"Basic {token}")))
            .StatusCode.ShouldBe(HttpStatusCode.Unauthorized);
        (await service.GetAsync($"/facts?access_token={token}")).StatusCode.ShouldBe(HttpStatusCode.Unauthorized);
    }

    [Fact]
    public async Task The_development_header_is_not_believed()
    {
        var response = await service.SendAsync(HttpMethod.Get, "/facts", ("X-Tenant-Id", Ordinary.Tenant));

        await response.ShouldBeProblemAsync(HttpStatusCode.Unauthorized, "unauthenticated");
    }

    [Fact]
    public async Task A_token_that_is_not_verified_says_no_more_than_that()
    {
        var refusals = new List<string>();
        foreach (var token in new[]
        {
            "nonsense",
            Issuer.Es256("one").Sign(Ordinary.Claims),
            Issuer.Es256("two").Sign(Ordinary.Claims),
            Issuer.Sign("""{"alg":"none","kid":"one"}""", "{}"),
            Issuer.Sign(Ordinary.ClaimsWith("iss", "https://other.example")),
            Issuer.Sign(Ordinary.ClaimsWith("aud", "https://other.example")),
        })
        {
            var response = await service.GetAsync("/facts", token);
            var problem = await response.ShouldBeProblemAsync(HttpStatusCode.Unauthorized, "invalid_token");
            response.Challenge().ShouldBe("Bearer error=\"invalid_token\"");
            refusals.Add(problem.GetProperty("detail").GetString()!);
        }

        refusals.Distinct().ShouldBe(["the token could not be verified as one that the trusted issuer made for this service"]);
    }

    [Fact]
    public async Task A_token_out_of_its_time_is_told_so()
    {
        var token = Issuer.Sign(Ordinary.Claims);
        time.Advance(TimeSpan.FromHours(1));

        var response = await service.GetAsync("/facts", token);

        var problem = await response.ShouldBeProblemAsync(HttpStatusCode.Unauthorized, "invalid_token");
        problem.GetProperty("detail").GetString().ShouldBe("the token has expired or is not valid yet; get a new one");
        response.Challenge().ShouldBe("Bearer error=\"invalid_token\"");
    }

    [Fact]
    public async Task A_token_without_a_tenant_is_told_so()
    {
        var response = await service.GetAsync("/facts", Issuer.Sign(Ordinary.ClaimsWithout("tenant_id")));

        var problem = await response.ShouldBeProblemAsync(HttpStatusCode.Unauthorized, "invalid_token");
        problem.GetProperty("detail").GetString()!.ShouldContain("no tenant");
    }

    [Fact]
    public async Task A_missing_scope_is_named()
    {
        var response = await service.SendAsync(
            HttpMethod.Post, "/corrections", ("Authorization", $"Bearer {Issuer.Sign(Ordinary.ClaimsWith("scope", "facts:read"))}"));

        await response.ShouldBeProblemAsync(HttpStatusCode.Forbidden, "permission_denied");
        response.Challenge().ShouldBe("Bearer error=\"insufficient_scope\", scope=\"corrections:write\"");
    }

    [Fact]
    public async Task Admin_opens_the_routes_that_name_it_and_no_others()
    {
        var token = Issuer.Sign(Ordinary.ClaimsWith("scope", "admin"));

        (await service.GetAsync("/tenants", token)).StatusCode.ShouldBe(HttpStatusCode.OK);
        await (await service.GetAsync("/facts", token)).ShouldBeProblemAsync(HttpStatusCode.Forbidden, "permission_denied");
    }

    [Fact]
    public async Task What_is_no_route_is_left_to_the_framework()
    {
        (await service.GetAsync("/nowhere")).StatusCode.ShouldBe(HttpStatusCode.NotFound);
        (await service.SendAsync(HttpMethod.Delete, "/facts")).StatusCode.ShouldBe(HttpStatusCode.MethodNotAllowed);
    }

    [Fact]
    public async Task Invented_key_ids_make_one_request_to_the_issuer_per_cool_down()
    {
        await service.GetAsync("/facts", Issuer.Sign(Ordinary.Claims));
        keys.Requests.ShouldBe(1);

        await Task.WhenAll(Enumerable.Range(0, 50).Select(SendInventedAsync));
        keys.Requests.ShouldBe(1);

        time.Advance(TimeSpan.FromSeconds(10));
        await Task.WhenAll(Enumerable.Range(0, 50).Select(SendInventedAsync));
        keys.Requests.ShouldBe(2);
    }

    [Fact]
    public async Task A_key_server_that_fails_is_no_fault_of_the_token()
    {
        keys.Answer = Results.StatusCode(500);

        var response = await service.GetAsync("/facts", Issuer.Sign(Ordinary.Claims));

        await response.ShouldBeProblemAsync(HttpStatusCode.ServiceUnavailable, "keys_unavailable");
        response.Headers.RetryAfter!.Delta.ShouldBe(TimeSpan.FromSeconds(10));
        response.Headers.WwwAuthenticate.ShouldBeEmpty();
    }

    [Fact]
    public async Task A_key_server_is_not_followed_elsewhere()
    {
        keys.Answer = Results.Redirect("/elsewhere");

        var response = await service.GetAsync("/facts", Issuer.Sign(Ordinary.Claims));

        await response.ShouldBeProblemAsync(HttpStatusCode.ServiceUnavailable, "keys_unavailable");
    }

    [Fact]
    public async Task A_request_that_finds_the_keys_old_waits_for_new_ones()
    {
        var claims = Ordinary.ClaimsWith("exp", Ordinary.Tuesday.AddHours(1).ToUnixTimeSeconds());
        var token = Issuer.Sign(claims);
        (await service.GetAsync("/facts", token)).StatusCode.ShouldBe(HttpStatusCode.OK);
        keys.Answer = Results.Text(Issuer.Set(Issuer.Es256("one")));

        time.Advance(new AuthenticationOptions().RefreshInterval);

        (await service.GetAsync("/facts", token)).StatusCode.ShouldBe(HttpStatusCode.Unauthorized);
        keys.Requests.ShouldBe(2);
    }

    async Task SendInventedAsync(int number) =>
        (await service.GetAsync("/facts", Issuer.Es256($"invented-{number}").Sign(Ordinary.Claims)))
            .StatusCode.ShouldBe(HttpStatusCode.Unauthorized);
}
