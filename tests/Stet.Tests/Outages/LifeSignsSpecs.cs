using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;
using Stet.Enforcement;
using Stet.EventStore;
using Stet.Outages;
using Stet.Testing;
using Stet.Tests.Enforcement;
using Stet.Tests.Observability;

namespace Stet.Tests.Outages;

public class LifeSignsSpecs
{
    readonly ManualClock clock = new();

    [Fact]
    public async Task The_time_between_two_lives_is_an_outage_that_the_status_leaves_out_and_lists()
    {
        await using var first = await StartAsync();
        var id = TestService.NewTenantId();
        await Tenancy.Of(first, id).BeatAsync("bot");
        await StopAsync(first);
        clock.Advance(TimeSpan.FromHours(1));

        await using var second = await StartAsync(first);
        clock.Advance(TimeSpan.FromSeconds(120));

        var answer = (await Tenancy.Of(second, id).GetAsync("/v1/enforcement/status")).Json;
        var bot = answer["systems"]!.AsArray().Single()!;
        (bot.Text("status"), bot.Text("silent_seconds")).ShouldBe(("OK", "120"));
        answer["outages"]!.ToJsonString().ShouldBe(
            """[{"started_at":"2026-03-02T09:00:00.000000Z","ended_at":"2026-03-02T10:00:00.000000Z"}]""");
    }

    [Fact]
    public async Task Silent_systems_are_first_counted_when_the_outage_is_on_record()
    {
        await using var first = await StartAsync();
        await Tenancy.Of(first, TestService.NewTenantId()).BeatAsync("bot");
        await StopAsync(first);
        clock.Advance(TimeSpan.FromHours(1));

        await using var second = await StartAsync(first);

        var silent = second.Services.GetRequiredService<SilentSystems>();
        while (silent.Stale is null) await Task.Delay(10);
        silent.Stale.ShouldBe(0);
    }

    [Fact]
    public async Task A_quick_restart_is_no_outage()
    {
        await using var first = await StartAsync();
        await StopAsync(first);
        clock.Advance(TimeSpan.FromSeconds(10));

        await using var second = await StartAsync(first);

        (await OutagesAsync(first)).ShouldBeEmpty();
    }

    [Fact]
    public async Task A_crash_starts_an_outage_at_the_last_sign_of_life()
    {
        await using var first = await StartAsync();
        clock.Advance(TimeSpan.FromSeconds(6));
        await RequestAsync(first);
        await SignedAsync(first);
        clock.Advance(TimeSpan.FromSeconds(3));
        await first.Services.GetRequiredService<LifeSigns>().DisposeAsync();
        clock.Advance(TimeSpan.FromSeconds(60));

        await using var second = await StartAsync(first);

        (await OutagesAsync(first)).ShouldBe(["09:00:06 09:01:09"]);
    }

    [Fact]
    public async Task An_instance_that_joins_another_sees_no_outage_however_idle_that_was()
    {
        await using var first = await StartAsync();
        clock.Advance(TimeSpan.FromHours(1));

        await using var second = await StartAsync(first);

        (await OutagesAsync(first)).ShouldBeEmpty();
    }

    [Fact]
    public async Task Instances_that_start_together_record_an_outage_once()
    {
        await using var first = await StartAsync();
        await StopAsync(first);
        clock.Advance(TimeSpan.FromHours(1));

        var together = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => StartAsync(first)));

        (await OutagesAsync(first)).ShouldBe(["09:00:00 10:00:00"]);
        foreach (var service in together) await service.DisposeAsync();
    }

    [Fact]
    public async Task A_time_in_which_requests_came_and_no_sign_could_be_left_is_an_outage()
    {
        await using var service = await StartAsync();
        await ExecuteAsync(service, "alter table stet.service_life rename to away");
        clock.Advance(TimeSpan.FromMinutes(5));
        await RequestAsync(service);
        await SignedAsync(service);
        clock.Advance(TimeSpan.FromMinutes(1));
        await RequestAsync(service);
        await SignedAsync(service);
        await ExecuteAsync(service, "alter table stet.away rename to service_life");
        clock.Advance(TimeSpan.FromMinutes(1));

        await RequestAsync(service);
        await SignedAsync(service);

        (await OutagesAsync(service)).ShouldBe(["09:04:55 09:07:00"]);
    }

    [Theory]
    [InlineData("lock table stet.mt_events in exclusive mode")]
    [InlineData("lock table stet.tenant_head in share mode")]
    [InlineData("insert into stet.schema_version (name, checksum, fingerprint) values ('999_newer.sql', '', '')")]
    public async Task A_time_in_which_no_command_could_be_recorded_is_an_outage(string obstacle)
    {
        await using var service = await StartAsync();
        await using var session = await service.Database.OpenAsync();
        await using (var transaction = await session.BeginTransactionAsync())
        {
            await using var command = new NpgsqlCommand(obstacle, session, transaction);
            await command.ExecuteNonQueryAsync();
            if (obstacle.StartsWith("insert", StringComparison.Ordinal)) await transaction.CommitAsync();
            clock.Advance(TimeSpan.FromMinutes(5));
            await RequestAsync(service);
            await SignedAsync(service);
        }

        await ExecuteAsync(service, "delete from stet.schema_version where name = '999_newer.sql'");
        clock.Advance(TimeSpan.FromMinutes(1));
        await RequestAsync(service);
        await SignedAsync(service);

        (await OutagesAsync(service)).ShouldBe(["09:04:55 09:06:00"]);
    }

    [Fact]
    public async Task A_session_that_an_idle_service_has_lost_is_no_outage()
    {
        await using var service = await StartAsync();
        await ExecuteAsync(service, "select pg_terminate_backend(l.pid, 5000) from pg_locks l where l.locktype = 'advisory' and l.database = (select oid from pg_database where datname = current_database())");
        clock.Advance(TimeSpan.FromMinutes(5));

        await RequestAsync(service);
        await SignedAsync(service);

        (await OutagesAsync(service)).ShouldBeEmpty();
    }

    [Fact]
    public async Task An_idle_instance_that_lost_its_session_is_there_for_one_that_joins()
    {
        await using var home = await StartAsync();
        await home.Services.GetRequiredService<LifeSigns>().DisposeAsync();
        var time = new ManualTime(clock.GetUtcNow());
        await using var connections = StoreConnections.For(home.Database.ConnectionString);
        await using var idle = new LifeSigns(connections, time, NullLogger<LifeSigns>.Instance);
        await using var joining = new LifeSigns(connections, time, NullLogger<LifeSigns>.Instance);
        await idle.StartAsync(CancellationToken.None);
        for (var i = 0; i < 60; i++) await PassAsync();

        await ExecuteAsync(home, "select pg_terminate_backend(l.pid, 5000) from pg_locks l where l.locktype = 'advisory' and l.database = (select oid from pg_database where datname = current_database())");
        await joining.StartAsync(CancellationToken.None);

        (await OutagesAsync(home)).ShouldBeEmpty();

        async Task PassAsync()
        {
            time.Advance(TimeSpan.FromSeconds(1));
            await Task.Delay(TimeSpan.FromMilliseconds(5));
            await idle.Signing;
        }
    }

    [Fact]
    public async Task Requests_within_five_seconds_share_a_sign()
    {
        await using var service = await StartAsync();
        clock.Advance(TimeSpan.FromSeconds(4.9));
        await RequestAsync(service);
        await SignedAsync(service);

        (await ExecuteAsync(service, "select to_char(last_sign_at at time zone 'utc', 'HH24:MI:SS') from stet.service_life"))
            .ShouldBe(["09:00:00"]);
    }

    [Fact]
    public async Task A_service_whose_database_takes_no_signs_starts_and_answers()
    {
        await using var first = await StartAsync();
        await ExecuteAsync(first, "drop table stet.service_outage, stet.service_life cascade");

        await using var second = await StartAsync(first);

        (await Tenancy.Of(second, TestService.NewTenantId()).BeatAsync("bot")).Status.ShouldBe(201);
    }

    Task<TestService> StartAsync(TestService? other = null) =>
        TestService.StartAsync(new TestServiceOptions { Clock = clock }, other?.Database);

    static Task StopAsync(TestService service) =>
        service.Services.GetRequiredService<LifeSigns>().StopAsync(CancellationToken.None);

    static Task RequestAsync(TestService service) =>
        Tenancy.Of(service, TestService.NewTenantId()).GetAsync("/v1/enforcement/status");

    /// <summary>Waits for a sign that is under way.</summary>
    static Task SignedAsync(TestService service) => service.Services.GetRequiredService<LifeSigns>().Signing;

    static Task<List<string>> OutagesAsync(TestService service) => ExecuteAsync(
        service,
        "select to_char(started_at at time zone 'utc', 'HH24:MI:SS ') || to_char(ended_at at time zone 'utc', 'HH24:MI:SS') from stet.service_outage order by ended_at");

    static async Task<List<string>> ExecuteAsync(TestService service, string sql)
    {
        await using var connection = await service.Database.OpenAsync();
        await using var command = new NpgsqlCommand(sql, connection);
        await using var reader = await command.ExecuteReaderAsync();
        var rows = new List<string>();
        while (await reader.ReadAsync()) rows.Add(reader.GetValue(0).ToString()!);
        return rows;
    }
}
