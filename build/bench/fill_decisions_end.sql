-- Brings the streams and the head of :tenant to the decisions that were filled in.
begin;

update stet.mt_streams s set version = e.version, timestamp = e.at
from (
    select stream_id, max(version) as version, max(timestamp) as at from stet.mt_events
    where tenant_id = :'tenant' and type = 'decision_recorded' group by stream_id) e
where s.tenant_id = :'tenant' and s.id = e.stream_id;

update stet.tenant_head h set position = e.position, last_at = e.at, audit_peaks = ''
from (select max(seq_id) as position, max(timestamp) as at from stet.mt_events where tenant_id = :'tenant') e
where h.tenant_id = :'tenant';

commit;
