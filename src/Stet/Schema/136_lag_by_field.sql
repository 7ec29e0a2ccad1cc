-- Whether anything newer is in a system's scope is asked by field. Which position a time stands for is not worth an index:
-- who reports is hardly behind, so the newest fact answers it, and else halving the log does.
drop index stet.corrections_facts_by_time;
create index corrections_facts_by_field on stet.corrections (tenant_id, field_key, position) where class = 'FACT';

-- The position of the newest FACT correction recorded up to a time; 0 when there is none.
create function stet.fact_at(tenant varchar, at timestamptz) returns bigint
language plpgsql stable
set enable_seqscan = off set enable_bitmapscan = off set enable_sort = off
as $$
declare
    after bigint;
    found bigint;
    found_at timestamptz;
begin
    select c.position, c.recorded_at into found, found_at from stet.corrections c
    where c.tenant_id = tenant and c.class = 'FACT'
    order by c.position desc limit 1;
    if found_at > at then
        after := stet.position_at(tenant, at + interval '1 microsecond');
        select c.position into found from stet.corrections c
        where c.tenant_id = tenant and c.class = 'FACT' and c.position < after
        order by c.position desc limit 1;
    end if;
    return coalesce(found, 0);
end $$;

-- How far one system lags behind: the FACT corrections in its scope that were recorded after what it enforces, and when
-- the oldest of them was. It looks at the oldest 1,000 corrections, and if none of those is in scope, at the oldest 1,000
-- in scope; `more` says that there may be others.
create or replace function stet.enforcement_lag(
    tenant varchar, after_position bigint, after_time timestamptz, scope json,
    out corrections bigint, out oldest timestamptz, out more boolean)
language plpgsql stable
set enable_seqscan = off set enable_bitmapscan = off set enable_sort = off
as $$
declare
    keys varchar[];
    prefixes varchar[];
begin
    after_position := coalesce(after_position, stet.fact_at(tenant, after_time));
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
