-- What the installation key wraps belongs to several contexts. A signing key that is kept elsewhere names no such key.
create or replace function stet.audit_kek_ids() returns setof varchar
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
    select kek_id from stet.audit_key where kek_id <> ''
    union select kek_id from stet.tenant_key where kek_id is not null
    union select kek_id from stet.pcs_key_secret
$$;

create or replace function stet.audit_wrapped_otherwise(kek varchar) returns setof varchar
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
    select tenant_id from stet.audit_key where kek_id not in ('', kek)
    union select tenant_id from stet.tenant_key where kek_id <> kek
    union select tenant_id from stet.pcs_key_secret where kek_id <> kek
$$;
grant update (wrapped, kek_id) on stet.pcs_key_secret to stet_writer;

-- Tenants whose secrets an earlier version stored as they are.
create function stet.tenants_with_open_keys() returns setof varchar
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
    select tenant_id from stet.tenant_key where key is not null
$$;
revoke execute on function stet.tenants_with_open_keys from public;
grant execute on function stet.tenants_with_open_keys to stet_writer;

-- The writer itself cannot touch an open key.
create function stet.wrap_tenant_key(tenant varchar, wrapped_key bytea, kek varchar) returns void
language sql volatile security definer set search_path = pg_catalog, pg_temp as $$
    update stet.tenant_key set key = null, wrapped = wrapped_key, kek_id = kek
    where tenant_id = tenant and kind = 'stream' and key is not null
$$;
revoke execute on function stet.wrap_tenant_key from public;
grant execute on function stet.wrap_tenant_key to stet_writer;
