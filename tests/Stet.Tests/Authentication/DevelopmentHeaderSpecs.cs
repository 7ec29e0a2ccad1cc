using System.Net;
using Microsoft.AspNetCore.Builder;

namespace Stet.Tests.Authentication;

public class DevelopmentHeaderSpecs
{
    [Fact]
    public async Task In_Development_a_local_request_names_its_tenant()
    {
        await using var service = await LoopbackService.StartAsync([], "Development");

        var response = await service.SendAsync(HttpMethod.Get, "/facts", ("X-Tenant-Id", Ordinary.Tenant));
        (await response.Content.ReadAsStringAsync()).ShouldBe($"{Ordinary.Tenant} developer");

        response = await service.SendAsync(HttpMethod.Get, "/facts", ("X-Tenant-Id", Ordinary.Tenant), ("X-Actor", "ada"));
        (await response.Content.ReadAsStringAsync()).ShouldBe($"{Ordinary.Tenant} ada");
    }

    [Fact]
    public async Task In_Development_a_local_request_has_every_scope()
    {
        await using var service = await LoopbackService.StartAsync([], "Development");

        foreach (var (method, path) in new[] { (HttpMethod.Post, "/corrections"), (HttpMethod.Get, "/tenants") })
            (await service.SendAsync(method, path, ("X-Tenant-Id", Ordinary.Tenant))).StatusCode.ShouldBe(HttpStatusCode.OK);
    }

    [Fact]
    public async Task A_request_without_the_header_is_told_what_to_send()
    {
        await using var service = await LoopbackService.StartAsync([], "Development");

        var response = await service.GetAsync("/facts");

        var problem = await response.ShouldBeProblemAsync(HttpStatusCode.Unauthorized, "unauthenticated");
        response.Headers.WwwAuthenticate.ToString().ShouldBe("X-Tenant-Id");
        problem.GetProperty("detail").GetString()!.ShouldContain("`X-Tenant-Id`");
    }

    [Theory]
    [InlineData("X-Tenant-Id", "acme")]
    [InlineData("X-Tenant-Id", "0192D3A4-5B6C-7D8E-9F00-112233445566")]
    public async Task A_header_that_names_no_tenant_is_refused(string name, string value)
    {
        await using var service = await LoopbackService.StartAsync([], "Development");

        await (await service.SendAsync(HttpMethod.Get, "/facts", (name, value)))
            .ShouldBeProblemAsync(HttpStatusCode.Unauthorized, "unauthenticated");
    }

    [Theory]
    [InlineData("X-Tenant-Id", Ordinary.Tenant)]
    [InlineData("X-Actor", "")]
    public async Task A_second_tenant_or_an_empty_actor_is_refused(string name, string value)
    {
        await using var service = await LoopbackService.StartAsync([], "Development");

        await (await service.SendAsync(HttpMethod.Get, "/facts", ("X-Tenant-Id", Ordinary.Tenant), (name, value)))
            .ShouldBeProblemAsync(HttpStatusCode.Unauthorized, "unauthenticated");
    }

    [Theory]
    [InlineData("X-Forwarded-For", "203.0.113.7")]
    [InlineData("Forwarded", "for=203.0.113.7")]
    public async Task A_request_that_a_proxy_forwards_is_not_local(string name, string value)
    {
        await using var service = await LoopbackService.StartAsync([], "Development");

        var response = await service.SendAsync(HttpMethod.Get, "/facts", ("X-Tenant-Id", Ordinary.Tenant), (name, value));

        var problem = await response.ShouldBeProblemAsync(HttpStatusCode.Unauthorized, "unauthenticated");
        problem.GetProperty("detail").GetString()!.ShouldContain("this machine");
        response.Headers.WwwAuthenticate.ToString().ShouldBe("X-Tenant-Id");
    }

    [Theory]
    [InlineData("rebound.example", false)]
    [InlineData("203.0.113.7:8080", false)]
    [InlineData("localhost:8080", true)]
    [InlineData("LOCALHOST", true)]
    [InlineData("127.0.0.1:1", true)]
    [InlineData("[::1]:8080", true)]
    public async Task Only_a_name_of_this_machine_is_believed(string host, bool isBelieved)
    {
        await using var service = await LoopbackService.StartAsync([], "Development");

        var response = await service.SendAsync(HttpMethod.Get, "/facts", ("X-Tenant-Id", Ordinary.Tenant), ("Host", host));

        if (isBelieved) response.StatusCode.ShouldBe(HttpStatusCode.OK);
        else await response.ShouldBeProblemAsync(HttpStatusCode.Unauthorized, "unauthenticated");
    }

    [Theory]
    [InlineData("203.0.113.7", "127.0.0.1")]
    [InlineData("127.0.0.1", "203.0.113.7")]
    [InlineData(null, "127.0.0.1")]
    public async Task A_request_from_elsewhere_is_not_believed(string? remote, string local)
    {
        await using var service = await LoopbackService.StartAsync([], "Development", before: app => app.Use((context, next) =>
        {
            context.Connection.RemoteIpAddress = remote is null ? null : IPAddress.Parse(remote);
            context.Connection.LocalIpAddress = IPAddress.Parse(local);
            return next(context);
        }));

        var response = await service.SendAsync(HttpMethod.Get, "/facts", ("X-Tenant-Id", Ordinary.Tenant));

        await response.ShouldBeProblemAsync(HttpStatusCode.Unauthorized, "unauthenticated");
    }

    [Fact]
    public async Task With_an_issuer_the_header_is_ignored_in_Development_too()
    {
        await using var service = await LoopbackService.StartAsync(LoopbackService.Trusting("/nonexistent"), "Development");

        await (await service.SendAsync(HttpMethod.Get, "/facts", ("X-Tenant-Id", Ordinary.Tenant)))
            .ShouldBeProblemAsync(HttpStatusCode.Unauthorized, "unauthenticated");
    }
}
