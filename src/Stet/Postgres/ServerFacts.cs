using Npgsql;
using Stet.EventStore;

namespace Stet.Postgres;

/// <summary>What a server says about itself and the user who asks.</summary>
/// <param name="User">The role that is connected.</param>
/// <param name="Version">The server's version.</param>
/// <param name="MayCreateRoles">Is a superuser or has CREATEROLE.</param>
/// <param name="RolesExist">Every role of Stet's is there.</param>
/// <param name="HasRoles">May take every role of Stet's.</param>
/// <param name="MayCreateSchemas">Has CREATE on the database.</param>
/// <param name="HasSchema">The schema <c>stet</c> is there.</param>
/// <param name="IsReadOnly">Takes no writes: a standby, or told so.</param>
/// <param name="ClockAhead">The server's clock less the service's.</param>
/// <param name="Off">Those of fsync, full_page_writes, synchronous_commit and data_checksums that are off.</param>
public sealed record ServerFacts(
    string User, PostgresVersion Version, bool MayCreateRoles, bool RolesExist, bool HasRoles, bool MayCreateSchemas, bool HasSchema,
    bool IsReadOnly, TimeSpan ClockAhead, IReadOnlyList<string> Off)
{
    /// <summary>How far the clocks may be apart before it is worth a word.</summary>
    public static readonly TimeSpan ClockTolerance = TimeSpan.FromSeconds(1);

    static readonly string[] roles = ["stet_migrator", "stet_writer", "stet_reader"];

    /// <summary>Asks the server behind an open connection.</summary>
    public static async Task<ServerFacts> AskAsync(
        NpgsqlConnection connection, TimeProvider clock, CancellationToken cancel)
    {
        await using var command = new NpgsqlCommand(
            """
            select current_user::text,
                   current_setting('server_version_num')::int,
                   (select rolsuper or rolcreaterole from pg_roles where rolname = current_user),
                   (select count(*) = cardinality($1) from pg_roles where rolname = any($1)),
                   (select count(*) = cardinality($1) from pg_roles
                     where rolname = any($1)
                       and pg_has_role(oid, case when current_setting('server_version_num')::int < 160000 then 'member' else 'set' end)),
                   has_database_privilege(current_database(), 'create'),
                   to_regnamespace('stet') is not null,
                   current_setting('transaction_read_only')::boolean,
                   clock_timestamp(),
                   array(select name from unnest(array['fsync', 'full_page_writes', 'synchronous_commit', 'data_checksums']) name
                          where current_setting(name) = 'off')
            """, connection)
        {
            Parameters = { new() { Value = roles } },
        };

        var asked = clock.GetUtcNow();
        var started = clock.GetTimestamp();

        await using var row = await command.ExecuteReaderAsync(cancel);
        await row.ReadAsync(cancel);

        // The server looked at its clock about half way through.
        var now = asked + (clock.GetElapsedTime(started) / 2);

        return new ServerFacts(
            row.GetString(0), PostgresVersion.OfNumber(row.GetInt32(1)), row.GetBoolean(2), row.GetBoolean(3),
            row.GetBoolean(4), row.GetBoolean(5), row.GetBoolean(6), row.GetBoolean(7),
            row.GetFieldValue<DateTimeOffset>(8) - now, row.GetFieldValue<string[]>(9));
    }

    /// <summary>Whether Stet can live on such a server.</summary>
    public IReadOnlyList<CheckResult> Judge() => [VersionCheck(), WritesCheck(), RightsCheck(), ClockCheck(), DurabilityCheck(), ChecksumCheck()];

    CheckResult VersionCheck() => Version.IsSupported
        ? CheckResult.Ok("version", $"PostgreSQL {Version}")
        : CheckResult.Failure(
            "version", $"PostgreSQL {Version} is too old: upgrade the server to {PostgresVersion.OldestMajor} or later");

    CheckResult WritesCheck() => IsReadOnly
        ? CheckResult.Failure(
            "writes", "the server is read-only: name the primary if this is a standby, else set default_transaction_read_only=off")
        : CheckResult.Ok("writes", "the server takes them");

    // The first script creates the roles, for which PostgreSQL wants the right even where they are there.
    CheckResult RightsCheck() => (MayCreateRoles || (HasRoles && HasSchema), MayCreateSchemas || HasSchema) switch
    {
        _ when HasSchema && !RolesExist => CheckResult.Failure(
            "rights", $"the schema stet was restored without its roles, and so without its grants: {SchemaMigrator.MakeRoles}"),
        (true, true) => CheckResult.Ok("rights", $"`{User}` has what it needs"),
        (false, _) when HasSchema => CheckResult.Failure(
            "rights",
            $"`{User}` can neither create roles nor belongs to {string.Join(", ", roles)}: "
            + "give it CREATEROLE, or run `stet db apply` once as a superuser and grant it those roles"),
        (false, _) => CheckResult.Failure(
            "rights",
            $"`{User}` cannot create roles, which installing takes: give it CREATEROLE, or run `stet db apply` once as a "
            + $"superuser and grant it {string.Join(", ", roles)}"),
        (_, false) => CheckResult.Failure(
            "rights", $"`{User}` cannot create the schema stet: grant it CREATE on the database"),
    };

    CheckResult ClockCheck() => ClockAhead.Duration() <= ClockTolerance
        ? CheckResult.Ok("clock", "the database and this machine agree")
        : CheckResult.Warning(
            "clock",
            $"the database is {ClockAhead.Duration().TotalSeconds:0.0} s {(ClockAhead > TimeSpan.Zero ? "ahead of" : "behind")} "
            + "this machine: synchronize both by NTP");

    CheckResult DurabilityCheck() => Off.Where(setting => setting != "data_checksums").ToList() is { Count: > 0 } off
        ? CheckResult.Warning(
            "durability", $"{string.Join(", ", off)} off: a crash can lose acknowledged commands; switch it on")
        : CheckResult.Ok("durability", "fsync, full_page_writes and synchronous_commit are on");

    CheckResult ChecksumCheck() => Off.Contains("data_checksums")
        ? CheckResult.Warning(
            "checksums", "data checksums are off, so damage on disk goes unnoticed: stop the server and run `pg_checksums --enable`")
        : CheckResult.Ok("checksums", "data checksums are on");
}
