using Npgsql;
using Stet.EventStore;
using Stet.Testing;

namespace Stet.Tests.Readme;

/// <summary><c>docs/marten.md</c> against a real database.</summary>
public sealed class MartenGuideSpecs(MartenGuideSpecs.Schema schema) : IClassFixture<MartenGuideSpecs.Schema>
{
    const string Tables = "'mt_streams', 'mt_events', 'mt_event_progression', 'mt_tenant_partitions', 'mt_doc_deadletterevent'";

    [Fact]
    public async Task Every_column_is_as_the_guide_lists_it()
    {
        var columns = await schema.RowsAsync($"""
            select c.relname, a.attname,
                replace(replace(format_type(a.atttypid, a.atttypmod), 'character varying', 'varchar'), 'timestamp with time zone', 'timestamptz'),
                case when a.attnotnull then 'no' else 'yes' end,
                coalesce('`' || replace(pg_get_expr(d.adbin, d.adrelid), '::character varying', '') || '`', '')
            from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
            left join pg_attrdef d on d.adrelid = c.oid and d.adnum = a.attnum
            where c.relnamespace = 'stet'::regnamespace and c.relname in ({Tables})
            """);

        columns.ShouldBe(Listed(cells: 5), ignoreOrder: true);
    }

    [Fact]
    public async Task Every_key_and_index_is_as_the_guide_lists_it()
    {
        var indexes = await schema.RowsAsync($"""
            select t.relname, i.relname,
                (select string_agg(a.attname, ', ' order by k.n) from unnest(x.indkey::int2[]) with ordinality k(attnum, n)
                 join pg_attribute a on a.attrelid = t.oid and a.attnum = k.attnum)
            from pg_index x join pg_class i on i.oid = x.indexrelid join pg_class t on t.oid = x.indrelid
            where t.relnamespace = 'stet'::regnamespace and t.relname in ({Tables})
            """);

        indexes.ShouldBe(Listed(cells: 3).Where(row => row.StartsWith("mt_", StringComparison.Ordinal)), ignoreOrder: true);
    }

    [Fact]
    public async Task Primary_keys_are_constraints_and_all_indexes_but_those_for_tails_and_ids_are_unique()
    {
        (await schema.RowsAsync($"""
            select conname from pg_constraint c join pg_class t on t.oid = c.conrelid
            where t.relnamespace = 'stet'::regnamespace and t.relname in ({Tables}) and c.contype = 'p'
            """)).ShouldBe(
            [
                "pkey_mt_streams_tenant_id_id", "pkey_mt_events_seq_id_tenant_id", "pk_mt_event_progression",
                "pkey_mt_tenant_partitions_partition_value", "pkey_mt_doc_deadletterevent_id",
            ], ignoreOrder: true);

        (await schema.RowsAsync($"""
            select i.relname from pg_index x join pg_class i on i.oid = x.indexrelid join pg_class t on t.oid = x.indrelid
            where t.relnamespace = 'stet'::regnamespace and t.relname in ({Tables}) and not x.indisunique
            """)).ShouldBe(["mt_events_tenant_seq", "mt_events_tenant_id", "mt_events_decisions"], ignoreOrder: true);
    }

    [Fact]
    public async Task Streams_and_events_are_partitioned_by_tenant_with_one_default_partition_each() =>
        (await schema.RowsAsync("""
            select p.relname, pg_get_partkeydef(p.oid), c.relname, pg_get_expr(c.relpartbound, c.oid)
            from pg_inherits h join pg_class c on c.oid = h.inhrelid join pg_class p on p.oid = h.inhparent
            where p.relnamespace = 'stet'::regnamespace and p.relkind = 'p'
            """)).ShouldBe(
            [
                "mt_streams | LIST (tenant_id) | mt_streams_default | DEFAULT",
                "mt_events | LIST (tenant_id) | mt_events_default | DEFAULT",
            ], ignoreOrder: true);

    [Fact]
    public async Task The_progression_function_inserts_and_updates()
    {
        await schema.RowsAsync("select stet.mt_mark_event_progression('HighWaterMark', 7)::text");
        await schema.RowsAsync("select stet.mt_mark_event_progression('HighWaterMark', 9)::text");

        (await schema.RowsAsync("select last_seq_id::text from stet.mt_event_progression where name = 'HighWaterMark'")).ShouldBe(["9"]);
        (await schema.RowsAsync("select pg_get_function_arguments('stet.mt_mark_event_progression'::regproc)"))
            .ShouldBe(["name character varying, last_encountered bigint"]);
    }

    [Fact]
    public async Task The_role_of_the_guide_reads_all_tenants_and_cannot_write_events()
    {
        await schema.RowsAsync(RoleScript());
        await schema.RowsAsync("""
            insert into stet.mt_events (seq_id, id, stream_id, version, data, type, timestamp, tenant_id)
            select 1, gen_random_uuid(), gen_random_uuid(), 1, '{}', 'any', now(), t from (values ('one'), ('other')) as tenants(t)
            """);

        (await schema.RowsAsync("set role stet_marten; select count(*)::text from stet.mt_events")).ShouldBe(["2"]);
        (await schema.AssertAsync()).ShouldBeEmpty("grants to it are no change of the schema");
        await schema.RowsAsync("set role stet_marten; select stet.mt_mark_event_progression('Facts:All:x', 1)::text");
        (await Should.ThrowAsync<PostgresException>(
            schema.RowsAsync("set role stet_marten; delete from stet.mt_events"))).SqlState.ShouldBe(PostgresErrorCodes.InsufficientPrivilege);
    }

    static string RoleScript() => Repository.Read("docs/marten.md").Split("```sql\n")[1].Split("```")[0];

    static IEnumerable<string> Listed(int cells) => Repository.Read("docs/marten.md").Split('\n')
        .Where(line => line.StartsWith("| mt_", StringComparison.Ordinal))
        .Select(line => line.Split('|')[1..^1].Select(cell => cell.Trim()).ToArray())
        .Where(row => row.Length == cells)
        .Select(row => string.Join(" | ", row));

    /// <summary>A database with the schema and no events.</summary>
    public sealed class Schema : IAsyncLifetime
    {
        TestDatabase? database;

        public async Task InitializeAsync()
        {
            database = await TestDatabase.CreateAsync();
            await new SchemaMigrator(database.ConnectionString, StetApplication.Schema).ApplyAsync(CancellationToken.None);
        }

        public async Task DisposeAsync() => await database!.DisposeAsync();

        public Task<IReadOnlyList<string>> AssertAsync() =>
            new SchemaMigrator(database!.ConnectionString, StetApplication.Schema).AssertAsync(CancellationToken.None);

        /// <summary>The rows of a query of texts, cells joined.</summary>
        public async Task<IReadOnlyList<string>> RowsAsync(string sql)
        {
            await using var connection = await database!.OpenAsync();
            await using var command = new NpgsqlCommand(sql, connection);
            await using var reader = await command.ExecuteReaderAsync();
            var rows = new List<string>();
            while (await reader.ReadAsync())
                rows.Add(string.Join(" | ", Enumerable.Range(0, reader.FieldCount).Select(i => reader.GetValue(i))));
            return rows;
        }
    }
}
