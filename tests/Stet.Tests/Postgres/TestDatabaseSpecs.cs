using Npgsql;
using Stet.Testing;

namespace Stet.Tests.Postgres;

public class TestDatabaseSpecs
{
    static int prepared;

    static readonly TestTemplate countries = new("countries", async connectionString =>
    {
        Interlocked.Increment(ref prepared);

        await using var source = NpgsqlDataSource.Create(connectionString);
        await using var create = source.CreateCommand("create table countries as select 'FR' as code");
        await create.ExecuteNonQueryAsync();
    });

    [Fact]
    public async Task Databases_of_a_template_start_alike_and_live_apart()
    {
        await using var first = await TestDatabase.CreateAsync(countries);
        await using var second = await TestDatabase.CreateAsync(countries);

        await Scalar(first, "insert into countries values ('IT')");

        (await Scalar(first, "select count(*) from countries")).ShouldBe(2L);
        (await Scalar(second, "select count(*) from countries")).ShouldBe(1L);
        prepared.ShouldBe(1);
    }

    [Fact]
    public async Task A_disposed_database_is_dropped_though_connections_were_left_open()
    {
        var database = await TestDatabase.CreateAsync();
        await using var open = await database.OpenAsync();

        await database.DisposeAsync();
        for (var i = 0; i < TestDatabase.DroppedTogether && await IsThereAsync(); i++) await (await TestDatabase.CreateAsync()).DisposeAsync();

        (await IsThereAsync()).ShouldBeFalse();

        async Task<bool> IsThereAsync()
        {
            await using var other = await TestDatabase.CreateAsync();
            return await Scalar(other, $"select count(*) from pg_database where datname = '{database.Name}'") is 1L;
        }
    }

    static async Task<object?> Scalar(TestDatabase database, string sql)
    {
        await using var connection = await database.OpenAsync();
        await using var command = new NpgsqlCommand(sql, connection);

        return await command.ExecuteScalarAsync();
    }
}
