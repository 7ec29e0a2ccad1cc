-- Likewise ends a transaction of an instance that a newer version has left behind: it would leave out what that one keeps.
create function stet.require_unchanged(is_unchanged boolean, is_own_schema boolean) returns void language plpgsql as $$
begin
    if is_own_schema is false then
        raise exception 'a newer version has changed the schema' using errcode = 'ST002';
    end if;
    if is_unchanged is not true then
        raise exception 'another writer was faster' using errcode = 'serialization_failure';
    end if;
end $$;
revoke execute on function stet.require_unchanged(boolean, boolean) from public;
grant execute on function stet.require_unchanged(boolean, boolean) to stet_writer;
