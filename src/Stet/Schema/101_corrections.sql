-- What deciding about a field takes: see CorrectedField.
create table stet.corrected_field (
    tenant_id varchar not null,
    stream_id uuid    not null,
    version   bigint  not null,
    state     json    not null,
    primary key (tenant_id, stream_id)
) with (fillfactor = 80);
select stet.secure('stet.corrected_field', 'insert, update');

-- Every correction ever recorded, and how it ended.
create table stet.corrections (
    tenant_id         varchar                not null,
    correction_id     uuid                   not null,
    position          bigint                 not null,
    subject_type      varchar collate "C"    not null,
    subject_id        varchar collate "C"    not null,
    field_key         varchar collate "C"    not null,
    value             text                   not null,
    class             varchar                not null,
    readers           varchar[]              not null,
    scopes            varchar[]              not null,
    deny_list         varchar[]              not null,
    supersedes        uuid                   null,
    actor_type        varchar                not null,
    actor_id          varchar                not null,
    effective_from    timestamptz            null,
    effective_to      timestamptz            null,
    reason            varchar                null,
    recorded_at       timestamptz            not null,
    status            varchar                not null,
    superseded_by     uuid                   null,
    ended_position    bigint                 null,
    ended_at          timestamptz            null,
    revocation_reason varchar                null,
    revocation_note   varchar                null,
    primary key (tenant_id, correction_id)
) with (fillfactor = 90);
create index corrections_history on stet.corrections (tenant_id, subject_type, subject_id, position);
create index corrections_facts_by_position on stet.corrections (tenant_id, position) where class = 'FACT';
select stet.secure('stet.corrections', 'insert, update');

-- One row per corrected field: its newest correction, and whether that stands.
create table stet.facts (
    tenant_id      varchar             not null,
    subject_type   varchar collate "C" not null,
    subject_id     varchar collate "C" not null,
    field_key      varchar collate "C" not null,
    correction_id  uuid                not null,
    position       bigint              not null,
    value          text                not null,
    class          varchar             not null,
    standing       boolean             not null,
    readers        varchar[]           not null,
    scopes         varchar[]           not null,
    deny_list      varchar[]           not null,
    actor_type     varchar             not null,
    actor_id       varchar             not null,
    effective_from timestamptz         null,
    effective_to   timestamptz         null,
    recorded_at    timestamptz         not null,
    primary key (tenant_id, subject_type, subject_id, field_key)
) with (fillfactor = 80);
select stet.secure('stet.facts', 'insert, update');
