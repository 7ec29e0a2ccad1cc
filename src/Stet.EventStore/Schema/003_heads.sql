-- The head row is a tenant's order: who holds its lock gives out the next positions.
create table stet.tenant_head (
    tenant_id varchar     not null primary key,
    position  bigint      not null default 0,
    last_at   timestamptz not null default '-infinity'
) with (fillfactor = 50);
select stet.secure('stet.tenant_head', 'insert, update');

-- Secrets of a tenant; `stream` keys its stream ids. For the writer's eyes alone.
create table stet.tenant_key (
    tenant_id varchar not null,
    kind      varchar not null,
    key       bytea   not null check (length(key) = 32),
    primary key (tenant_id, kind)
);
select stet.secure('stet.tenant_key', 'insert');
revoke select on stet.tenant_key from stet_reader;

-- The first answer to a command that carried a key: the events it recorded, from `position` on.
create table stet.idempotency (
    tenant_id    varchar  not null,
    id           uuid     not null,
    payload_hash bytea    not null,
    position     bigint   not null,
    events       smallint not null,
    primary key (tenant_id, id)
);
select stet.secure('stet.idempotency', 'insert');
