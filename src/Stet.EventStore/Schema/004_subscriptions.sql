-- The tenants whose log has gone on past a subscription's progress. A writer sees the rows of named tenants alone, so
-- the owner looks for it: ids come out, nothing else.
create function stet.pending(subscription varchar) returns setof varchar
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
    select h.tenant_id
    from stet.tenant_head h
    left join stet.mt_event_progression p on p.name = 'stet:' || subscription || ':' || h.tenant_id
    where h.position > coalesce(p.last_seq_id, 0)
$$;
revoke execute on function stet.pending from public;
grant execute on function stet.pending to stet_writer;

-- Moves a subscription's progress on, unless somebody else did: then the whole transaction fails.
create function stet.advance(progress_name varchar, from_position bigint, to_position bigint) returns void
language plpgsql as $$
begin
    if from_position = 0 then
        insert into stet.mt_event_progression (name, last_seq_id) values (progress_name, 0) on conflict do nothing;
    end if;
    update stet.mt_event_progression set last_seq_id = to_position, last_updated = transaction_timestamp()
    where name = progress_name and last_seq_id = from_position;
    if not found then
        raise exception '% is not at position % any more', progress_name, from_position
            using errcode = 'serialization_failure';
    end if;
end $$;
