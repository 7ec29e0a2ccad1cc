-- How many systems of all tenants are late, and how many never reported. Who is muted or retired is left out, and so are
-- outages of the service: nobody could report then. Numbers come out, nothing else.
create function stet.enforcement_silence(
    at timestamptz, usual_interval integer, usual_grace numeric, out stale bigint, out missing bigint)
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
    select count(*) filter (where at - s.reported_at - away.time > s.allowed * interval '1 second'),
        count(*) filter (where s.reported_at is null)
    from (
        select (e.state #>> '{heartbeat,reported_at}')::timestamptz as reported_at,
            coalesce((e.state #>> '{settings,interval_seconds}')::integer, (d.state ->> 'interval_seconds')::integer, usual_interval)
                * coalesce((e.state #>> '{settings,grace_multiplier}')::numeric, (d.state ->> 'grace_multiplier')::numeric, usual_grace)
                as allowed
        from stet.enforcing_system e
        left join stet.enforcement_defaults d on d.tenant_id = e.tenant_id
        where e.state ->> 'retired_at' is null
            and coalesce((e.state #>> '{settings,muted_until}')::timestamptz <= at, true)) s
    cross join lateral (
        select coalesce(sum(least(o.ended_at, at) - greatest(o.started_at, s.reported_at)), interval '0') as time
        from stet.service_outage o
        where o.ended_at > s.reported_at and o.started_at < at) away
$$;
revoke execute on function stet.enforcement_silence from public;
grant execute on function stet.enforcement_silence to stet_writer;
