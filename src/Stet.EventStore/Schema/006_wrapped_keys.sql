-- A tenant's secrets are wrapped where the store was given something to wrap them with.
alter table stet.tenant_key
    alter column key drop not null,
    add wrapped bytea null,
    add kek_id varchar null,
    add constraint tenant_key_once check ((key is null) = (wrapped is not null) and (wrapped is null) = (kek_id is null));
grant update (wrapped, kek_id) on stet.tenant_key to stet_writer;
