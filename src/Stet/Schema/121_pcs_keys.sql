-- For each installation key in use, one secret that it wraps: a look at start whether it can be opened.
create function stet.pcs_wrapped_secrets() returns table (tenant_id varchar, fingerprint varchar, wrapped bytea, kek_id varchar)
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
    select distinct on (s.kek_id) s.tenant_id, s.fingerprint, s.wrapped, s.kek_id
    from stet.pcs_key_secret s order by s.kek_id, s.tenant_id, s.fingerprint
$$;
revoke execute on function stet.pcs_wrapped_secrets from public;
grant execute on function stet.pcs_wrapped_secrets to stet_writer;

-- The tenants that have secrets which another installation key than the named one wraps.
create function stet.pcs_wrapped_otherwise(kek varchar) returns setof varchar
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
    select distinct s.tenant_id from stet.pcs_key_secret s where s.kek_id <> kek
$$;
revoke execute on function stet.pcs_wrapped_otherwise from public;
grant execute on function stet.pcs_wrapped_otherwise to stet_writer;
grant update (wrapped, kek_id) on stet.pcs_key_secret to stet_writer;
