using Npgsql;

namespace Stet.EventStore;

/// <summary>
/// What PostgreSQL's catalog says of schema stet: a change by hand shows. Grants to roles that are not Stet's, such as a
/// reader of the company's own, are nobody's business here, and neither are partitions that Stet's roles reach through
/// their parents alone.
/// </summary>
static class SchemaCatalog
{
    const int MostTold = 20;
    const int MostShown = 160;

    /// <summary>An expression: what a list of grants gives to Stet's roles and to everybody; null when that is nothing.</summary>
    static string Grants(string acl) => $"""
        (select string_agg(format('%s %s', g.grantee, g.privilege_type), ', ' order by g.grantee, g.privilege_type)
         from (select coalesce(r.rolname, 'public') as grantee, x.privilege_type
            from aclexplode({acl}) x left join pg_roles r on r.oid = x.grantee
            where x.grantee = 0 or r.rolname in ('stet_migrator', 'stet_writer', 'stet_reader')) g)
        """;

    /// <summary>A query: an object, and the whole of what is said of it.</summary>
    static readonly string Catalog = $"""
        select format('column %s.%s', c.relname, a.attname), format('column %s.%s %s %s %s',
            c.relname, a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull, {Grants("a.attacl")})
        from pg_attribute a join pg_class c on c.oid = a.attrelid
        where c.relnamespace = 'stet'::regnamespace and c.relkind in ('r', 'p')
            and (not c.relispartition or {Grants("a.attacl")} is not null) and a.attnum > 0 and not a.attisdropped
        union all
        select format('default of %s.%s', c.relname, a.attname), format('default %s.%s %s',
            c.relname, a.attname, pg_get_expr(d.adbin, d.adrelid))
        from pg_attrdef d join pg_class c on c.oid = d.adrelid
            join pg_attribute a on a.attrelid = d.adrelid and a.attnum = d.adnum
        where c.relnamespace = 'stet'::regnamespace and not c.relispartition
        union all
        select format('constraint %s.%s', c.relname, o.conname), format('constraint %s.%s %s',
            c.relname, o.conname, pg_get_constraintdef(o.oid))
        from pg_constraint o join pg_class c on c.oid = o.conrelid
        where o.contype in ('c', 'f') and c.relnamespace = 'stet'::regnamespace and not c.relispartition
        union all
        select format('table %s', c.relname), format('table %s %s %s', c.relname, c.relrowsecurity, {Grants("c.relacl")})
        from pg_class c
        where c.relnamespace = 'stet'::regnamespace and c.relkind in ('r', 'p')
            and (not c.relispartition or {Grants("c.relacl")} is not null)
        union all
        select format('index %s.%s', i.tablename, i.indexname), format('index %s', i.indexdef)
        from pg_indexes i join pg_class c on c.relname = i.tablename and c.relnamespace = 'stet'::regnamespace
        where i.schemaname = 'stet' and not c.relispartition
        union all
        select format('policy %s.%s', p.tablename, p.policyname), format('policy %s.%s %s %s %s',
            p.tablename, p.policyname, p.roles, p.qual, p.with_check)
        from pg_policies p where p.schemaname = 'stet'
        union all
        select format('function %s(%s)', p.proname, pg_get_function_identity_arguments(p.oid)), format('function %s(%s) %s %s %s %s',
            p.proname, pg_get_function_identity_arguments(p.oid), p.prosecdef, p.proconfig, p.prosrc,
            {Grants("coalesce(p.proacl, acldefault('f', p.proowner))")})
        from pg_proc p where p.pronamespace = 'stet'::regnamespace
        """;

    /// <summary>A query: the digest of all of it.</summary>
    public static readonly string Fingerprint = $"""
        select md5(coalesce(string_agg(line, E'\n' order by line collate "C"), '')) from (
        {Catalog}
        ) catalog(object, line)
        """;

    /// <summary>What is said of each object.</summary>
    public static async Task<IReadOnlyList<(string Name, string Line)>> ReadAsync(NpgsqlConnection connection, CancellationToken cancel)
    {
        var objects = new List<(string, string)>();
        await using var command = new NpgsqlCommand(
            $"""select object, line from ({Catalog}) catalog(object, line) order by object collate "C", line collate "C" """, connection);
        await using var rows = await command.ExecuteReaderAsync(cancel);
        while (await rows.ReadAsync(cancel)) objects.Add((rows.GetString(0), rows.GetString(1)));
        return objects;
    }

    /// <summary>A line for each object that differs, and not for too many of them.</summary>
    public static IReadOnlyList<string> Changes(
        IReadOnlyList<(string Name, string Line)> expected, IReadOnlyList<(string Name, string Line)> found)
    {
        var gone = expected.Except(found).ToLookup(o => o.Name, o => o.Line);
        var come = found.Except(expected).ToLookup(o => o.Name, o => o.Line);
        string[] changes =
        [
            .. gone.Select(o => o.Key).Union(come.Select(o => o.Key)).Order(StringComparer.Ordinal)
                .Select(name => Change(name, gone[name].FirstOrDefault(), come[name].FirstOrDefault())),
        ];
        return changes.Length <= MostTold ? changes : [.. changes[..MostTold], $"and {changes.Length - MostTold} more"];
    }

    static string Change(string name, string? expected, string? found)
    {
        if (expected is null) return $"{name} was added by hand: `{Shown(found!, 0)}`";
        if (found is null) return $"{name} was dropped by hand: `{Shown(expected, 0)}`";

        // Where they part may be far into the body of a function.
        var from = Math.Max(0, expected.AsSpan().CommonPrefixLength(found) - MostShown / 2);
        return $"{name} was changed by hand: expected `{Shown(expected, from)}`, found `{Shown(found, from)}`";
    }

    static string Shown(string line, int from)
    {
        var end = Math.Min(line.Length, from + MostShown);
        var part = string.Join(' ', line[from..end].Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries));
        return $"{(from > 0 ? "…" : "")}{part}{(end < line.Length ? "…" : "")}";
    }
}
