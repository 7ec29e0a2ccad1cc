-- Keys that were made for events which were then refused. Today a key is stored with its event or not at all.
delete from stet.audit_key where from_position = 9223372036854775807;

-- Salts are made before the heads are locked. Who turns out not to know a log's newest secret has to make them again.
create function stet.audit_require_secrets(tenants varchar[], key_ids varchar[]) returns void
language plpgsql stable as $$
begin
    if exists (
        select from unnest(tenants, key_ids) as known(tenant_id, key_id)
        cross join lateral (
            select k.key_id from stet.audit_key k
            where k.tenant_id = known.tenant_id and k.kind = 'salt'
            order by k.from_position desc, k.key_id desc limit 1) newest
        where newest.key_id <> known.key_id)
    then
        raise exception 'the secret of an audit log has been replaced' using errcode = 'serialization_failure';
    end if;
end $$;
revoke execute on function stet.audit_require_secrets from public;
grant execute on function stet.audit_require_secrets to stet_writer;
