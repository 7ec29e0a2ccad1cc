using System.Diagnostics;
using Npgsql;
using Stet.EventStore;
using Stet.Postgres;
using Stet.Testing;
using Stet.Tests.Corrections;
using Stet.Tests.Readme;

namespace Stet.Tests.Postgres;

public sealed class ComposeLoginSpecs
{
    [Fact]
    public async Task The_login_that_compose_makes_is_no_superuser_and_all_that_the_service_needs()
    {
        await using var cluster = await TestCluster.OwnAsync();
        var server = new NpgsqlConnectionStringBuilder(cluster.ConnectionString) { Database = "postgres", Pooling = false };
        var login = new NpgsqlConnectionStringBuilder(cluster.ConnectionString) { Username = "stet", Database = "stet" }.ConnectionString;

        await AskAsync(server.ConnectionString, "drop database stet with (force)"); // the private server's own
        await MakeAsync(server.Host!, server.Username!);
        await new SchemaMigrator(login, StetApplication.Schema).ApplyAsync(CancellationToken.None);
        await using var service = await TestService.StartAsync(database: TestDatabase.At(login));
        var tenant = new Http.Tenant(service.Client());
        var correction = await tenant.RecordAsync(OrdinaryJson.Correction());
        var check = await ServiceProcess.RunAsync("check-env", "--connection", login);

        ((long)correction["position"]!).ShouldBe(1);
        check.ExitCode.ShouldBe(0, check.Output);
        (await AskAsync(server.ConnectionString, "select rolsuper::int from pg_roles where rolname = 'stet'")).ShouldBe(0);
        (await AskAsync(server.ConnectionString, "select count(rolpassword)::int from pg_authid where rolname = 'stet'")).ShouldBe(1);
    }

    /// <summary>As the image does when its cluster is new.</summary>
    static async Task MakeAsync(string host, string superuser)
    {
        var programs = (await PostgresBinaries.FindAsync(CancellationToken.None)).Folder;
        using var script = Process.Start(new ProcessStartInfo("sh", [Path.Combine(Repository.Root, "build/compose/login.sh")])
        {
            Environment =
            {
                ["PATH"] = $"{programs}:{Environment.GetEnvironmentVariable("PATH")}",
                ["PGHOST"] = host,
                ["POSTGRES_USER"] = superuser,
                ["STET_PASSWORD"] = "it's one",
            },
        })!;
        await script.WaitForExitAsync(CancellationToken.None);
        script.ExitCode.ShouldBe(0);
    }

    static async Task<int?> AskAsync(string connectionString, string sql)
    {
        await using var connection = new NpgsqlConnection(connectionString);
        await connection.OpenAsync(CancellationToken.None);
        await using var command = new NpgsqlCommand(sql, connection);
        return (int?)await command.ExecuteScalarAsync(CancellationToken.None);
    }
}
