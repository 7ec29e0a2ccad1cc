using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Options;
using Stet.Authentication;
using Stet.Http;
using Stet.Tests.Authentication;

namespace Stet.Tests.RateLimits;

public class RateLimitSpecs
{
    const string OtherTenant = "0192d3a4-ffff-7d8e-9f00-112233445566";

    [Fact]
    public async Task A_tenant_that_asks_too_often_is_told_to_wait()
    {
        await using var service = await StartAsync(burst: 3);

        var refused = await ExhaustAsync(service, HttpMethod.Get, "/facts");

        await refused.ShouldBeProblemAsync(HttpStatusCode.TooManyRequests, "rate_limited");
        refused.Headers.RetryAfter!.Delta.ShouldBe(TimeSpan.FromSeconds(1));
        Header(refused, "RateLimit-Policy").ShouldBe("\"read\";q=3;w=3");
        Header(refused, "RateLimit").ShouldBe("\"read\";r=0;t=1");
    }

    [Fact]
    public async Task Who_waits_as_told_is_let_through()
    {
        await using var service = await StartAsync(burst: 3);
        var refused = await ExhaustAsync(service, HttpMethod.Get, "/facts");

        // A timer refills the bucket; on a busy machine it may come late.
        var response = refused;
        for (var waits = 0; waits < 20 && response.StatusCode == HttpStatusCode.TooManyRequests; waits++)
        {
            await Task.Delay(response.Headers.RetryAfter!.Delta!.Value);
            response = await SendAsync(service, HttpMethod.Get, "/facts", Ordinary.Tenant);
        }

        response.StatusCode.ShouldBe(HttpStatusCode.OK);
    }

    [Fact]
    public async Task A_tenant_does_not_pay_for_another()
    {
        await using var service = await StartAsync(burst: 3);
        await ExhaustAsync(service, HttpMethod.Get, "/facts");

        (await SendAsync(service, HttpMethod.Get, "/facts", OtherTenant)).StatusCode.ShouldBe(HttpStatusCode.OK);
    }

    [Fact]
    public async Task Reading_writing_and_administering_are_limited_apart()
    {
        await using var service = await StartAsync(burst: 3);
        await ExhaustAsync(service, HttpMethod.Get, "/facts");

        var write = await SendAsync(service, HttpMethod.Post, "/corrections", Ordinary.Tenant);
        write.StatusCode.ShouldBe(HttpStatusCode.OK);
        Header(write, "RateLimit-Policy").ShouldBe("\"write\";q=20000;w=1");
        // The 19,999 left, rounded down to a hundredth of the burst.
        Header(write, "RateLimit").ShouldBe("\"write\";r=19800");

        var admin = await SendAsync(service, HttpMethod.Get, "/tenants", Ordinary.Tenant);
        admin.StatusCode.ShouldBe(HttpStatusCode.OK);
        Header(admin, "RateLimit-Policy").ShouldBe("\"admin\";q=50;w=1");
    }

    [Fact]
    public async Task A_request_let_through_learns_what_remains()
    {
        await using var service = await StartAsync(burst: 1000);

        var response = await SendAsync(service, HttpMethod.Get, "/facts", Ordinary.Tenant);

        Header(response, "RateLimit-Policy").ShouldBe("\"read\";q=1000;w=1000");
        Header(response, "RateLimit").ShouldBe("\"read\";r=990");
    }

    [Fact]
    public async Task A_refusal_that_was_thrown_tells_what_remains()
    {
        await using var service = await LoopbackService.StartAsync(
            [], "Development", before: app => app.UseProblems(),
            map: app => app.MapGet("/bad", string () => throw RequestQuery.Bad("x", "is wrong")).RequirePermission(Scopes.FactsRead));

        var refused = await SendAsync(service, HttpMethod.Get, "/bad", Ordinary.Tenant);

        await refused.ShouldBeProblemAsync(HttpStatusCode.BadRequest, "invalid_request");
        Header(refused, "RateLimit-Policy").ShouldBe("\"read\";q=20000;w=1");
        Header(refused, "RateLimit").ShouldBe("\"read\";r=19800");
    }

    [Fact]
    public async Task What_takes_no_tenant_is_not_limited()
    {
        await using var service = await StartAsync(burst: 3);

        for (var i = 0; i < 20; i++)
        {
            var response = await service.GetAsync("/health");
            response.StatusCode.ShouldBe(HttpStatusCode.OK);
            response.Headers.Contains("RateLimit").ShouldBeFalse();
        }
    }

    [Fact]
    public async Task A_request_without_a_caller_counts_for_nobody()
    {
        await using var service = await StartAsync(burst: 3);

        for (var i = 0; i < 20; i++)
            (await service.GetAsync("/facts")).StatusCode.ShouldBe(HttpStatusCode.Unauthorized);

        (await SendAsync(service, HttpMethod.Get, "/facts", Ordinary.Tenant)).StatusCode.ShouldBe(HttpStatusCode.OK);
    }

    [Theory]
    [InlineData("Read:PerSecond", "0", "PerSecond")]
    [InlineData("Write:PerSecond", "1000001", "PerSecond")]
    [InlineData("Admin:Burst", "0", "Burst")]
    [InlineData("Read:Burst", "1999", "less than a tenth")]
    public async Task A_wrong_rate_stops_the_start(string option, string value, string reason)
    {
        var settings = new Dictionary<string, string?> { [$"RateLimits:{option}"] = value };

        (await Should.ThrowAsync<OptionsValidationException>(LoopbackService.StartAsync(settings, "Development")))
            .Message.ShouldContain(reason);
    }

    static Task<LoopbackService> StartAsync(int burst) => LoopbackService.StartAsync(
        new() { ["RateLimits:Read:PerSecond"] = "1", ["RateLimits:Read:Burst"] = $"{burst}" }, "Development");

    static Task<HttpResponseMessage> SendAsync(LoopbackService service, HttpMethod method, string path, string tenant) =>
        service.SendAsync(method, path, ("X-Tenant-Id", tenant));

    static string Header(HttpResponseMessage response, string name) => response.Headers.GetValues(name).Single();

    // However slow the machine: a bucket of three that gains one a second does not outlast a hundred requests.
    static async Task<HttpResponseMessage> ExhaustAsync(LoopbackService service, HttpMethod method, string path)
    {
        for (var i = 0; i < 100; i++)
        {
            var response = await SendAsync(service, method, path, Ordinary.Tenant);
            if (response.StatusCode != HttpStatusCode.OK) return response;
        }
        throw new ShouldAssertException("a hundred requests were let through");
    }
}
