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
    public async Task A_database_without_schema_is_missing_every_script()
    {
        await using var database = await TestDatabase.CreateAsync();

        (await new SchemaMigrator(database.ConnectionString, Scripts).AssertAsync(CancellationToken.None))
            .ShouldBe(Scripts.Select(s => $"{s.Name} is missing"));
    }

    [Theory]
    [InlineData("alter table stet.mt_streams add column extra int")]
    [InlineData("drop index stet.mt_events_tenant_seq")]
    [InlineData("alter table stet.mt_events disable row level security")]
    [InlineData("grant delete on stet.mt_events to stet_writer")]
    [InlineData("drop policy reader on stet.mt_events")]
    [InlineData("alter table stet.mt_streams alter column is_archived drop default")]
    [InlineData("alter table stet.mt_streams add constraint positive check (version > 0)")]
    [InlineData("grant update (data) on stet.mt_events to stet_writer")]
    [InlineData("grant select on stet.mt_events_default to stet_reader")]
    [InlineData("grant select (data) on stet.mt_events_default to stet_reader")]
    [InlineData("grant execute on function stet.secure to stet_reader")]
    [InlineData("alter function stet.mt_mark_event_progression security definer")]
    [InlineData("alter function stet.mt_mark_event_progression set search_path = public")]
    [InlineData("create function stet.secure(tbl regclass) returns void language sql as ''")]
    public async Task A_change_by_hand_shows(string change)
    {
        await using var test = await TestStore.CreateAsync();
        var migrator = new SchemaMigrator(test.ConnectionString, Scripts);
        (await migrator.AssertAsync(CancellationToken.None)).ShouldBeEmpty();

        await using var connection = await test.OpenAsSuperuserAsync();
        await using (var command = new NpgsqlCommand(change, connection)) await command.ExecuteNonQueryAsync();

        (await migrator.AssertAsync(CancellationToken.None)).ShouldHaveSingleItem().ShouldContain("changed by hand");
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
