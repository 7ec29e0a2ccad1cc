-- Recorded decisions by their place in the log: lists of them and dry runs look at nothing else, whatever the log holds.
create index mt_events_decisions on stet.mt_events (tenant_id, seq_id) where type = 'decision_recorded';

-- Refuses an activation that decisions have overtaken: recorded since the last that was replayed for it. For the
-- transaction that appends it: the head, which that holds, does not show the activation yet; a rebuild has nothing to refuse.
create function stet.policy_require_replayed(tenant varchar, replayed bigint, activation bigint) returns void
language plpgsql stable
set enable_seqscan = off set enable_bitmapscan = off
as $$
begin
    if exists (select from stet.tenant_head where tenant_id = tenant and position < activation)
        and exists (
            select from stet.mt_events
            where tenant_id = tenant and type = 'decision_recorded' and seq_id > replayed and seq_id < activation)
    then raise exception 'decisions were recorded since position %', replayed using errcode = 'ST001';
    end if;
end $$;
