using Microsoft.Extensions.DependencyInjection;
using Npgsql;
using Stet.Enforcement;
using Stet.Testing;

namespace Stet.Tests.Enforcement;

public class SilentSystemsSpecs
{
    readonly ManualClock clock = new();

    [Fact]
    public async Task Systems_of_all_tenants_that_are_late_or_never_reported_are_counted()
    {
        await using var service = await TestService.StartAsync(new TestServiceOptions { Clock = clock });
        var (one, other) = (Tenancy.Of(service, TestService.NewTenantId()), Tenancy.Of(service, TestService.NewTenantId()));
        await one.BeatAsync("usual");
        await one.PutAsync("patient", """{"interval_seconds":600}""");
        await one.BeatAsync("patient");
        await one.PutAsync("never");
        await other.BeatAsync("usual");
        await other.PutAsync("muted", """{"muted_until":"2999-01-01T00:00:00Z","muted_reason":"holidays"}""");
        await other.PutAsync("retired");
        await other.DeleteAsync("retired");

        (await CountsAsync(service)).ShouldBe((0, 1));
        clock.Advance(TimeSpan.FromSeconds(120));
        (await CountsAsync(service)).ShouldBe((0, 1));
        clock.Advance(TimeSpan.FromSeconds(1));
        (await CountsAsync(service)).ShouldBe((2, 1));
        await other.SendAsync(HttpMethod.Put, "/v1/enforcement/defaults", """{"interval_seconds":61}"""u8.ToArray());
        (await CountsAsync(service)).ShouldBe((1, 1));
    }

    [Fact]
    public async Task Who_reported_before_the_clock_was_set_back_counts_as_late()
    {
        await using var service = await TestService.StartAsync(new TestServiceOptions { Clock = clock });
        await Tenancy.Of(service, TestService.NewTenantId()).BeatAsync("usual");

        clock.Advance(TimeSpan.FromSeconds(-1));
        (await CountsAsync(service)).ShouldBe((0, 0));
        clock.Advance(TimeSpan.FromHours(-1));
        (await CountsAsync(service)).ShouldBe((1, 0));
    }

    [Fact]
    public async Task An_outage_of_the_service_is_no_silence()
    {
        await using var service = await TestService.StartAsync(new TestServiceOptions { Clock = clock });
        await Tenancy.Of(service, TestService.NewTenantId()).BeatAsync("usual");
        clock.Advance(TimeSpan.FromHours(1));
        (await CountsAsync(service)).ShouldBe((1, 0));

        await using (var connection = await service.Database.OpenAsync())
        await using (var insert = new NpgsqlCommand("insert into stet.service_outage values ($1, $2)", connection))
        {
            var now = clock.GetUtcNow().UtcDateTime;
            insert.Parameters.Add(new() { Value = now.AddMinutes(-90) });
            insert.Parameters.Add(new() { Value = now.AddSeconds(-30) });
            await insert.ExecuteNonQueryAsync();
        }

        (await CountsAsync(service)).ShouldBe((0, 0));
    }

    static async Task<(long Stale, long Missing)> CountsAsync(TestService service)
    {
        var silent = service.Services.GetRequiredService<SilentSystems>();
        await silent.CountAsync(CancellationToken.None);
        return (silent.Stale!.Value, silent.Missing!.Value);
    }
}
