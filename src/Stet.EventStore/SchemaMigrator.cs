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

    /// <summary>What to do about a database that was restored where its roles are not.</summary>
    public const string MakeRoles =
        "make stet_migrator, stet_writer and stet_reader, as `stet db apply` on an empty database does, then restore it again";

    // Batches that saw the schema as it was are committed first, and later ones see that it has changed.
    const string HoldWriters = """
        do $$ begin
            if to_regclass('stet.tenant_head') is not null then lock table stet.tenant_head in exclusive mode; end if;
        end $$
        """;

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
        Refuse(await MissingRolesAsync(connection, applied, cancel));
        Refuse(Differences(applied).Where(d => !d.EndsWith("is missing", StringComparison.Ordinal)));

        var missing = scripts.Where(s => !applied.ContainsKey(s.Name)).ToArray();
        if (missing.Length > 0) await ExecuteAsync(connection, HoldWriters, cancel);
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
        var applied = await AppliedAsync(connection, cancel);
        List<string> differences = [.. await MissingRolesAsync(connection, applied, cancel), .. Differences(applied)];
        if (differences.Count > 0) return differences;

        await using var newest = new NpgsqlCommand(
            $"select fingerprint = ({SchemaCatalog.Fingerprint}) from stet.schema_version order by applied_at desc, name desc limit 1", connection);
        return (bool)(await newest.ExecuteScalarAsync(cancel))! ? [] : await ChangesAsync(connection, cancel);
    }

    /// <summary>
    /// What was changed by hand: the catalog, compared with that of a schema that is made anew beside it, in a transaction
    /// that comes to nothing.
    /// </summary>
    async Task<IReadOnlyList<string>> ChangesAsync(NpgsqlConnection connection, CancellationToken cancel)
    {
        await using var transaction = await connection.BeginTransactionAsync(cancel);
        try
        {
            await ExecuteAsync(connection, $"select pg_advisory_xact_lock({LockId})", cancel);
            var found = await SchemaCatalog.ReadAsync(connection, cancel);
            await ExecuteAsync(connection, "alter schema stet rename to stet_found", cancel);
            foreach (var script in scripts) await ExecuteAsync(connection, script.Sql, cancel);
            await ExecuteAsync(connection, Recording(scripts), cancel);
            return SchemaCatalog.Changes(await SchemaCatalog.ReadAsync(connection, cancel), found);
        }
        catch (PostgresException e)
        {
            return
            [
                "tables, columns, constraints, indexes, policies, grants or functions in schema stet were changed by hand; "
                    + $"what, a login could tell that may apply the schema: {e.MessageText}",
            ];
        }
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
        select script.name, script.checksum, ({SchemaCatalog.Fingerprint})
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
            CommandTimeout = 0, // a script may have millions of rows to work on, or wait for another instance that does
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

    /// <summary>A schema without its roles lacks grants and policies, too.</summary>
    static async Task<string[]> MissingRolesAsync(NpgsqlConnection connection, Dictionary<string, string> applied, CancellationToken cancel)
    {
        await using var command = new NpgsqlCommand("""
            select string_agg(name, ', ') from unnest(array['stet_migrator', 'stet_writer', 'stet_reader']) name
            where not exists (select from pg_roles where rolname = name)
            """, connection);
        return applied.Count > 0 && await command.ExecuteScalarAsync(cancel) is string missing
            ? [$"there is no role {missing}: {MakeRoles}"]
            : [];
    }

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
