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
