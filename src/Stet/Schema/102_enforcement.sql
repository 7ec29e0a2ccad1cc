-- What is expected of a system and what it reported last: see EnforcingSystem. Serves deciding and status alike.
create table stet.enforcing_system (
    tenant_id varchar not null,
    stream_id uuid    not null,
    version   bigint  not null,
    state     json    not null,
    primary key (tenant_id, stream_id)
) with (fillfactor = 50);
select stet.secure('stet.enforcing_system', 'insert, update');

-- When a system first reported that it enforces the corrections up to a position, and more than ever before.
create table stet.enforcement_advance (
    tenant_id         varchar             not null,
    system_id         varchar collate "C" not null,
    enforced_position bigint              not null,
    reported_at       timestamptz         not null,
    primary key (tenant_id, system_id, enforced_position)
);
select stet.secure('stet.enforcement_advance', 'insert, delete');

-- Which position a time stands for: a tenant's times never fall as positions rise.
create index corrections_facts_by_time on stet.corrections (tenant_id, recorded_at, position) where class = 'FACT';

-- The newest FACT correction: who enforces it does not lag. The settings keep an index plan whatever the statistics say.
create function stet.newest_fact(tenant varchar, out "position" bigint, out recorded_at timestamptz)
language plpgsql stable
set enable_seqscan = off set enable_bitmapscan = off set enable_sort = off
as $$
begin
    select c.position, c.recorded_at into newest_fact.position, newest_fact.recorded_at from stet.corrections c
    where c.tenant_id = tenant and c.class = 'FACT'
    order by c.position desc limit 1;
end $$;

-- How far one system lags behind: the FACT corrections in its scope that were recorded after what it enforces, and when
-- the oldest of them was. It looks at 1,000 corrections, oldest first; `more` says that there may be others, and then
-- `oldest` is the last it looked at if none was in scope.
create function stet.enforcement_lag(
    tenant varchar, after_position bigint, after_time timestamptz, scope json,
    out corrections bigint, out oldest timestamptz, out more boolean)
language plpgsql stable
set enable_seqscan = off set enable_bitmapscan = off set enable_sort = off
as $$
declare
    keys varchar[];
    prefixes varchar[];
begin
    if after_position is null then
        select c.position into after_position from stet.corrections c
        where c.tenant_id = tenant and c.class = 'FACT' and c.recorded_at <= after_time
        order by c.recorded_at desc, c.position desc limit 1;
    end if;
    if json_array_length(scope) > 0 then
        keys := array(select * from json_array_elements_text(scope));
        prefixes := array(select left(p, -1) from unnest(keys) p where p like '%.*');
    end if;

    select count(*) filter (where n.in_scope),
        coalesce(min(n.recorded_at) filter (where n.in_scope), case when count(*) = 1000 then max(n.recorded_at) end),
        count(*) = 1000
    into corrections, oldest, more
    from (
        select c.recorded_at,
            keys is null or c.field_key = any (keys) or c.field_key ^@ any (prefixes) as in_scope
        from stet.corrections c
        where c.tenant_id = tenant and c.class = 'FACT' and c.position > coalesce(after_position, 0)
        order by c.position limit 1000) n;
end $$;

-- The last sign of life of any instance of the service: one row.
create table stet.service_life (
    id           boolean     not null primary key default true check (id),
    last_sign_at timestamptz not null
) with (fillfactor = 50);

-- Times in which no instance could take a heartbeat.
create table stet.service_outage (
    started_at timestamptz not null,
    ended_at   timestamptz not null check (ended_at > started_at),
    primary key (ended_at)
);

-- Of the service, not of a tenant: everybody sees them, the writer keeps them.
alter table stet.service_life enable row level security;
alter table stet.service_outage enable row level security;
create policy reader on stet.service_life for select to stet_reader using (true);
create policy reader on stet.service_outage for select to stet_reader using (true);
create policy writer on stet.service_life to stet_writer using (true) with check (true);
create policy writer on stet.service_outage to stet_writer using (true) with check (true);
grant select on stet.service_life, stet.service_outage to stet_reader, stet_writer;
grant insert, update on stet.service_life to stet_writer;
grant insert on stet.service_outage to stet_writer;
