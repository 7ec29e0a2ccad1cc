using Npgsql;
using Stet.Testing;

namespace Stet.EventStore.Tests;

public class SchemaTests
{
    static readonly IReadOnlyList<SchemaScript> Scripts = [.. SchemaScript.In(typeof(Store).Assembly), Accounts.Tables];

    [Fact]
    public async Task A_schema_is_applied_once_however_many_ask()
    {
        await using var database = await TestDatabase.CreateAsync();

        var applied = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ =>
            new SchemaMigrator(database.ConnectionString, Scripts).ApplyAsync(CancellationToken.None)));

        applied.SelectMany(names => names).ShouldBe(Scripts.Select(s => s.Name));
        (await new SchemaMigrator(database.ConnectionString, Scripts).AssertAsync(CancellationToken.None)).ShouldBeEmpty();
    }

    [Fact]
    public async Task A_script_may_take_longer_than_any_other_statement()
    {
        await using var database = await TestDatabase.CreateAsync();
        var slow = new SchemaScript("900_slow.sql", "select pg_sleep(2);");

        (await new SchemaMigrator($"{database.ConnectionString};Command Timeout=1", [.. Scripts, slow]).ApplyAsync(CancellationToken.None))
            .ShouldContain(slow.Name);
    }

    [Fact]
    public async Task A_schema_whose_roles_are_missing_is_neither_applied_nor_asserted()
    {
        await using var cluster = await TestCluster.OwnAsync();
        var migrator = new SchemaMigrator(cluster.ConnectionString, Scripts);
        await migrator.ApplyAsync(CancellationToken.None);
        await using var connection = new NpgsqlConnection(cluster.ConnectionString);
        await connection.OpenAsync();
        const string Drop = "drop owned by stet_migrator, stet_writer, stet_reader; drop role stet_migrator, stet_writer, stet_reader";
        await using (var command = new NpgsqlCommand(Drop, connection)) await command.ExecuteNonQueryAsync();

        var refused = await Should.ThrowAsync<SchemaMismatchException>(migrator.ApplyAsync(CancellationToken.None));

        refused.Differences.ShouldHaveSingleItem().ShouldStartWith("there is no role stet_migrator, stet_writer, stet_reader: make");
        (await migrator.AssertAsync(CancellationToken.None)).ShouldBe(refused.Differences);
    }

    [Fact]
    public async Task A_database_without_schema_is_missing_every_script()
    {
        await using var database = await TestDatabase.CreateAsync();

        (await new SchemaMigrator(database.ConnectionString, Scripts).AssertAsync(CancellationToken.None))
            .ShouldBe(Scripts.Select(s => $"{s.Name} is missing"));
    }

    [Theory]
    [InlineData("alter table stet.mt_streams add column extra int", "column mt_streams.extra was added by hand: `column mt_streams.extra integer f`")]
    [InlineData("drop index stet.mt_events_tenant_seq", "index mt_events.mt_events_tenant_seq was dropped by hand: `index CREATE INDEX ")]
    [InlineData("alter table stet.mt_events disable row level security", "table mt_events was changed by hand: expected `table mt_events t ")]
    [InlineData("grant delete on stet.mt_events to stet_writer", "stet_writer DELETE")]
    [InlineData("drop policy reader on stet.mt_events", "policy mt_events.reader was dropped by hand")]
    [InlineData("alter table stet.mt_streams alter column is_archived drop default", "default of mt_streams.is_archived was dropped by hand: `default mt_streams.is_archived false`")]
    [InlineData("alter table stet.mt_streams add constraint positive check (version > 0)", "constraint mt_streams.positive was added by hand")]
    [InlineData("grant update (data) on stet.mt_events to stet_writer", "column mt_events.data was changed by hand")]
    [InlineData("grant select on stet.mt_events_default to stet_reader", "table mt_events_default was added by hand")]
    [InlineData("grant select (data) on stet.mt_events_default to stet_reader", "column mt_events_default.data was added by hand")]
    [InlineData("grant execute on function stet.secure to stet_reader", "stet_reader EXECUTE")]
    [InlineData("alter function stet.mt_mark_event_progression security definer", "function mt_mark_event_progression(name character varying, last_encountered bigint) was changed by hand")]
    [InlineData("alter function stet.mt_mark_event_progression set search_path = public", "search_path=public")]
    [InlineData("create function stet.secure(tbl regclass) returns void language sql as ''", "function secure(tbl regclass) was added by hand")]
    public async Task A_change_by_hand_shows(string change, string told)
    {
        await using var test = await TestStore.CreateAsync();
        var migrator = new SchemaMigrator(test.ConnectionString, Scripts);
        (await migrator.AssertAsync(CancellationToken.None)).ShouldBeEmpty();

        await using var connection = await test.OpenAsSuperuserAsync();
        await using (var command = new NpgsqlCommand(change, connection)) await command.ExecuteNonQueryAsync();

        (await migrator.AssertAsync(CancellationToken.None)).ShouldHaveSingleItem().ShouldContain(told);
        (await migrator.AssertAsync(CancellationToken.None)).ShouldHaveSingleItem("it leaves everything as it was").ShouldContain("by hand");
    }

    [Fact]
    public async Task Of_many_changes_the_first_are_told_and_the_rest_is_counted()
    {
        await using var test = await TestStore.CreateAsync();
        await using var connection = await test.OpenAsSuperuserAsync();
        var columns = Enumerable.Range(10, 25).Select(n => $"add column extra{n} int");
        await using (var command = new NpgsqlCommand($"alter table stet.mt_streams {string.Join(", ", columns)}", connection))
            await command.ExecuteNonQueryAsync();

        var changes = await new SchemaMigrator(test.ConnectionString, Scripts).AssertAsync(CancellationToken.None);

        changes.Count.ShouldBe(21);
        changes[^1].ShouldBe("and 5 more");
    }

    [Fact]
    public async Task A_login_that_may_not_apply_the_schema_learns_that_it_was_changed()
    {
        await using var test = await TestStore.CreateAsync();
        await using var connection = await test.OpenAsSuperuserAsync();
        await using (var command = new NpgsqlCommand("alter table stet.mt_streams add column extra int", connection)) await command.ExecuteNonQueryAsync();
        var reader = new NpgsqlConnectionStringBuilder(test.ConnectionString) { Options = "-c role=stet_writer" }.ConnectionString;

        (await new SchemaMigrator(reader, Scripts).AssertAsync(CancellationToken.None))
            .ShouldHaveSingleItem().ShouldContain("changed by hand; what, a login could tell that may apply the schema: must be owner of schema stet");
    }

    [Fact]
    public async Task A_grant_to_a_role_that_is_not_Stets_is_no_change()
    {
        await using var test = await TestStore.CreateAsync();
        await using var connection = await test.OpenAsSuperuserAsync();
        foreach (var change in (string[])
        [
            "grant select on stet.mt_events to pg_monitor", "grant update (data) on stet.mt_events_default to pg_monitor",
            "grant execute on function stet.secure to pg_monitor", "revoke all on stet.mt_events from pg_monitor",
        ])
        {
            await using (var command = new NpgsqlCommand(change, connection)) await command.ExecuteNonQueryAsync();

            (await new SchemaMigrator(test.ConnectionString, Scripts).AssertAsync(CancellationToken.None)).ShouldBeEmpty();
        }
    }

    [Fact]
    public async Task A_script_that_was_applied_with_another_text_is_refused()
    {
        await using var test = await TestStore.CreateAsync();
        SchemaScript[] changed = [.. Scripts.SkipLast(1), new SchemaScript(Accounts.Tables.Name, "select 1")];

        (await Should.ThrowAsync<SchemaMismatchException>(new SchemaMigrator(test.ConnectionString, changed).ApplyAsync(CancellationToken.None)))
            .Differences.ShouldBe([$"{Accounts.Tables.Name} was applied with another text"]);
    }

    [Fact]
    public async Task A_database_of_a_newer_version_is_refused()
    {
        await using var test = await TestStore.CreateAsync();

        (await Should.ThrowAsync<SchemaMismatchException>(
            new SchemaMigrator(test.ConnectionString, [.. Scripts.SkipLast(1)]).ApplyAsync(CancellationToken.None)))
            .Differences.ShouldBe([$"{Accounts.Tables.Name} was applied by a newer version of Stet"]);
    }
}
