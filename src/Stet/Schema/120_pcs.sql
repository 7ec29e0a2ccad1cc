-- A tenant's keys, signature policy and parameters: see PcsRegistry. Serves deciding and verification alike.
create table stet.pcs_registry (
    tenant_id varchar not null,
    stream_id uuid    not null,
    version   bigint  not null,
    state     json    not null,
    primary key (tenant_id, stream_id)
) with (fillfactor = 50);
select stet.secure('stet.pcs_registry', 'insert, update');

-- Secrets of keys, wrapped by the installation's key. For the writer's eyes alone; no event holds them.
create table stet.pcs_key_secret (
    tenant_id   varchar not null,
    fingerprint varchar not null,
    wrapped     bytea   not null,
    kek_id      varchar not null,
    primary key (tenant_id, fingerprint)
);
select stet.secure('stet.pcs_key_secret', 'insert');
revoke select on stet.pcs_key_secret from stet_reader;

-- Where the event of each recorded document is; the document is there.
create table stet.pcs_submission (
    tenant_id    varchar             not null,
    position     bigint              not null,
    pcs_id       varchar collate "C" not null,
    shard_id     varchar collate "C" not null,
    epoch        bigint              not null,
    is_escalated boolean             not null,
    primary key (tenant_id, position)
);
create index pcs_submission_by_id on stet.pcs_submission (tenant_id, pcs_id, position);
create index pcs_submission_by_shard on stet.pcs_submission (tenant_id, shard_id, epoch, position);
create index pcs_submission_escalated on stet.pcs_submission (tenant_id, position) where is_escalated;
select stet.secure('stet.pcs_submission', 'insert');

-- Documents that somebody has to look at, and where it was recorded that somebody did.
create table stet.pcs_escalation (
    tenant_id         varchar             not null,
    pcs_id            varchar collate "C" not null,
    position          bigint              not null,
    resolved_position bigint              null,
    primary key (tenant_id, pcs_id)
);
create index pcs_escalation_queue on stet.pcs_escalation (tenant_id, position);
create index pcs_escalation_open on stet.pcs_escalation (tenant_id, position) where resolved_position is null;
select stet.secure('stet.pcs_escalation', 'insert, update');

-- Where it was recorded that an id came with other content: at most ten rows an id.
create table stet.pcs_equivocation (
    tenant_id      varchar             not null,
    position       bigint              not null,
    pcs_id         varchar collate "C" not null,
    content_digest varchar             not null,
    primary key (tenant_id, position)
);
create index pcs_equivocation_by_id on stet.pcs_equivocation (tenant_id, pcs_id);
select stet.secure('stet.pcs_equivocation', 'insert');

-- How many events of each kind a tenant has.
create table stet.pcs_count (
    tenant_id varchar             not null,
    name      varchar collate "C" not null,
    count     bigint              not null,
    primary key (tenant_id, name)
) with (fillfactor = 50);
select stet.secure('stet.pcs_count', 'insert, update');
