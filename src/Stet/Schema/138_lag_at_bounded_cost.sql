-- A time's position is looked for beside the one that a system reported last, which is hardly far away; and a lag takes no
-- more rows than a thousand of each field in scope.
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
-- of each field in scope; `more` says that there may be others.
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
        -- The fields under a prefix: each is the next in the index after the one before it. The text after all of them is
        -- the prefix with the next character for its last, which is a dot.
        with recursive under(before, field_key) as (
            select left(p, -1) || '/', (
                select c.field_key from stet.corrections c
                where c.tenant_id = tenant and c.class = 'FACT' and c.field_key >= p
                order by c.field_key limit 1)
            from unnest(prefixes) p
            union all
            select u.before, (
                select c.field_key from stet.corrections c
                where c.tenant_id = tenant and c.class = 'FACT' and c.field_key > u.field_key
                order by c.field_key limit 1)
            from under u where u.field_key < u.before)
        select count(*), min(n.recorded_at), count(*) = 1000
        into corrections, oldest, more
        from (
            select c.recorded_at
            from (select unnest(keys) union select u.field_key from under u where u.field_key < u.before) f(field_key)
            cross join lateral (
                select c.recorded_at, c.position from stet.corrections c
                where c.tenant_id = tenant and c.class = 'FACT'
                    and (c.field_key, c.position) > (f.field_key, after_position) and c.field_key <= f.field_key
                order by c.field_key, c.position limit 1000) c
            order by c.position limit 1000) n;
    end if;
end $$;
