-- How far the self-check of a tenant's log has come, what it found so far, and what the one before it found in all.
create table stet.audit_selfcheck (
    tenant_id    varchar     not null primary key,
    started_at   timestamptz null,
    position     bigint      not null default 0,
    state        bytea       null,
    missing      bigint      not null default 0,
    altered      bigint      not null default 0,
    completed_at timestamptz null,
    last_missing bigint      not null default 0,
    last_altered bigint      not null default 0
);
select stet.secure('stet.audit_selfcheck', 'insert, update');

-- Tenants whose log was last checked, or began, before a moment; longest ago first. Ids come out, nothing else.
create function stet.audit_selfcheck_due(before timestamptz, most integer) returns setof varchar
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
    select known.tenant_id
    from (select tenant_id from stet.tenant_head union select tenant_id from stet.audit_log) known
    left join stet.audit_selfcheck c on c.tenant_id = known.tenant_id
    cross join lateral (select coalesce(
        c.completed_at, (select min(l.created_at) from stet.audit_log l where l.tenant_id = known.tenant_id),
        '-infinity') as at) last
    where last.at < before
    order by last.at, known.tenant_id
    limit most
$$;
revoke execute on function stet.audit_selfcheck_due from public;
grant execute on function stet.audit_selfcheck_due to stet_writer;

-- All tenants' checks in a row: since when the log that waits longest is unchecked (null: no log), and what is known to be wrong.
create function stet.audit_selfcheck_summary(out oldest timestamptz, out missing bigint, out altered bigint)
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
    select
        (select min(coalesce(c.completed_at, l.created_at))
         from stet.audit_log l left join stet.audit_selfcheck c on c.tenant_id = l.tenant_id where l.epoch = 1),
        (select coalesce(sum(greatest(c.missing, c.last_missing)), 0)::bigint from stet.audit_selfcheck c),
        (select coalesce(sum(greatest(c.altered, c.last_altered)), 0)::bigint from stet.audit_selfcheck c)
$$;
revoke execute on function stet.audit_selfcheck_summary from public;
grant execute on function stet.audit_selfcheck_summary to stet_writer;
