using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.Extensions.DependencyInjection;
using Stet.Authentication;
using Stet.EventStore;
using Stet.Http;
using Stet.Pcs;
using Stet.Pcs.Service;
using Stet.Testing;
using Stet.Tests.Http;
using Tenant = Stet.Tests.Http.Tenant;

namespace Stet.Tests.Pcs;

/// <summary>What tests of submissions ask of a tenant.</summary>
static class PcsTenancy
{
    public const string Submit = "/v1/pcs/submit";

    public const string Secret = "testsecret";

    /// <summary>Creates a tenant of any name, as the administrator's route does, with keys and a signature policy.</summary>
    public static async Task ProvideAsync(this TestService service, string tenantId, JsonElement settings)
    {
        await service.Services.GetRequiredService<Store>().CreateTenantAsync(tenantId, CancellationToken.None);
        var registration = service.Services.GetRequiredService<PcsRegistration>();
        var context = new CommandContext(
            new Caller(tenantId, "test", Scopes.All), new EventMetadata("operator"), null, null, CancellationToken.None);
        if (settings.Text("signature") == PcsRegistry.NoSignature)
            await registration.DecideAsync(context, (before, now) => SetSignaturePolicy.Decide(new(PcsRegistry.NoSignature), before, now));
        foreach (var key in settings.GetProperty("keys").EnumerateArray()) await RegisterAsync(service, context, registration, key);
    }

    /// <summary>A new tenant with one key for 0.1, whose secret is <see cref="Secret"/>.</summary>
    public static async Task<Tenant> NewAsync(TestService service, string? tenantId = null)
    {
        var tenant = new Tenant(service.Client(tenantId));
        var answer = await tenant.PutAsync("/v1/pcs/keys/k1", $$"""{"use":"0.1","alg":"HS256","secret":"{{Secret}}"}""");
        answer.Status.ShouldBe(200, answer.Text);
        return tenant;
    }

    public static Task<Answer> PutAsync(this Tenant tenant, string url, string body) =>
        tenant.SendAsync(HttpMethod.Put, url, Encoding.UTF8.GetBytes(body));

    public static Task<Answer> SubmitAsync(this Tenant tenant, PcsDocument document, params (string, string)[] headers) =>
        tenant.SendAsync(HttpMethod.Post, Submit, document.ToJson(), headers);

    public static async Task<JsonNode> ReadAsync(this Tenant tenant, string url)
    {
        var answer = await tenant.GetAsync(url);
        answer.Status.ShouldBe(200, answer.Text);
        return answer.Json;
    }

    /// <summary>The summary once so many submissions are counted, which is done every second.</summary>
    public static async Task<JsonNode> CountedAsync(this Tenant tenant, int submissions)
    {
        for (var deadline = Environment.TickCount64 + 20_000; ;)
        {
            var summary = await tenant.ReadAsync("/v1/pcs/summary");
            if ((int)summary["deliveries"]!["submissions"]! == submissions) return summary;
            Environment.TickCount64.ShouldBeLessThan(deadline);
            await Task.Delay(100);
        }
    }

    static async Task RegisterAsync(
        TestService service, CommandContext context, PcsRegistration registration, JsonElement key)
    {
        var tenant = await service.Services.GetRequiredService<Store>().FindTenantAsync(context.Caller.TenantId, CancellationToken.None);
        var secret = key.Optional("secret")?.GetString();
        var (kid, publicKey) = (key.Text("kid"), key.Optional("public_key")?.GetString());
        await registration.RegisterAsync(
            context,
            new RegisterKey(
                kid, key.Optional("legacy") is { ValueKind: JsonValueKind.True } ? "0.1" : "1.0", key.Text("alg"), publicKey,
                secret is null ? publicKey! : PcsKeySecrets.FingerprintOf(tenant!, secret),
                key.Optional("not_before")?.GetDateTimeOffset(), key.Optional("not_after")?.GetDateTimeOffset()),
            secret);
        if (key.Optional("revoked_at") is not null) await registration.RevokeAsync(context, new RevokeKey(kid));
    }
}
