-- Roles belong to the server, not to one database: they may be there already.
do $$
declare name text;
begin
    foreach name in array array['stet_migrator', 'stet_writer', 'stet_reader'] loop
        begin
            execute format('create role %I nologin', name);
        exception when duplicate_object or unique_violation then null;
        end;
        if not pg_has_role(current_user, name, 'member') then
            execute format('grant %I to current_user', name);
        end if;
    end loop;
end $$;

create schema if not exists stet;
grant usage on schema stet to stet_migrator, stet_writer, stet_reader;

-- What every table of a tenant's data gets: row security that shows nothing until `stet.tenant` names the tenant (one
-- for a reader; the tenants of the batch, comma-separated, for the writer), and the grants of the two service roles.
create function stet.secure(tbl regclass, writer_may text, tenant_expression text default 'tenant_id') returns void
language plpgsql as $$
begin
    execute format('alter table %s enable row level security', tbl);
    execute format(
        'create policy reader on %s for select to stet_reader using (%s = current_setting(''stet.tenant'', true))',
        tbl, tenant_expression);
    execute format(
        'create policy writer on %s to stet_writer'
        || ' using (%2$s = any (string_to_array(current_setting(''stet.tenant'', true), '','')))'
        || ' with check (%2$s = any (string_to_array(current_setting(''stet.tenant'', true), '','')))',
        tbl, tenant_expression);
    execute format('grant select on %s to stet_reader, stet_writer', tbl);
    execute format('grant %s on %s to stet_writer', writer_may, tbl);
end $$;
revoke execute on function stet.secure from public;
