-- Likewise, and a report more than a second ahead, from before the clock was set back, counts as so long a silence.
create or replace function stet.enforcement_silence(
    at timestamptz, usual_interval integer, usual_grace numeric, out stale bigint, out missing bigint)
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
    select count(*) filter (where
            case when s.reported_at - at > interval '1 second' then s.reported_at - at else at - s.reported_at - away.time end
                > s.allowed * interval '1 second'),
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
