-- Ends a transaction whose decisions were taken on heads that have moved since, or are gone.
create function stet.require_unchanged(is_unchanged boolean) returns void language plpgsql as $$
begin
    if is_unchanged is not true then
        raise exception 'another writer was faster' using errcode = 'serialization_failure';
    end if;
end $$;
revoke execute on function stet.require_unchanged from public;
grant execute on function stet.require_unchanged to stet_writer;
