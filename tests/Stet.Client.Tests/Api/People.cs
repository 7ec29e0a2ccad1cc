using Stet.Client.Api;
using Stet.Testing;

namespace Stet.Client.Tests.Api;

/// <summary>The people of a tenant, each with a client in their own name: whoever drafts does not approve.</summary>
sealed class People(Func<string, StetClient> client)
{
    public StetClient Admin { get; } = client("admin");

    public StetClient Alice { get; } = client("alice");

    public StetClient Bob { get; } = client("bob");

    public StetClient Carol { get; } = client("carol");

    /// <summary>An enforcement point.</summary>
    public StetClient Gateway { get; } = client("gateway");

    public static async Task<People> OfNewTenantAsync() => Of(await TestService.SharedAsync(), TestService.NewTenantId());

    public static People Of(TestService service, string tenantId) => new(actor =>
    {
        var http = service.Client(tenantId);
        http.DefaultRequestHeaders.Add("X-Actor", actor);
        return new StetClient(http);
    });
}
