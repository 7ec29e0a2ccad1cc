-- Accepted documents :first to :last of :tenant, a thousand of each shard, in every table that a submission writes, with the
-- same contents; nobody sends one of them again. They stand in the log from position :first + :offset on and are dated
-- from :start on. Ranges may be filled side by side; positions are dense when all are done.
-- An empty edge of the audit log is how a service, or `complete`, sees that leaves are missing.
begin;

create function pg_temp.uuid_of(version text, word text) returns uuid immutable language sql as $$
    select (substr(md5(word), 1, 12) || version || substr(md5(word), 14, 3) || '8' || substr(md5(word), 18, 15))::uuid
$$;

with named as (
    select n, 'filled-' || (n - 1) / 1000 as shard_id, (n - 1) % 1000 as epoch, encode(sha256(convert_to('root' || n, 'UTF8')), 'hex') as root,
        encode(sha256(convert_to('content' || n, 'UTF8')), 'hex') as digest, encode(sha256(convert_to('body' || n, 'UTF8')), 'hex') as body,
        :'start'::timestamptz + n * interval '1 microsecond' as at
    from generate_series(:first::bigint, :last::bigint) n
), new as materialized (
    select *, encode(sha256(convert_to(root || '|' || epoch || '|' || shard_id, 'UTF8')), 'hex') as pcs_id,
        pg_temp.uuid_of('8', shard_id) as stream_id,
        to_char(at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as time
    from named
), events as (
    insert into stet.mt_events (seq_id, id, stream_id, version, data, type, timestamp, tenant_id, mt_dotnet_type, headers)
    select n + :offset, pg_temp.uuid_of('7', 'event' || n), stream_id, epoch + 1,
        jsonb_build_object('submission', jsonb_build_object(
            'document', '{"D_hat":0.528320834,"N_j":{"16":15,"2":5,"4":10,"8":13},"attempt":1,"budget":0.317807017,"coh_star":0.066666667,"epoch":'
                || epoch || ',"ft":{"clock_skew_ms":0,"degraded":false,"fallbacks":[],"outbox_seq":0},"merkle_root":"' || root
                || '","pcs_id":"' || pcs_id || '","r":0.318421053,"regime":"mixed","scales":[2,4,8,16],"schema":"fractal-lba-kakeya","seed":42,"sent_at":"'
                || time || '","shard_id":"' || shard_id || '","sig":"Brz9v1ynCutCqQOV+X2CGe035dY3t1QjG443S7LCBeg=","v_star":[0.6,-0.167,0.782],"version":"0.1"}',
            'content_digest', digest, 'body_hash', body, 'dialect', 'A-bytes', 'kid', 'bench', 'recomputed_d_hat', 0.528320834,
            'recomputed_budget', 0.317807017, 'reasons', '[]'::jsonb, 'parameter_version', 0, 'sent_at_difference_ms', 0,
            'received_at', time)),
        'pcs_accepted', at, :'tenant', 'Stet.Pcs.Service.PcsAccepted, Stet', '{"actor_class": "agent"}'
    from new
), streams as (
    insert into stet.mt_streams (tenant_id, id, type, version, timestamp, created)
    select :'tenant', stream_id, 'pcs_shard', max(epoch) + 1, max(at), min(at) from new group by stream_id
), marks as (
    insert into stet.idempotency (tenant_id, id, payload_hash, position, events)
    select :'tenant', pg_temp.uuid_of('8', 'mark' || n), decode(digest, 'hex'), n + :offset, 1 from new
), submissions as (
    insert into stet.pcs_submission (tenant_id, position, pcs_id, shard_id, epoch, is_escalated)
    select :'tenant', n + :offset, pcs_id, shard_id, epoch, false from new
)
update stet.tenant_head h set position = greatest(position, :last + :offset), last_at = greatest(last_at, m.at), audit_peaks = ''
from (select max(at) as at from new) m
where h.tenant_id = :'tenant';

insert into stet.pcs_count (tenant_id, name, count) values (:'tenant', 'accepted', :last - :first + 1)
on conflict (tenant_id, name) do update set count = pcs_count.count + excluded.count;

commit;
