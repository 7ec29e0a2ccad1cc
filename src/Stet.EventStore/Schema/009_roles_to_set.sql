-- Since PostgreSQL 16, who creates a role without being a superuser may administer it, but not set it.
do $$
declare name text;
begin
    if current_setting('server_version_num')::int < 160000 then return; end if;
    foreach name in array array['stet_migrator', 'stet_writer', 'stet_reader'] loop
        if not pg_has_role(current_user, name, 'set') then
            execute format('grant %I to current_user', name);
        end if;
    end loop;
end $$;
