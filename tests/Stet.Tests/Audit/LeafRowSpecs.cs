using Npgsql;
using Stet.Audit;
using Stet.Audit.SelfCheck;
using Stet.AuditLog;
using Stet.EventStore;
using Stet.Testing;
using Stet.Tests.Audit.SelfCheck;
using static Stet.EventStore.NpgsqlBatchExtensions;

namespace Stet.Tests.Audit;

/// <summary>Leaves that come together lie in one row.</summary>
public sealed class LeafRowSpecs : IAsyncLifetime
{
    NotesLog notes = null!;

    public async Task InitializeAsync() => notes = await NotesLog.CreateAsync();

    public async Task DisposeAsync() => await notes.DisposeAsync();

    [Fact]
    public async Task Rows_follow_one_another_and_end_with_their_tile()
    {
        var tenantId = await notes.NewTenantAsync(1, 250, 257, 600);

        var rows = await RowsAsync(notes.Database, tenantId);

        rows.Select(r => r.First).ShouldBe([1, .. rows.Select(r => r.Last + 1).SkipLast(1)]);
        rows.Where(r => (r.First - 1) / 256 != (r.Last - 1) / 256).ShouldBeEmpty();
        rows.Count.ShouldBeLessThan(30);
        rows.Select(r => r.Last).ShouldBe(rows.Select(r => r.Last).Union([1, 250, 256, 257, 512, 600]));
    }

    [Theory]
    [InlineData(0, 7)]
    [InlineData(7, 8)]
    [InlineData(7, 30)]
    [InlineData(45, 300)]
    [InlineData(299, 600)]
    public async Task A_tree_grows_from_and_to_the_middle_of_a_row(long from, long to)
    {
        var tenantId = await notes.NewTenantAsync(600);
        await using var connection = await notes.Database.OpenAsync();
        var (tree, inSteps) = (new Peaks(), new Peaks());
        await AuditTables.FoldAsync(connection, tenantId, inSteps, from, CancellationToken.None);

        await AuditTables.FoldAsync(connection, tenantId, inSteps, to, CancellationToken.None);

        inSteps.Size.ShouldBe(to);
        await AuditTables.FoldAsync(connection, tenantId, tree, 600, CancellationToken.None);
        await AuditTables.FoldAsync(connection, tenantId, inSteps, 600, CancellationToken.None);
        inSteps.ToArray().ShouldBe(tree.ToArray());
    }

    [Theory]
    [InlineData(1)]
    [InlineData(31)]
    [InlineData(300)]
    public async Task A_leaf_that_is_missing_is_named_when_a_tree_grows(long position)
    {
        var tenantId = await notes.NewTenantAsync(600);
        await notes.ChangeAsync(tenantId, Change.NoLeaf(position));
        await using var connection = await notes.Database.OpenAsync();

        var missing = await Should.ThrowAsync<AuditRowsMissingException>(
            AuditTables.FoldAsync(connection, tenantId, new Peaks(), 600, CancellationToken.None));

        missing.Position.ShouldBe(position);
    }

    [Fact]
    public async Task A_second_row_that_says_something_of_a_position_is_found()
    {
        var tenantId = await notes.NewTenantAsync(100);

        var found = await notes.SweepAsync(
            tenantId, "insert into stet.audit_leaves values ($1, 41, sha256('a hash'), sha256('a commitment'))");

        found.ShouldBe([new Finding(tenantId, 41, 41, PositionState.Altered, LogParts.Commit | LogParts.Leaf)]);
    }

    [Fact]
    public async Task Leaves_that_had_rows_of_their_own_are_put_together_and_a_gap_stays_one()
    {
        await using var database = await TestDatabase.CreateAsync();
        var before = StetApplication.Schema.TakeWhile(s => !s.Name.StartsWith("158", StringComparison.Ordinal)).ToArray();
        await new SchemaMigrator(database.ConnectionString, before).ApplyAsync(CancellationToken.None);
        await using var connection = await database.OpenAsync();
        await ExecuteAsync(connection, """
            insert into stet.audit_leaf
            select tenant, n, sha256(format('hash %s %s', tenant, n)::bytea), sha256(format('commit %s %s', tenant, n)::bytea)
            from unnest('{one,other}'::text[]) as tenant cross join generate_series(1, 300) as n where n <> 17 and (tenant = 'one' or n < 3)
            """);

        await new SchemaMigrator(database.ConnectionString, StetApplication.Schema).ApplyAsync(CancellationToken.None);

        (await RowsAsync(database, "one")).Take(4).ShouldBe([(1, 16), (18, 32), (33, 48), (49, 64)]);
        (await RowsAsync(database, "other")).ShouldBe([(1, 2)]);
        await ExecuteAsync(connection, LeafRows.View);
        await using var kept = new NpgsqlCommand("""
            select count(*) from stet.audit_leaf
            where hash = sha256(format('hash %s %s', tenant_id, position)::bytea)
                and commit = sha256(format('commit %s %s', tenant_id, position)::bytea)
            """, connection);
        (await kept.ExecuteScalarAsync()).ShouldBe(301L);
    }

    static async Task ExecuteAsync(NpgsqlConnection connection, string sql)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync();
    }

    static async Task<List<(long First, long Last)>> RowsAsync(TestDatabase database, string tenantId)
    {
        await using var connection = await database.OpenAsync();
        await using var command = new NpgsqlCommand(
            "select position - length(hashes) / 32 + 1, position from stet.audit_leaves where tenant_id = $1 order by position", connection)
        {
            Parameters = { Scalar(tenantId) },
        };
        await using var row = await command.ExecuteReaderAsync();
        var rows = new List<(long, long)>();
        while (await row.ReadAsync()) rows.Add((row.GetInt64(0), row.GetInt64(1)));
        return rows;
    }
}
