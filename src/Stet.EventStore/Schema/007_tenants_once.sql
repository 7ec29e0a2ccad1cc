-- The writer's tenants are taken from the setting once a statement, not once a row: a sub-select that names no column.
create or replace function stet.secure(tbl regclass, writer_may text, tenant_expression text default 'tenant_id') returns void
language plpgsql as $$
begin
    execute format('alter table %s enable row level security', tbl);
    execute format(
        'create policy reader on %s for select to stet_reader using (%s = current_setting(''stet.tenant'', true))',
        tbl, tenant_expression);
    execute format(
        'create policy writer on %s to stet_writer'
        || ' using (%2$s = any ((select string_to_array(current_setting(''stet.tenant'', true), '',''))::text[]))'
        || ' with check (%2$s = any ((select string_to_array(current_setting(''stet.tenant'', true), '',''))::text[]))',
        tbl, tenant_expression);
    execute format('grant select on %s to stet_reader, stet_writer', tbl);
    execute format('grant %s on %s to stet_writer', writer_may, tbl);
end $$;

do $$
declare
    per_row constant text := 'string_to_array(current_setting(''stet.tenant''::text, true), '',''::text)';
    once constant text := '(select ' || per_row || ')::text[]';
    policy record;
begin
    for policy in
        select tablename, replace(qual, per_row, once) as visible, replace(with_check, per_row, once) as allowed
        from pg_policies where schemaname = 'stet' and policyname = 'writer' and position(per_row in qual) > 0
    loop
        execute format('alter policy writer on stet.%I using (%s) with check (%s)', policy.tablename, policy.visible, policy.allowed);
    end loop;
end $$;
