-- Ends a transaction whose decisions were taken on heads that have moved since.
create function stet.require_unchanged(is_unchanged boolean) returns void language plpgsql as $$
begin
    if not is_unchanged then
        raise exception 'another writer was faster' using errcode = 'serialization_failure';
    end if;
end $$;
revoke execute on function stet.require_unchanged from public;
grant execute on function stet.require_unchanged to stet_writer;
