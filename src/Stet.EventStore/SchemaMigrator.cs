using System.Reflection;
using System.Security.Cryptography;
using System.Text;
using Npgsql;

namespace Stet.EventStore;

/// <summary>One numbered file of the schema.</summary>
/// <param name="Name">File name; its number orders it: <c>002_events.sql</c>.</param>
/// <param name="Sql">Statements; run once, in the transaction of the migration.</param>
public sealed record SchemaScript(string Name, string Sql)
{
    /// <summary>SHA-256 of the text, lower-case hex: a script that was applied never changes.</summary>
    public string Checksum { get; } = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(Sql)));

    /// <summary>The scripts embedded in assemblies, in the order of their numbers.</summary>
    public static IReadOnlyList<SchemaScript> In(params IEnumerable<Assembly> assemblies) =>
    [
        .. assemblies
            .SelectMany(a => a.GetManifestResourceNames().Where(n => n.EndsWith(".sql", StringComparison.Ordinal)).Select(n => Read(a, n)))
            .OrderBy(s => s.Name, StringComparer.Ordinal),
    ];

    static SchemaScript Read(Assembly assembly, string name)
    {
        using var reader = new StreamReader(assembly.GetManifestResourceStream(name)!);
        return new SchemaScript(name, reader.ReadToEnd());
    }
}

/// <summary>Brings a database to the schema of this version, or says how it differs.</summary>
public sealed class SchemaMigrator(string connectionString, IReadOnlyList<SchemaScript> scripts)
{
    const long LockId = 0x5374_6574; // one migration at a time per database

    /// <summary>Applies what is missing, in one transaction.</summary>
    /// <returns>The names of the scripts that were applied now.</returns>
    /// <exception cref="SchemaMismatchException">The database has been given other scripts than these.</exception>
    public async Task<IReadOnlyList<string>> ApplyAsync(CancellationToken cancel)
    {
        await using var source = Source();
        await using var connection = await source.OpenConnectionAsync(cancel);
        await using var transaction = await connection.BeginTransactionAsync(cancel);
        await ExecuteAsync(connection, $"select pg_advisory_xact_lock({LockId})", cancel);
        var applied = await AppliedAsync(connection, cancel);
        Refuse(Differences(applied).Where(d => !d.EndsWith("is missing", StringComparison.Ordinal)));

        var missing = scripts.Where(s => !applied.ContainsKey(s.Name)).ToArray();
        foreach (var script in missing) await ExecuteAsync(connection, script.Sql, cancel);
        if (missing.Length > 0) await ExecuteAsync(connection, Recording(missing), cancel);
        await transaction.CommitAsync(cancel);
        return [.. missing.Select(s => s.Name)];
    }

    /// <summary>Says how the database differs from this version's schema; empty when it does not.</summary>
    public async Task<IReadOnlyList<string>> AssertAsync(CancellationToken cancel)
    {
        await using var source = Source();
        await using var connection = await source.OpenConnectionAsync(cancel);
        var differences = Differences(await AppliedAsync(connection, cancel)).ToList();
        if (differences.Count > 0) return differences;

        await using var newest = new NpgsqlCommand(
            $"select fingerprint = ({Fingerprint}) from stet.schema_version order by applied_at desc, name desc limit 1", connection);
        if (!(bool)(await newest.ExecuteScalarAsync(cancel))!)
            differences.Add("tables, columns, constraints, indexes, policies, grants or functions in schema stet were changed by hand");
        return differences;
    }

    /// <summary>The whole schema as one script, for an empty database: it leaves what <see cref="ApplyAsync"/> leaves.</summary>
    public string Dump() => $"""
        begin;
        set local search_path = stet;

        {string.Join('\n', scripts.Select(s => $"-- {s.Name}\n{s.Sql}"))}
        -- What was applied, as `stet db assert` compares it.
        {Recording(scripts)}
        commit;

        """;

    /// <summary>The statements that record scripts as applied, with the fingerprint of what they made.</summary>
    static string Recording(IReadOnlyList<SchemaScript> applied) => $"""
        create table if not exists stet.schema_version (
            name varchar not null primary key, checksum varchar not null, fingerprint varchar not null,
            applied_at timestamptz not null default now());
        alter table stet.schema_version enable row level security;
        grant select on stet.schema_version to stet_reader, stet_writer;
        drop policy if exists everybody on stet.schema_version;
        create policy everybody on stet.schema_version for select to stet_reader, stet_writer using (true);
        insert into stet.schema_version (name, checksum, fingerprint)
        select script.name, script.checksum, ({Fingerprint})
        from (values
            {string.Join(",\n    ", applied.Select(s => $"('{s.Name}', '{s.Checksum}')"))}) script(name, checksum);
        """;

    IEnumerable<string> Differences(Dictionary<string, string> applied)
    {
        foreach (var script in scripts)
        {
            if (!applied.TryGetValue(script.Name, out var checksum)) yield return $"{script.Name} is missing";
            else if (checksum != script.Checksum) yield return $"{script.Name} was applied with another text";
        }

        foreach (var name in applied.Keys.Except(scripts.Select(s => s.Name)))
            yield return $"{name} was applied by a newer version of Stet";
    }

    NpgsqlDataSource Source() =>
        NpgsqlDataSource.Create(new NpgsqlConnectionStringBuilder(connectionString)
        {
            ApplicationName = "stet-migrator",
            Pooling = false,
            SearchPath = "stet",
        });

    static void Refuse(IEnumerable<string> differences)
    {
        var list = differences.ToArray();
        if (list.Length > 0) throw new SchemaMismatchException(list);
    }

    static async Task<Dictionary<string, string>> AppliedAsync(NpgsqlConnection connection, CancellationToken cancel)
    {
        var applied = new Dictionary<string, string>(StringComparer.Ordinal);
        await using var exists = new NpgsqlCommand("select to_regclass('stet.schema_version') is not null", connection);
        if (!(bool)(await exists.ExecuteScalarAsync(cancel))!) return applied;

        await using var command = new NpgsqlCommand("select name, checksum from stet.schema_version", connection);
        await using var reader = await command.ExecuteReaderAsync(cancel);
        while (await reader.ReadAsync(cancel)) applied[reader.GetString(0)] = reader.GetString(1);
        return applied;
    }

    /// <summary>An expression: what a list of grants gives to Stet's roles and to everybody; null when that is nothing.</summary>
    static string Grants(string acl) => $"""
        (select string_agg(format('%s %s', g.grantee, g.privilege_type), ', ' order by g.grantee, g.privilege_type)
         from (select coalesce(r.rolname, 'public') as grantee, x.privilege_type
            from aclexplode({acl}) x left join pg_roles r on r.oid = x.grantee
            where x.grantee = 0 or r.rolname like 'stet\_%') g)
        """;

    /// <summary>
    /// A digest over what the catalog says of schema stet: a change by hand shows. Grants to roles that are not Stet's, such
    /// as a reader of the company's own, are nobody's business here, and neither are partitions that Stet's roles reach
    /// through their parents alone.
    /// </summary>
    static readonly string Fingerprint = $"""
        select md5(coalesce(string_agg(line, E'\n' order by line collate "C"), '')) from (
            select format('column %s.%s %s %s %s',
                c.relname, a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull, {Grants("a.attacl")})
            from pg_attribute a join pg_class c on c.oid = a.attrelid
            where c.relnamespace = 'stet'::regnamespace and c.relkind in ('r', 'p')
                and (not c.relispartition or {Grants("a.attacl")} is not null) and a.attnum > 0 and not a.attisdropped
            union all
            select format('default %s.%s %s', c.relname, a.attname, pg_get_expr(d.adbin, d.adrelid))
            from pg_attrdef d join pg_class c on c.oid = d.adrelid
                join pg_attribute a on a.attrelid = d.adrelid and a.attnum = d.adnum
            where c.relnamespace = 'stet'::regnamespace and not c.relispartition
            union all
            select format('constraint %s.%s %s', c.relname, o.conname, pg_get_constraintdef(o.oid))
            from pg_constraint o join pg_class c on c.oid = o.conrelid
            where o.contype in ('c', 'f') and c.relnamespace = 'stet'::regnamespace and not c.relispartition
            union all
            select format('table %s %s %s', c.relname, c.relrowsecurity, {Grants("c.relacl")})
            from pg_class c
            where c.relnamespace = 'stet'::regnamespace and c.relkind in ('r', 'p')
                and (not c.relispartition or {Grants("c.relacl")} is not null)
            union all
            select format('index %s', i.indexdef)
            from pg_indexes i join pg_class c on c.relname = i.tablename and c.relnamespace = 'stet'::regnamespace
            where i.schemaname = 'stet' and not c.relispartition
            union all
            select format('policy %s.%s %s %s %s', p.tablename, p.policyname, p.roles, p.qual, p.with_check)
            from pg_policies p where p.schemaname = 'stet'
            union all
            select format('function %s(%s) %s %s %s %s',
                p.proname, pg_get_function_identity_arguments(p.oid), p.prosecdef, p.proconfig, p.prosrc,
                {Grants("coalesce(p.proacl, acldefault('f', p.proowner))")})
            from pg_proc p where p.pronamespace = 'stet'::regnamespace
        ) catalog(line)
        """;

    static async Task ExecuteAsync(NpgsqlConnection connection, string sql, CancellationToken cancel)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync(cancel);
    }
}

/// <summary>A database was given another schema than this version's.</summary>
public sealed class SchemaMismatchException(IReadOnlyList<string> differences)
    : Exception($"the database schema is not this version's: {string.Join("; ", differences)}")
{
    /// <summary>One line each.</summary>
    public IReadOnlyList<string> Differences { get; } = differences;
}
