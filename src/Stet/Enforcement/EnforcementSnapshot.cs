using Stet.EventStore;
using Stet.Http;
using Stet.Outages;
using static Stet.EventStore.NpgsqlBatchExtensions;

namespace Stet.Enforcement;

/// <summary>What status and escalation are made of, as the database showed it at one position of the log.</summary>
/// <param name="Systems">Each with what it does not enforce.</param>
/// <param name="Outages">The newest thousand since the oldest last heartbeat of these systems, or fewer.</param>
/// <param name="Defaults">What the tenant expects of systems without settings.</param>
/// <param name="Position">The log position.</param>
public sealed record EnforcementSnapshot(
    IReadOnlyList<SystemRow> Systems, IReadOnlyList<Outage> Outages, TenantDefaults Defaults, long Position)
{
    /// <summary>The systems of an answer at most.</summary>
    internal const int MostSystems = 10_000;

    const int MostCharacters = 4 << 20;

    static readonly string Sql = $$"""
        with systems as materialized (
            select s.stream_id, s.state, (s.state #>> '{heartbeat,reported_at}')::timestamptz as reported_at,
                (s.state #>> '{heartbeat,enforced_position}')::bigint as enforced_position,
                (s.state #>> '{heartbeat,enforced_at}')::timestamptz as enforced_at
            from stet.enforcing_system s
            where s.tenant_id = $1
                and case when $2::uuid is null then s.state ->> 'retired_at' is null else s.stream_id = $2 end
            limit {{MostSystems + 1}}),
        newest as materialized (select * from stet.newest_fact($1)),
        behind as materialized (
            select s.* from systems s, newest n
            where case when s.enforced_position is null then n.recorded_at > s.enforced_at else n.position > s.enforced_position end),
        lags as materialized (
            select b.stream_id, l.* from behind b
            cross join lateral (
                select coalesce(b.enforced_position, stet.fact_at($1, b.enforced_at, (
                    select max(a.enforced_position) from stet.enforcement_advance a
                    where a.tenant_id = $1 and a.system_id = b.state ->> 'system_id')))
                offset 0) p(position)
            cross join lateral stet.enforcement_lag($1, p.position, b.state #> '{settings,scope}') l)
        select s.state, l.corrections, l.oldest, l.more, null::timestamptz, null::timestamptz, null::json
        from systems s left join lags l on l.stream_id = s.stream_id
        union all
        select null, null, null, null, o.started_at, o.ended_at, null
        from (
            select started_at, ended_at from stet.service_outage
            where ended_at > (select min(reported_at) from systems)
            order by ended_at desc limit 1000) o
        union all
        select null, null, null, null, null, null, state from stet.enforcement_defaults where tenant_id = $1
        """;

    /// <summary>Reads all of a tenant's systems that are not retired, or one of them.</summary>
    /// <param name="store">Where.</param>
    /// <param name="tenantId">Whose.</param>
    /// <param name="streamId">The one system, retired or not; null: all.</param>
    /// <param name="cancel">Ends the query.</param>
    /// <exception cref="BadRequestException">They are too many for one answer.</exception>
    public static Task<EnforcementSnapshot> ReadAsync(
        Store store, string tenantId, Guid? streamId, CancellationToken cancel) =>
        store.QueryAsync(
            tenantId, Sql, [Scalar(tenantId), Optional(streamId)],
            static async (row, position, token) =>
            {
                var systems = new List<SystemRow>();
                var outages = new List<Outage>();
                var defaults = TenantDefaults.None;
                var left = MostCharacters;
                while (await row.ReadAsync(token))
                {
                    if (!row.IsDBNull(0))
                    {
                        var system = EnforcementModule.Read(row, 0);
                        left -= system.Heartbeat?.Errors.Sum(error => error.Length) ?? 0;
                        if (left < 0 || systems.Count == MostSystems) throw TooMany();
                        systems.Add(new SystemRow(system, BehindOf(row)));
                    }
                    else if (row.IsDBNull(4)) defaults = EnforcementModule.ReadDefaults(row, 6);
                    else outages.Add(new Outage(row.GetFieldValue<DateTimeOffset>(4), row.GetFieldValue<DateTimeOffset>(5)));
                }

                return new EnforcementSnapshot(systems, outages, defaults, position);
            },
            cancel);

    internal static BadRequestException TooMany() => RequestQuery.Bad(
        "system_id", $"is needed here: the tenant has more than {MostSystems} systems, or they report more than 4 MiB of errors");

    static FactsBehind BehindOf(Npgsql.NpgsqlDataReader row) => row.IsDBNull(1)
        ? FactsBehind.None
        : new FactsBehind(row.GetInt64(1), row.IsDBNull(2) ? null : row.GetFieldValue<DateTimeOffset>(2), row.GetBoolean(3));
}

/// <summary>A system and what it does not enforce.</summary>
public sealed record SystemRow(EnforcingSystem System, FactsBehind Behind);

/// <summary>The FACT corrections in a system's scope that were recorded after what it enforces.</summary>
/// <param name="Corrections">How many, of the 1,000 looked at.</param>
/// <param name="Oldest">When the first of them was recorded; null when there is none.</param>
/// <param name="More">Whether there may be others.</param>
public sealed record FactsBehind(long Corrections, DateTimeOffset? Oldest, bool More)
{
    /// <summary>It enforces everything, or nothing is known of it.</summary>
    public static FactsBehind None { get; } = new(0, null, false);
}
