-- Marten 9's tables for Guid streams, conjoined tenancy and per-tenant partitioned events; docs/marten.md says more.
create table stet.mt_streams (
    tenant_id   varchar     not null default '*DEFAULT*',
    id          uuid        not null,
    type        varchar     null,
    version     bigint      not null,
    timestamp   timestamptz not null default now(),
    created     timestamptz not null default now(),
    is_archived boolean     not null default false,
    constraint pkey_mt_streams_tenant_id_id primary key (tenant_id, id)
) partition by list (tenant_id);
create table stet.mt_streams_default partition of stet.mt_streams default;

create table stet.mt_events (
    seq_id         bigint       not null,
    id             uuid         not null,
    stream_id      uuid         null,
    version        bigint       not null,
    data           jsonb        not null,
    bdata          bytea        null,
    type           varchar(500) not null,
    timestamp      timestamptz  not null default now(),
    tenant_id      varchar      not null default '*DEFAULT*',
    mt_dotnet_type varchar      null,
    correlation_id varchar      null,
    causation_id   varchar      null,
    headers        jsonb        null,
    is_archived    boolean      not null default false,
    constraint pkey_mt_events_seq_id_tenant_id primary key (seq_id, tenant_id)
) partition by list (tenant_id);
create table stet.mt_events_default partition of stet.mt_events default;
create unique index pk_mt_events_stream_and_version on stet.mt_events (tenant_id, stream_id, version);
create index mt_events_tenant_seq on stet.mt_events (tenant_id, seq_id);

create table stet.mt_event_progression (
    name         varchar     not null,
    last_seq_id  bigint      not null,
    last_updated timestamptz null default transaction_timestamp(),
    constraint pk_mt_event_progression primary key (name)
);

create table stet.mt_tenant_partitions (
    partition_value  varchar not null,
    partition_suffix varchar not null,
    constraint pkey_mt_tenant_partitions_partition_value primary key (partition_value)
);

create table stet.mt_doc_deadletterevent (
    id               uuid        not null,
    data             jsonb       not null,
    mt_last_modified timestamptz null default transaction_timestamp(),
    mt_version       uuid        not null,
    mt_dotnet_type   varchar     null,
    constraint pkey_mt_doc_deadletterevent_id primary key (id)
);

create function stet.mt_mark_event_progression(name varchar, last_encountered bigint) returns void
language plpgsql as $$
begin
    insert into stet.mt_event_progression as p (name, last_seq_id, last_updated)
    values (mt_mark_event_progression.name, last_encountered, transaction_timestamp())
    on conflict on constraint pk_mt_event_progression
    do update set last_seq_id = last_encountered, last_updated = transaction_timestamp();
end $$;

-- Events are never changed or removed: the writer may only add them.
select stet.secure('stet.mt_events', 'insert');
select stet.secure('stet.mt_streams', 'insert, update');
select stet.secure('stet.mt_tenant_partitions', 'insert', 'partition_value');
-- Progress rows end with their tenant's id, 36 characters.
select stet.secure('stet.mt_event_progression', 'insert, update', 'right(name, 36)');

-- Reached through their parents only.
alter table stet.mt_events_default enable row level security;
alter table stet.mt_streams_default enable row level security;
alter table stet.mt_doc_deadletterevent enable row level security;
