using Microsoft.Extensions.DependencyInjection;
using Npgsql;
using Stet.Policy.Lifecycle;
using Stet.Testing;
using Stet.Tests.Authentication;
using Stet.Tests.Http;
using static Stet.Tests.Policy.Lifecycle.Ordinary;

namespace Stet.Tests.Policy.Lifecycle;

public class CompiledPoliciesSpecs
{
    [Fact]
    public async Task Policies_that_did_not_load_are_looked_at_again_after_a_few_seconds_and_where_they_were_drafted_again()
    {
        var clock = new ManualTime(Monday);
        await using var service = await TestService.StartAsync(new TestServiceOptions { Clock = clock });
        var tenantId = TestService.NewTenantId();
        var tenant = new Tenant(service.Client(tenantId));
        await tenant.DraftAsync(Text);
        var compiled = service.Services.GetRequiredService<CompiledPolicies>();
        var position = await service.Services.GetRequiredService<CandidateTexts>().PositionAsync(tenantId, First.Digest, CancellationToken.None);

        await RenameAsync("lost");
        (await LoadAsync(position)).ShouldBeNull();
        await RenameAsync("policy_drafted");
        (await LoadAsync(position)).ShouldBeNull();
        clock.Advance(TimeSpan.FromSeconds(5));
        (await LoadAsync(position)).ShouldNotBeNull();

        (await LoadAsync(position + 1)).ShouldBeNull("nothing was drafted there");
        (await LoadAsync(position)).ShouldNotBeNull();

        Task<PolicyInForce?> LoadAsync(long drafted) => compiled.LoadAsync(tenantId, First.Digest, drafted, CancellationToken.None);

        async Task RenameAsync(string type)
        {
            await using var connection = await service.Database.OpenAsync();
            await using var rename = new NpgsqlCommand(
                $"update stet.mt_events set type = '{type}' where tenant_id = '{tenantId}' and seq_id = {position}", connection);
            (await rename.ExecuteNonQueryAsync()).ShouldBe(1);
        }
    }
}
