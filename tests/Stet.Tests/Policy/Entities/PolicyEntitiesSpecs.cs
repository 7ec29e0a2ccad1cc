using Microsoft.Extensions.DependencyInjection;
using Stet.EventStore;
using Stet.Policy.Entities;
using Stet.Testing;
using Stet.Tests.Policy.AuthZen;

namespace Stet.Tests.Policy.Entities;

public class PolicyEntitiesSpecs
{
    [Fact]
    public async Task Tenants_that_were_used_longest_ago_make_room_and_are_read_again()
    {
        var service = await TestService.SharedAsync();
        var (store, contexts) = (service.Services.GetRequiredService<Store>(), service.Services.GetRequiredService<ContextCatalog>());
        using var entities = new PolicyEntities(store, contexts) { MostEntities = 2 };
        var (first, second, third) = (await NewAsync(service), await NewAsync(service), await NewAsync(service));
        var (ofFirst, ofSecond) = (await KnownAsync(first), await KnownAsync(second));
        (await KnownAsync(first)).ShouldBeSameAs(ofFirst);

        await KnownAsync(third);

        (await KnownAsync(first)).ShouldBeSameAs(ofFirst);
        var again = await KnownAsync(second);
        again.ShouldNotBeSameAs(ofSecond);
        again.Count.ShouldBe(1);

        Task<TenantEntities> KnownAsync(Tenant tenant) => entities.KnownAsync(tenant, CancellationToken.None).AsTask();
    }

    static async Task<Tenant> NewAsync(TestService service)
    {
        var tenantId = TestService.NewTenantId();
        (await new Http.Tenant(service.Client(tenantId)).PutAsync("/v1/policy/entities/U/a", "{}")).Status.ShouldBe(201);
        return (await service.Services.GetRequiredService<Store>().FindTenantAsync(tenantId, CancellationToken.None))!;
    }
}
