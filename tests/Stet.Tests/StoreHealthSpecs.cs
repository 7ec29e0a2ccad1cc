using System.Net;
using Npgsql;
using Stet.Testing;
using Stet.Tests.Enforcement;

namespace Stet.Tests;

public class StoreHealthSpecs
{
    [Fact]
    public async Task A_read_only_database_fails_readiness_until_it_is_none()
    {
        await using var service = await TestService.StartAsync();

        await ExecuteAsync(service, $"alter database \"{NameOf(service)}\" set default_transaction_read_only = on");
        await ExecuteAsync(service, "select pg_terminate_backend(pid, 5000) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()");
        var away = await ReadyAsync(service);
        await ExecuteAsync(service, $"alter database \"{NameOf(service)}\" reset default_transaction_read_only");
        await Task.Delay(TimeSpan.FromSeconds(1.1));

        away.Status.ShouldBe(HttpStatusCode.ServiceUnavailable);
        away.Text.ShouldContain("the database is read-only");
        (await ReadyAsync(service)).Status.ShouldBe(HttpStatusCode.OK);
    }

    [Fact]
    public async Task Events_ahead_of_the_clock_degrade_readiness_and_say_by_how_much()
    {
        var clock = new ManualClock();
        await using var service = await TestService.StartAsync(new TestServiceOptions { Clock = clock });
        clock.Advance(TimeSpan.FromHours(1));
        await Tenancy.Of(service, TestService.NewTenantId()).BeatAsync("bot");
        clock.Advance(TimeSpan.FromHours(-1));

        var ready = await ReadyAsync(service);

        ready.Status.ShouldBe(HttpStatusCode.OK);
        ready.Text.ShouldContain("the newest event is 3600 s ahead of this clock");
    }

    [Fact]
    public async Task A_schema_of_a_newer_version_fails_readiness_and_refuses_commands()
    {
        await using var service = await TestService.StartAsync();
        var tenant = Tenancy.Of(service, TestService.NewTenantId());
        (await tenant.BeatAsync("bot")).Status.ShouldBe(201);

        await ExecuteAsync(service, "insert into stet.schema_version (name, checksum, fingerprint) values ('000_newer.sql', '', '')");

        var refused = await tenant.BeatAsync("bot");
        refused.Status.ShouldBe(503);
        refused.Json.ToJsonString().ShouldContain("schema_changed");
        (await ReadyAsync(service)).Text.ShouldContain("the database has another schema version");
    }

    static string? NameOf(TestService service) => new NpgsqlConnectionStringBuilder(service.Database.ConnectionString).Database;

    static async Task<(HttpStatusCode Status, string Text)> ReadyAsync(TestService service)
    {
        using var answer = await service.AnonymousClient().GetAsync(new Uri("/readyz", UriKind.Relative));
        return (answer.StatusCode, await answer.Content.ReadAsStringAsync());
    }

    static async Task ExecuteAsync(TestService service, string sql)
    {
        await using var connection = new NpgsqlConnection(service.Database.ConnectionString + ";Pooling=false;Options=-c default_transaction_read_only=off");
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync();
    }
}
