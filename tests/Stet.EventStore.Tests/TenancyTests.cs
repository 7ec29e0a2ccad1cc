using Npgsql;

namespace Stet.EventStore.Tests;

public class TenancyTests
{
    [Fact]
    public async Task Every_table_has_row_security()
    {
        await using var test = await TestStore.CreateAsync();
        await using var connection = await test.OpenAsSuperuserAsync();

        (await ListAsync(connection, "select relname from pg_class where relnamespace = 'stet'::regnamespace and relkind in ('r', 'p') and not relrowsecurity"))
            .ShouldBeEmpty();
    }

    [Fact]
    public async Task A_writer_s_tenants_are_read_once_a_statement_not_once_a_row()
    {
        await using var test = await TestStore.CreateAsync();
        await using var connection = await test.OpenAsSuperuserAsync();

        (await ListAsync(connection, """
            select tablename from pg_policies
            where schemaname = 'stet' and policyname = 'writer' and qual || with_check like '%stet.tenant%'
                and (qual not like '%SELECT string_to_array%' or with_check not like '%SELECT string_to_array%')
            """)).ShouldBeEmpty();
    }

    [Fact]
    public async Task A_reader_without_a_tenant_sees_nothing_anywhere()
    {
        await using var test = await TestStore.CreateAsync();
        await test.AppendAsync(new StreamCommand<Account>(Accounts.Account, TestStore.NewStream(), (_, _) => [new MoneyDeposited(1)])
        {
            Idempotency = new IdempotencyMark(TestStore.NewStream(), new byte[32]),
        });
        await using var superuser = await test.OpenAsSuperuserAsync();
        await using var connections = StoreConnections.For(test.ConnectionString);
        await using var reader = await connections.Reader.OpenConnectionAsync();

        var readable = await ListAsync(reader, """
            select c.relname from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attname in ('tenant_id', 'partition_value')
            where c.relnamespace = 'stet'::regnamespace and c.relkind in ('r', 'p') and has_table_privilege(c.oid, 'select')
            """);

        readable.ShouldContain("mt_events");
        readable.ShouldNotContain("tenant_key");
        foreach (var table in readable)
        {
            (await ListAsync(superuser, $"select 1::text from stet.{table} limit 1")).ShouldNotBeEmpty(table);
            (await ListAsync(reader, $"select 1::text from stet.{table} limit 1")).ShouldBeEmpty(table);
        }
    }

    [Fact]
    public async Task A_reader_inside_one_tenant_sees_no_other()
    {
        await using var test = await TestStore.CreateAsync();
        var neighbour = TestStore.NewTenant();
        await test.Store.CreateTenantAsync(neighbour, CancellationToken.None);
        await test.AppendAsync(Accounts.Deposit(TestStore.NewStream()));

        var seen = await test.Store.QueryAsync(
            neighbour, "select count(*) from stet.mt_events", [], async (row, _, cancel) =>
            {
                await row.ReadAsync(cancel);
                return row.GetInt64(0);
            }, CancellationToken.None);

        seen.ShouldBe(0, "the statement names no tenant: row security alone decides");
        (await test.Store.ReadAsync(test.Tenant, 0, 10, CancellationToken.None)).Count.ShouldBe(1);
    }

    [Theory]
    [InlineData("update stet.mt_events set data = '{}'")]
    [InlineData("delete from stet.mt_events")]
    [InlineData("truncate stet.mt_events")]
    [InlineData("delete from stet.idempotency")]
    [InlineData("update stet.tenant_key set key = key")]
    [InlineData("drop table stet.mt_streams")]
    [InlineData("alter table stet.mt_events disable row level security")]
    public async Task The_writer_cannot(string sql)
    {
        await using var test = await TestStore.CreateAsync();
        await using var connections = StoreConnections.For(test.ConnectionString);
        await using var writer = await connections.Writer.OpenConnectionAsync();

        await using var command = new NpgsqlCommand(sql, writer);
        (await Should.ThrowAsync<PostgresException>(command.ExecuteNonQueryAsync())).SqlState.ShouldBe(PostgresErrorCodes.InsufficientPrivilege);
    }

    [Fact]
    public async Task The_writer_cannot_add_to_a_tenant_it_did_not_name()
    {
        await using var test = await TestStore.CreateAsync();
        await using var connections = StoreConnections.For(test.ConnectionString);
        await using var writer = await connections.Writer.OpenConnectionAsync();

        await using var command = new NpgsqlCommand(
            "select set_config('stet.tenant', 'another', false); insert into stet.tenant_head (tenant_id) values ('x')", writer);
        (await Should.ThrowAsync<PostgresException>(command.ExecuteNonQueryAsync())).SqlState.ShouldBe(PostgresErrorCodes.InsufficientPrivilege);
    }

    [Fact]
    public async Task The_reader_cannot_write()
    {
        await using var test = await TestStore.CreateAsync();
        await using var connections = StoreConnections.For(test.ConnectionString);
        await using var reader = await connections.Reader.OpenConnectionAsync();

        await using (var writable = new NpgsqlCommand("set default_transaction_read_only = off", reader)) await writable.ExecuteNonQueryAsync();
        await using var command = new NpgsqlCommand("insert into stet.tenant_head (tenant_id) values ('x')", reader);
        (await Should.ThrowAsync<PostgresException>(command.ExecuteNonQueryAsync())).SqlState.ShouldBe(PostgresErrorCodes.InsufficientPrivilege);
    }

    [Fact]
    public async Task Creating_a_tenant_again_changes_nothing()
    {
        await using var test = await TestStore.CreateAsync();
        await test.AppendAsync(Accounts.Deposit(TestStore.NewStream()));

        var again = await test.Open().CreateTenantAsync(test.Tenant, CancellationToken.None);

        again.StreamKey.ShouldBe((await test.Store.FindTenantAsync(test.Tenant, CancellationToken.None))!.StreamKey);
        (await test.Store.PositionAsync(test.Tenant, CancellationToken.None)).ShouldBe(1);
        again.ToString().ShouldBe(test.Tenant);
    }

    static async Task<List<string>> ListAsync(NpgsqlConnection connection, string sql)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        await using var reader = await command.ExecuteReaderAsync();
        var list = new List<string>();
        while (await reader.ReadAsync()) list.Add(reader.GetString(0));
        return list;
    }
}
