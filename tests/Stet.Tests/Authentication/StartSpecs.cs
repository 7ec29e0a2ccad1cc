using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Stet.Authentication;

namespace Stet.Tests.Authentication;

public class StartSpecs
{
    [Theory]
    [InlineData("Production")]
    [InlineData("Staging")]
    public async Task Without_an_issuer_nothing_but_Development_starts(string environment)
    {
        var refusal = await Should.ThrowAsync<OptionsValidationException>(LoopbackService.StartAsync([], environment));

        refusal.Message.ShouldStartWith("No token issuer is configured");
        refusal.Message.ShouldContain("Authentication__Issuer");
    }

    [Theory]
    [InlineData("Audience", null, "Audience is missing")]
    [InlineData("Jwks", null, "Jwks is missing")]
    [InlineData("Jwks", "http://issuer.example/keys", "https")]
    [InlineData("Jwks", "http://127.0.0.1.issuer.example/keys", "https")]
    [InlineData("Jwks", "ftp://127.0.0.1/keys", "https")]
    [InlineData("TenantClaim", "", "TenantClaim")]
    [InlineData("ClockSkew", "00:11:00", "ClockSkew")]
    [InlineData("RefreshInterval", "00:00:59", "RefreshInterval")]
    [InlineData("RefreshCoolDown", "00:00:00", "RefreshCoolDown")]
    [InlineData("RememberedTokens", "1", "RememberedTokens")]
    public async Task A_wrong_option_stops_the_start(string option, string? value, string reason)
    {
        var settings = LoopbackService.Trusting("https://issuer.example/keys");
        settings[$"Authentication:{option}"] = value;

        (await Should.ThrowAsync<OptionsValidationException>(LoopbackService.StartAsync(settings))).Message.ShouldContain(reason);
    }

    [Theory]
    [InlineData("https://issuer.example/keys")]
    [InlineData("http://localhost:8080/keys")]
    [InlineData("http://127.0.0.1:8080/keys")]
    [InlineData("http://[::1]:8080/keys")]
    [InlineData("keys.json")]
    [InlineData("/etc/stet/keys.json")]
    public async Task Keys_may_come_from_a_protected_URL_or_a_file(string jwks)
    {
        await using var service = await LoopbackService.StartAsync(LoopbackService.Trusting(jwks));

        (await service.GetAsync("/health")).IsSuccessStatusCode.ShouldBeTrue();
    }

    [Fact]
    public async Task A_route_that_does_not_say_who_may_use_it_stops_the_start()
    {
        var refusal = await Should.ThrowAsync<InvalidOperationException>(
            LoopbackService.StartAsync([], "Development", map: app =>
            {
                app.MapGet("/forgotten", () => "");
                app.MapGet("/contradictory", () => "").RequirePermission(Scopes.FactsRead).AllowWithoutTenant();
            }));

        refusal.Message.ShouldContain("/forgotten");
        refusal.Message.ShouldContain("/contradictory");
        refusal.Message.ShouldNotContain("/facts");
    }

    [Fact]
    public async Task The_routes_that_do_not_say_who_may_use_them_are_listed()
    {
        await using var app = WebApplication.CreateBuilder().Build();
        app.MapGet("/forgotten", () => "");
        app.MapGet("/facts", () => "").RequirePermission(Scopes.FactsRead);
        var group = app.MapGroup("/v1").RequirePermission(Scopes.CorrectionsWrite);
        group.MapPost("/corrections", () => "");

        var undecided = ((IEndpointRouteBuilder)app).DataSources.SelectMany(EndpointPermissions.Undecided);

        undecided.Cast<RouteEndpoint>().Select(endpoint => endpoint.RoutePattern.RawText).ShouldBe(["/forgotten"]);
    }

    [Fact]
    public async Task A_route_that_says_nothing_is_refused_even_if_it_turns_up_later()
    {
        await using var service = await LoopbackService.StartAsync([], "Development", before: app => app.Use((context, next) =>
        {
            context.SetEndpoint(new RouteEndpointBuilder(_ => Task.CompletedTask, Microsoft.AspNetCore.Routing.Patterns
                .RoutePatternFactory.Parse("/late"), order: 0).Build());
            return next(context);
        }));

        await (await service.GetAsync("/facts")).ShouldBeProblemAsync(System.Net.HttpStatusCode.InternalServerError, "internal_error");
    }

    [Fact]
    public async Task A_permission_that_does_not_exist_cannot_be_asked_for()
    {
        await using var app = WebApplication.CreateBuilder().Build();

        Should.Throw<ArgumentException>(() => app.MapGet("/", () => "").RequirePermission("facts:write"));
    }

    [Fact]
    public async Task An_endpoint_open_to_all_has_no_caller()
    {
        var context = new DefaultHttpContext { RequestServices = new ServiceCollection().BuildServiceProvider() };

        await Should.ThrowAsync<InvalidOperationException>(async () => await Caller.BindAsync(context, null!));
    }
}
