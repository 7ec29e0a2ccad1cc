-- A time's position is looked for beside the one that a system reported last, which is hardly far away.
drop function stet.enforcement_lag;
drop function stet.fact_at;

-- The position of the newest FACT correction recorded up to a time; 0 when there is none. `near` tells where to look first:
-- it changes nothing but how long this takes, and is null when nothing is known.
create function stet.fact_at(tenant varchar, at timestamptz, near bigint) returns bigint
language plpgsql stable
set enable_seqscan = off set enable_bitmapscan = off set enable_sort = off
as $$
declare
    fact record;
    low bigint := 0;
    high bigint;
    middle bigint;
    found_at timestamptz;
begin
    if near is not null then
        select c.position, c.recorded_at into fact from stet.corrections c
        where c.tenant_id = tenant and c.class = 'FACT' and c.position <= near
        order by c.position desc limit 1;
        if fact.recorded_at > at then
            high := fact.position;
        else
            low := coalesce(fact.position, 0);
            select c.position, c.recorded_at into fact from stet.corrections c
            where c.tenant_id = tenant and c.class = 'FACT' and c.position > near
            order by c.position limit 1;
            if not found or fact.recorded_at > at then return low; end if;
        end if;
    end if;
    if high is null then
        select c.position, c.recorded_at into fact from stet.corrections c
        where c.tenant_id = tenant and c.class = 'FACT'
        order by c.position desc limit 1;
        if not found then return 0; end if;
        if fact.recorded_at <= at then return fact.position; end if;
        high := fact.position;
    end if;

    -- What is at `low` was recorded by then, what is at `high` was not.
    while high - low > 1 loop
        middle := (low + high) / 2;
        select e.timestamp into found_at from stet.mt_events e where e.seq_id = middle and e.tenant_id = tenant;
        if found_at > at then high := middle; else low := middle; end if;
    end loop;
    return coalesce((
        select c.position from stet.corrections c
        where c.tenant_id = tenant and c.class = 'FACT' and c.position <= low
        order by c.position desc limit 1), 0);
end $$;

-- How far one system lags behind: the FACT corrections in its scope that were recorded after what it enforces, and when
-- the oldest of them was. It looks at the oldest 1,000 corrections, and if none of those is in scope, at the oldest 1,000
-- in scope; `more` says that there may be others.
create function stet.enforcement_lag(
    tenant varchar, after_position bigint, scope json,
    out corrections bigint, out oldest timestamptz, out more boolean)
language plpgsql stable
set enable_seqscan = off set enable_bitmapscan = off set enable_sort = off
as $$
declare
    keys varchar[];
    prefixes varchar[];
begin
    if json_array_length(scope) > 0 then
        keys := array(select * from json_array_elements_text(scope));
        prefixes := array(select left(p, -1) from unnest(keys) p where p like '%.*');
    end if;

    select count(*) filter (where n.in_scope), min(n.recorded_at) filter (where n.in_scope), count(*) = 1000
    into corrections, oldest, more
    from (
        select c.recorded_at,
            keys is null or c.field_key = any (keys) or c.field_key ^@ any (prefixes) as in_scope
        from stet.corrections c
        where c.tenant_id = tenant and c.class = 'FACT' and c.position > after_position
        order by c.position limit 1000) n;

    if more and corrections = 0 then
        -- Ranges of keys: the next text after a key, and the next character after a prefix's last, which is a dot.
        select count(*), min(n.recorded_at), count(*) = 1000
        into corrections, oldest, more
        from (
            select distinct c.position, c.recorded_at
            from (
                select k as first, k || chr(1) as before from unnest(keys) k
                union all
                select p, left(p, -1) || '/' from unnest(prefixes) p) s
            cross join lateral (
                select c.recorded_at, c.position from stet.corrections c
                where c.tenant_id = tenant and c.class = 'FACT' and c.field_key >= s.first and c.field_key < s.before
                    and c.position > after_position
                offset 0) c
            order by c.position limit 1000) n;
    end if;
end $$;
