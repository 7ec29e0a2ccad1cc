-- Decisions :first to :last of :tenant: those that the service has recorded, over and over, each at a time of its own. They
-- stand in the log from position :first + :offset on and are dated from :start on. Ranges may be filled side by side; streams
-- and head follow with fill_decisions_end.sql.
begin;

create temp table recorded on commit drop as
select row_number() over (order by seq_id) - 1 as place, stream_id, data - 'batch_id' - 'item' as data, headers,
    count(*) over (partition by stream_id) as of_stream, row_number() over (partition by stream_id order by seq_id) as in_stream
from stet.mt_events
where tenant_id = :'tenant' and type = 'decision_recorded' and seq_id <= :offset;
create unique index on recorded (place);

insert into stet.mt_events (seq_id, id, stream_id, version, data, type, timestamp, tenant_id, mt_dotnet_type, headers)
select n + :offset, event_id, stream_id, of_stream * (1 + (n - 1) / known) + in_stream,
    data || jsonb_build_object(
        'evaluation_id', event_id, 'now', to_char(at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')),
    'decision_recorded', at, :'tenant', 'Stet.Policy.Decisions.DecisionRecorded, Stet', headers
from (
    select n, at, known, (lpad(to_hex((extract(epoch from at) * 1000)::bigint), 12, '0') || '7' || substr(random, 1, 3) || '8'
        || substr(random, 4, 15))::uuid as event_id
    from (
        select n, :'start'::timestamptz + n * interval '1 microsecond' as at, md5('decision' || n) as random, known
        from generate_series(:first::bigint, :last::bigint) n, (select count(*) as known from recorded) c) numbered) dated
join recorded on place = (n - 1) % known;

commit;
