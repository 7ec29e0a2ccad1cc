-- A tenant's registrations of enforcement points: see PepRegistry. Serves deciding and decisions alike.
create table stet.policy_peps (
    tenant_id varchar not null,
    stream_id uuid    not null,
    version   bigint  not null,
    state     json    not null,
    primary key (tenant_id, stream_id)
) with (fillfactor = 50);
select stet.secure('stet.policy_peps', 'insert, update');

-- The first position of a log whose time is not before the given one; times never fall as positions rise, so halving
-- finds it. Decisions need no index of their own ids: a version-7 UUID tells the time of its event.
create function stet.position_at(tenant varchar, at timestamptz) returns bigint
language plpgsql stable
set enable_seqscan = off set enable_bitmapscan = off set enable_sort = off
as $$
declare
    low bigint := 1;
    high bigint := coalesce((select position from stet.tenant_head where tenant_id = tenant), 0) + 1;
    middle bigint;
    found timestamptz;
begin
    while low < high loop
        middle := (low + high) / 2;
        select e.timestamp into found from stet.mt_events e where e.seq_id = middle and e.tenant_id = tenant;
        if found < at then low := middle + 1; else high := middle; end if;
    end loop;
    return low;
end $$;
