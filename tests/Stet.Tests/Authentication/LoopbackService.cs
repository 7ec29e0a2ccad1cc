using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Stet.Authentication;
using Stet.RateLimits;

namespace Stet.Tests.Authentication;

/// <summary>A service of a few routes on a loopback port, with authentication and rate limits as the product has them.</summary>
sealed class LoopbackService : IAsyncDisposable
{
    readonly WebApplication app;

    LoopbackService(WebApplication app)
    {
        this.app = app;
        Client = new HttpClient { BaseAddress = new Uri(app.Urls.Single()) };
    }

    public HttpClient Client { get; }

    public static async Task<LoopbackService> StartAsync(
        Dictionary<string, string?> settings, string environment = "Production", Action<WebApplication>? before = null,
        Action<WebApplication>? map = null, TimeProvider? time = null)
    {
        var builder = WebApplication.CreateBuilder(new WebApplicationOptions { EnvironmentName = environment });
        builder.Logging.ClearProviders();
        builder.Configuration.AddInMemoryCollection(settings);
        if (time is not null) builder.Services.AddSingleton(time);
        builder.Services.AddCallers((_, _, _) => false);
        builder.Services.AddTenantRateLimits();

        var service = builder.Build();
        service.Urls.Add("http://127.0.0.1:0");
        before?.Invoke(service);
        service.UseCallers();
        service.UseTenantRateLimits();
        service.MapGet("/facts", (Caller caller) => $"{caller.TenantId} {caller.Subject}").RequirePermission(Scopes.FactsRead);
        service.MapPost("/corrections", (Caller caller) => caller.TenantId).RequirePermission(Scopes.CorrectionsWrite);
        service.MapGet("/tenants", (Caller caller) => caller.TenantId).RequirePermission(Scopes.Admin);
        service.MapGet("/health", () => "ok").AllowWithoutTenant();
        map?.Invoke(service);

        try
        {
            await service.StartAsync();
        }
        catch
        {
            await service.DisposeAsync();
            throw;
        }
        return new LoopbackService(service);
    }

    public static Dictionary<string, string?> Trusting(string jwks) => new()
    {
        ["Authentication:Issuer"] = Ordinary.IssuerName,
        ["Authentication:Audience"] = Ordinary.Audience,
        ["Authentication:Jwks"] = jwks,
    };

    public Task<HttpResponseMessage> GetAsync(string path, string? token = null) =>
        SendAsync(HttpMethod.Get, path, token is null ? [] : [("Authorization", $"Bearer {token}")]);

    public async Task<HttpResponseMessage> SendAsync(HttpMethod method, string path, params (string Name, string Value)[] headers)
    {
        using var request = new HttpRequestMessage(method, path);
        foreach (var (name, value) in headers) request.Headers.TryAddWithoutValidation(name, value);
        return await Client.SendAsync(request);
    }

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        await app.DisposeAsync();
    }
}

static class ProblemAnswers
{
    public static async Task<JsonElement> ShouldBeProblemAsync(this HttpResponseMessage response, HttpStatusCode status, string code)
    {
        var text = await response.Content.ReadAsStringAsync();
        response.StatusCode.ShouldBe(status, text);
        response.Content.Headers.ContentType.ShouldBe(new MediaTypeHeaderValue("application/problem+json"));

        var json = JsonDocument.Parse(text).RootElement;
        json.GetProperty("code").GetString().ShouldBe(code);
        json.GetProperty("type").GetString().ShouldBe($"urn:stet:problem:{code}");
        json.GetProperty("status").GetInt32().ShouldBe((int)status);
        return json;
    }

    public static string Challenge(this HttpResponseMessage response) => response.Headers.WwwAuthenticate.ToString();
}
