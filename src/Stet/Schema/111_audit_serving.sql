-- Counts changes of a log's keys, so that every instance notices; and when the overlap of two signing keys ends.
alter table stet.audit_log add key_changes integer not null default 0;
alter table stet.audit_key add retire_at timestamptz null;

-- The logs that sign nothing any more, for readiness: ids and reasons of whichever tenants.
create function stet.audit_frozen() returns table (tenant_id varchar, reason varchar)
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
    select l.tenant_id, l.frozen_reason
    from stet.audit_log l
    where l.frozen_at is not null
      and not exists (select from stet.audit_log n where n.tenant_id = l.tenant_id and n.epoch > l.epoch)
$$;
revoke execute on function stet.audit_frozen from public;
grant execute on function stet.audit_frozen to stet_writer;

-- The tenants of whose signing keys one is to be retired.
create function stet.audit_retirements(until timestamptz) returns setof varchar
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
    select distinct tenant_id from stet.audit_key where kind = 'sign' and until_position is null and retire_at <= until
$$;
revoke execute on function stet.audit_retirements from public;
grant execute on function stet.audit_retirements to stet_writer;

-- The tenants that have keys which another installation key than the named one wraps.
create function stet.audit_wrapped_otherwise(kek varchar) returns setof varchar
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
    select distinct tenant_id from stet.audit_key where kek_id <> kek
$$;
revoke execute on function stet.audit_wrapped_otherwise from public;
grant execute on function stet.audit_wrapped_otherwise to stet_writer;
