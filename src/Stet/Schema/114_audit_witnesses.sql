-- When the witnesses were last asked about a log, of which size, and when to ask again if it does not grow.
create table stet.audit_round (
    tenant_id  varchar     not null primary key,
    size       bigint      not null,
    started_at timestamptz not null,
    next_at    timestamptz not null
);
select stet.secure('stet.audit_round', 'insert, update');

-- Starts the rounds that are due, each for one instance: of logs that have grown or whose time has come, and whose last
-- round is 10 seconds old. A round that is never finished is due again after that.
create function stet.audit_start_rounds(at timestamptz, most integer) returns setof varchar
language sql volatile security definer set search_path = pg_catalog, pg_temp as $$
    insert into stet.audit_round as round (tenant_id, size, started_at, next_at)
    select h.tenant_id, 0, at, at + interval '10 seconds'
    from stet.tenant_head h
    left join stet.audit_round r on r.tenant_id = h.tenant_id
    where h.position > 0
      and (r.tenant_id is null or r.started_at <= at - interval '10 seconds' and (r.size < h.position or r.next_at <= at))
      and (select l.frozen_at is null from stet.audit_log l where l.tenant_id = h.tenant_id order by l.epoch desc limit 1)
    order by r.started_at nulls first
    limit most
    on conflict (tenant_id) do update set started_at = excluded.started_at, next_at = excluded.next_at
        where round.started_at <= at - interval '10 seconds'
    returning round.tenant_id
$$;
revoke execute on function stet.audit_start_rounds from public;
grant execute on function stet.audit_start_rounds to stet_writer;
