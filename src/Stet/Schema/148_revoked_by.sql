-- Who took a correction back.
alter table stet.corrections
    add column revoked_by_type varchar null,
    add column revoked_by_id   varchar null;

update stet.corrections c
set revoked_by_type = e.data -> 'actor' ->> 'type', revoked_by_id = e.data -> 'actor' ->> 'id'
from stet.mt_events e
where c.status = 'REVOKED' and e.tenant_id = c.tenant_id and e.seq_id = c.ended_position;
