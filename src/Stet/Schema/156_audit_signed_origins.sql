-- The logs of all tenants that have signed something. Origins come out, nothing else.
create function stet.audit_signed_origins() returns setof varchar
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
    select l.origin from stet.audit_log l
    where l.epoch = (select max(n.epoch) from stet.audit_log n where n.tenant_id = l.tenant_id)
        and exists (select from stet.audit_signed s where s.tenant_id = l.tenant_id and s.reserved_at >= l.created_at)
    order by l.tenant_id
$$;
revoke execute on function stet.audit_signed_origins from public;
grant execute on function stet.audit_signed_origins to stet_writer;
