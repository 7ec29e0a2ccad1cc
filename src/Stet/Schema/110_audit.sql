-- The Merkle log of each tenant: leaf i is the event at position i + 1. Rows of leaves, tiles and guards are only added.
create table stet.audit_leaf (
    tenant_id varchar not null,
    position  bigint  not null check (position > 0),
    hash      bytea   not null check (length(hash) = 32),
    commit    bytea   not null check (length(commit) = 32),
    primary key (tenant_id, position)
);
select stet.secure('stet.audit_leaf', 'insert');

-- Full tiles. `root` is the hash over the tile, a hash of the tile level above.
create table stet.audit_tile (
    tenant_id varchar  not null,
    level     smallint not null,
    n         bigint   not null,
    root      bytea    not null check (length(root) = 32),
    hashes    bytea    not null check (length(hashes) = 8192),
    primary key (tenant_id, level, n)
);
alter table stet.audit_tile alter column hashes set storage external;
select stet.secure('stet.audit_tile', 'insert');

-- The guard: what was signed, or may be. Its key forbids a second root for one size.
create table stet.audit_signed (
    tenant_id   varchar     not null,
    size        bigint      not null check (size >= 0),
    root        bytea       not null check (length(root) = 32),
    peaks       bytea       not null,
    reserved_at timestamptz not null,
    primary key (tenant_id, size)
);
select stet.secure('stet.audit_signed', 'insert');

-- One row an epoch; the newest is the log. A frozen log signs nothing.
create table stet.audit_log (
    tenant_id     varchar     not null,
    epoch         integer     not null check (epoch > 0),
    origin        varchar     not null,
    created_at    timestamptz not null,
    frozen_at     timestamptz null,
    frozen_reason varchar     null,
    primary key (tenant_id, epoch)
);
select stet.secure('stet.audit_log', 'insert, update');

-- Signing seeds and salt secrets, wrapped by the installation key. For the writer's eyes alone.
create table stet.audit_key (
    tenant_id      varchar not null,
    kind           varchar not null check (kind in ('sign', 'salt')),
    key_id         varchar not null,
    epoch          integer not null,
    public_key     bytea   null,
    wrapped        bytea   not null,
    kek_id         varchar not null,
    from_position  bigint  not null,
    until_position bigint  null,
    primary key (tenant_id, kind, key_id)
);
select stet.secure('stet.audit_key', 'insert, update');
revoke select on stet.audit_key from stet_reader;

-- What witnesses said of the last two sizes that they were asked about.
create table stet.audit_cosignature (
    tenant_id varchar     not null,
    size      bigint      not null,
    witness   varchar     not null,
    line      varchar     not null,
    at        timestamptz not null,
    primary key (tenant_id, size, witness)
);
select stet.secure('stet.audit_cosignature', 'insert, update, delete');

-- Proofs are asked for by event id.
create index mt_events_tenant_id on stet.mt_events (tenant_id, id);

-- Key ids in use, for a look at start whether this installation can unwrap them; it names no tenant.
create function stet.audit_kek_ids() returns setof varchar
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
    select distinct kek_id from stet.audit_key
$$;
revoke execute on function stet.audit_kek_ids from public;
grant execute on function stet.audit_kek_ids to stet_writer;

-- Tenants whose log lacks leaves, because their events are older than it.
create function stet.audit_incomplete() returns setof varchar
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
    select tenant_id from stet.tenant_head
    where length(audit_peaks) <> 32 * length(replace(position::bit(64)::text, '0', ''))
$$;
revoke execute on function stet.audit_incomplete from public;
grant execute on function stet.audit_incomplete to stet_writer;
