-- The life of a tenant's policies: see PolicyLife. Serves deciding; its version guards what was decided by it.
create table stet.policy_life (
    tenant_id varchar not null,
    stream_id uuid    not null,
    version   bigint  not null,
    state     json    not null,
    primary key (tenant_id, stream_id)
) with (fillfactor = 50);
select stet.secure('stet.policy_life', 'insert, update');

-- Where each candidate was drafted (the last time), and what has become of it. Its text is in that event.
create table stet.policy_candidate (
    tenant_id         varchar             not null,
    candidate         varchar collate "C" not null,
    policy_set_digest varchar collate "C" not null,
    schema_digest     varchar collate "C" not null,
    author            varchar             not null,
    state             varchar             not null,
    drafted_position  bigint              not null,
    changed_position  bigint              not null,
    primary key (tenant_id, candidate)
) with (fillfactor = 50);
create index policy_candidate_by_set on stet.policy_candidate (tenant_id, policy_set_digest, schema_digest);
create index policy_candidate_by_draft on stet.policy_candidate (tenant_id, drafted_position);
select stet.secure('stet.policy_candidate', 'insert, update');

-- Where the events of each candidate are.
create table stet.policy_step (
    tenant_id varchar             not null,
    candidate varchar collate "C" not null,
    position  bigint              not null,
    primary key (tenant_id, candidate, position)
);
select stet.secure('stet.policy_step', 'insert');

-- What came, or comes, into force. At a time, the row of the highest position decides whose own time has come and that
-- was not withdrawn before it. What was activated at once counts for whoever sees it, also by a clock that is behind.
create table stet.policy_activation (
    tenant_id          varchar             not null,
    position           bigint              not null,
    candidate          varchar collate "C" not null,
    policy_set_digest  varchar collate "C" not null,
    schema_digest      varchar collate "C" not null,
    not_before         timestamptz         not null,
    at_once            boolean             not null,
    withdrawn_position bigint              null,
    primary key (tenant_id, position)
);
create index policy_activation_by_candidate on stet.policy_activation (tenant_id, candidate);
select stet.secure('stet.policy_activation', 'insert, update');

-- Reports of dry runs, compressed, in pieces. Made again from the log when they are gone.
create table stet.policy_diff_report (
    tenant_id   varchar             not null,
    diff_digest varchar collate "C" not null,
    piece       integer             not null,
    lines       bytea               not null,
    primary key (tenant_id, diff_digest, piece)
);
alter table stet.policy_diff_report alter lines set storage external;
select stet.secure('stet.policy_diff_report', 'insert');

-- Where the self-audit put on record that a decision comes out otherwise.
create table stet.policy_mismatch (
    tenant_id         varchar not null,
    position          bigint  not null,
    decision_position bigint  not null,
    primary key (tenant_id, position)
);
select stet.secure('stet.policy_mismatch', 'insert');

-- How far the self-audit of a tenant's decisions has come, with which engine.
create table stet.policy_audit (
    tenant_id    varchar     not null primary key,
    engine       varchar     not null,
    position     bigint      not null,
    decisions    bigint      not null,
    unreplayable bigint      not null,
    mismatches   bigint      not null,
    audited_at   timestamptz null
) with (fillfactor = 50);
select stet.secure('stet.policy_audit', 'insert, update');

-- Tenants with policies whose log has gone on since their decisions were last audited by an engine, before a moment;
-- longest ago first. Ids come out, nothing else.
create function stet.policy_audit_due(by_engine varchar, before timestamptz, most integer) returns setof varchar
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
    select l.tenant_id
    from stet.policy_life l
    join stet.tenant_head h on h.tenant_id = l.tenant_id
    left join stet.policy_audit a on a.tenant_id = l.tenant_id and a.engine = by_engine
    where h.position > coalesce(a.position, 0) and coalesce(a.audited_at, '-infinity') < before
    order by coalesce(a.audited_at, '-infinity'), l.tenant_id
    limit most
$$;
revoke execute on function stet.policy_audit_due from public;
grant execute on function stet.policy_audit_due to stet_writer;
