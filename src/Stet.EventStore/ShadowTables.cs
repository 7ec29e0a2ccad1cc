using Npgsql;
using static Stet.EventStore.NpgsqlBatchExtensions;

namespace Stet.EventStore;

/// <summary>Tables of the same shape in schema <c>stet_rebuild</c>, to be filled, compared and put in place.</summary>
sealed class ShadowTables(IReadOnlyList<string> tables)
{
    public const string SearchPath = "stet_rebuild,stet";

    string shape = "";

    /// <summary>Removes what an interrupted rebuild left, and makes the tables.</summary>
    public async Task CreateAsync(NpgsqlConnection connection, CancellationToken cancel)
    {
        shape = await ShapeAsync(connection, cancel);
        await ExecuteAsync(
            connection, $"drop schema if exists stet_rebuild cascade; create schema stet_rebuild; {shape}", cancel);
    }

    public static Task DropAsync(NpgsqlConnection connection) =>
        ExecuteAsync(connection, "drop schema if exists stet_rebuild cascade", CancellationToken.None);

    /// <summary>Gives the planner statistics and index-only scans their map before the first query.</summary>
    public Task VacuumAsync(NpgsqlConnection connection, CancellationToken cancel) =>
        ExecuteAsync(
            connection, $"vacuum (analyze) {string.Join(", ", tables.Select(t => $"stet_rebuild.{t}"))}", cancel);

    /// <summary>Counts the rows that differ, in the snapshot of the connection's transaction.</summary>
    public async Task<IReadOnlyList<TableDifference>> CompareAsync(
        NpgsqlConnection connection, CancellationToken cancel)
    {
        var differences = new List<TableDifference>();
        foreach (var table in tables)
        {
            var key = await KeyAsync(connection, table, cancel);
            await using var command = new NpgsqlCommand($"""
                with differing as materialized (
                    select concat_ws(' ', {key}) as key,
                        case when r.* is null then 'OnlyLive' when l.* is null then 'OnlyRebuilt' else 'Changed' end kind
                    from stet.{table} l full join stet_rebuild.{table} r using ({key})
                    where l::text is distinct from r::text)
                select kind, count(*),
                    array(select d.key from differing d where d.kind = k.kind order by d.key limit 5)
                from differing k group by kind order by kind
                """, connection);
            await using var reader = await command.ExecuteReaderAsync(cancel);
            while (await reader.ReadAsync(cancel))
            {
                var kind = Enum.Parse<DifferenceKind>(reader.GetString(0));
                differences.Add(
                    new TableDifference(table, kind, reader.GetInt64(1), reader.GetFieldValue<string[]>(2)));
            }
        }

        return differences;
    }

    /// <summary>Puts the tables in the place of the live ones, within the caller's transaction.</summary>
    /// <exception cref="RebuildException">A live table was changed since the rebuild began.</exception>
    public async Task SwitchAsync(NpgsqlConnection connection, CancellationToken cancel)
    {
        if (await ShapeAsync(connection, cancel) != shape)
            throw new RebuildException($"the schema changed while {string.Join(", ", tables)} were rebuilt; try again");

        foreach (var table in tables)
        {
            await ExecuteAsync(
                connection, $"drop table stet.{table}; alter table stet_rebuild.{table} set schema stet", cancel);
        }
    }

    /// <summary>Statements that make the tables in the other schema, with options, names, policies, grants.</summary>
    async Task<string> ShapeAsync(NpgsqlConnection connection, CancellationToken cancel)
    {
        var statements = new List<string>();
        foreach (var table in tables)
        {
            await using var command = new NpgsqlCommand("""
                select array_agg(statement order by step, name) from (
                    select 1, '',
                        format('create table stet_rebuild.%I (like stet.%1$I including all excluding indexes)', relname)
                    from pg_class where oid = $1
                    union all
                    select 2, '',
                        format('alter table stet_rebuild.%I owner to %I', relname, pg_get_userbyid(relowner))
                    from pg_class where oid = $1
                    union all
                    select 3, '',
                        format('alter table stet_rebuild.%I set (%s)', relname, array_to_string(reloptions, ', '))
                    from pg_class where oid = $1 and reloptions is not null
                    union all
                    select 4, conname,
                        format('alter table stet_rebuild.%I add constraint %I ', relname, conname)
                        || pg_get_constraintdef(k.oid)
                    from pg_constraint k join pg_class c on c.oid = k.conrelid
                    where c.oid = $1 and contype in ('p', 'u', 'x')
                    union all
                    select 5, indexrelid::regclass::text,
                        regexp_replace(pg_get_indexdef(indexrelid), ' ON stet\.', ' ON stet_rebuild.')
                    from pg_index i
                    where indrelid = $1
                        and not exists (select from pg_constraint where conrelid = $1 and conindid = i.indexrelid)
                    union all
                    select 6, '', format('alter table stet_rebuild.%I enable row level security', relname)
                    from pg_class where oid = $1 and relrowsecurity
                    union all
                    select 7, policyname,
                        format('create policy %I on stet_rebuild.%I as %s for %s to %s',
                            policyname, tablename, permissive, cmd, array_to_string(roles, ', '))
                        || coalesce(' using (' || qual || ')', '') || coalesce(' with check (' || with_check || ')', '')
                    from pg_policies join pg_class on relname = tablename and relnamespace = 'stet'::regnamespace
                    where schemaname = 'stet' and pg_class.oid = $1
                    union all
                    select 8, to_char(min(n), '0000'),
                        format('grant %s on stet_rebuild.%I to %s',
                            string_agg(privilege_type, ', ' order by n), relname,
                            case grantee when 0 then 'public' else quote_ident(pg_get_userbyid(grantee)) end)
                    from pg_class, aclexplode(relacl) with ordinality
                        as a(grantor, grantee, privilege_type, is_grantable, n)
                    where pg_class.oid = $1 group by relname, grantee
                ) shape(step, name, statement)
                where exists (select from pg_class where oid = $1 and relkind = 'r' and not relispartition)
                    and not exists (select from pg_trigger where tgrelid = $1)
                """, connection).With(Scalar(await OidAsync(connection, table, cancel)));
            command.Parameters[0].NpgsqlDbType = NpgsqlTypes.NpgsqlDbType.Oid;
            statements.AddRange(await command.ExecuteScalarAsync(cancel) as string[]
                ?? throw new RebuildException(
                    $"{table} has triggers, foreign keys or partitions, which a rebuild would lose"));
        }

        return string.Join(";\n", statements);
    }

    static async Task<uint> OidAsync(NpgsqlConnection connection, string table, CancellationToken cancel)
    {
        await using var command = new NpgsqlCommand("select to_regclass($1)::oid", connection).With(Scalar($"stet.{table}"));
        return await command.ExecuteScalarAsync(cancel) as uint?
            ?? throw new RebuildException($"there is no table stet.{table}; is the schema this version's?");
    }

    static async Task<string> KeyAsync(NpgsqlConnection connection, string table, CancellationToken cancel)
    {
        await using var command = new NpgsqlCommand("""
            select string_agg(quote_ident(a.attname), ', ' order by array_position(i.indkey::int2[], a.attnum))
            from pg_index i join pg_attribute a on a.attrelid = i.indrelid and a.attnum = any (i.indkey)
            where i.indrelid = to_regclass($1) and i.indisprimary
            """, connection).With(Scalar($"stet.{table}"));
        return await command.ExecuteScalarAsync(cancel) as string
            ?? throw new RebuildException($"{table} has no primary key to compare its rows by");
    }

    static async Task ExecuteAsync(NpgsqlConnection connection, string sql, CancellationToken cancel)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync(cancel);
    }
}
