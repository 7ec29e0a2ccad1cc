using System.Text.Json.Nodes;
using Stet.Policy.Lifecycle;
using Stet.Testing;
using static Stet.Tests.Policy.Lifecycle.Ordinary;
using Tenant = Stet.Tests.Http.Tenant;

namespace Stet.Tests.Policy.Lifecycle;

/// <summary>A tenant under the ordinary policies, and a candidate that would allow more.</summary>
static class Widening
{
    public static readonly PolicyCandidate Wider = Valid(Text with
    {
        Policies = [.. Text.Policies, new("open-write", """permit (principal, action == Action::"write", resource) when { resource.open };""")],
    });

    public static async Task<(TestService Service, string TenantId, Tenant Tenant)> StartAsync()
    {
        var service = await TestService.SharedAsync();
        var tenantId = TestService.NewTenantId();
        var tenant = new Tenant(service.Client(tenantId));
        await tenant.ActivateAsync(Text);
        return (service, tenantId, tenant);
    }

    public static string Counts(JsonNode counts) => string.Join(
        ", ", counts.AsObject().Where(c => (long)c.Value! > 0).Select(c => $"{c.Key} {c.Value}").Order());
}
