-- Corrections :first to :last of :tenant, five fields per subject (p-0, p-1 ...), in every table that a command writes,
-- with the same contents. They stand in the log from position :first + :offset on and are dated from :start on. Ranges may
-- be filled side by side; positions are dense when all are done.
-- An empty edge of the audit log is how a service, or `complete`, sees that leaves are missing.
begin;

\set stream_key 'sha256(''the same for every fill: the service wraps what it finds'')'

insert into stet.tenant_head (tenant_id) values (:'tenant') on conflict do nothing;
insert into stet.tenant_key (tenant_id, kind, key)
values (:'tenant', 'stream', :stream_key) on conflict do nothing;
insert into stet.mt_tenant_partitions (partition_value, partition_suffix)
values (:'tenant', replace(:'tenant', '-', '_')) on conflict do nothing;

-- HMAC-SHA256 (RFC 2104) of length-prefixed parts, as a version-8 UUID: what StreamIds makes.
create function pg_temp.pad(key bytea, mask int) returns bytea immutable language sql as $$
    select string_agg(set_byte('\x00', 0, get_byte(key || decode(repeat('00', 32), 'hex'), i) # mask), ''::bytea order by i)
    from generate_series(0, 63) i
$$;
create function pg_temp.part(word text) returns bytea immutable language sql as $$
    select int4send(octet_length(word)) || convert_to(word, 'UTF8')
$$;
create function pg_temp.version_8(mac bytea) returns uuid immutable language sql as $$
    select encode(set_byte(set_byte(substr(mac, 1, 16), 6, (get_byte(mac, 6) & 15) | 128), 8, (get_byte(mac, 8) & 63) | 128), 'hex')::uuid
$$;
create function pg_temp.version_7(at timestamptz, random text) returns uuid immutable language sql as $$
    select (lpad(to_hex((extract(epoch from at) * 1000)::bigint), 12, '0') || '7' || substr(random, 1, 3) || '8' || substr(random, 4, 15))::uuid
$$;

with key as materialized (
    select pg_temp.pad(:stream_key, 54) as inside, pg_temp.pad(:stream_key, 92) as outside
), named as (
    select n, 'p-' || (n - 1) / 5 as subject_id, 'allergies.substance_' || (n - 1) % 5 as field_key,
        :'start'::timestamptz + n * interval '1 microsecond' as at
    from generate_series(:first::bigint, :last::bigint) n
), new as materialized (
    select n, subject_id, field_key, at, '"severe, seen on visit ' || n || '"' as value,
        pg_temp.version_7(at, md5('correction' || n)) as correction_id, pg_temp.version_7(at, md5('event' || n)) as event_id,
        pg_temp.version_8(sha256(outside || sha256(inside || pg_temp.part('corrections') || pg_temp.part('patient')
            || pg_temp.part(subject_id) || pg_temp.part(field_key)))) as stream_id,
        pg_temp.version_8(sha256(outside || sha256(inside || pg_temp.part('idempotency') || pg_temp.part('corrections')
            || pg_temp.part('fill-' || n)))) as mark_id
    from named, key
), events as (
    insert into stet.mt_events (seq_id, id, stream_id, version, data, type, timestamp, tenant_id, mt_dotnet_type, headers)
    select n + :offset, event_id, stream_id, 1,
        jsonb_build_object(
            'correction_id', correction_id, 'subject', jsonb_build_object('type', 'patient', 'id', subject_id),
            'field_key', field_key, 'value', value::jsonb, 'class', 'Fact',
            'permissions', '{"readers": ["bench"], "scopes": [], "deny_list": []}'::jsonb,
            'actor', '{"type": "human", "id": "dr-ada"}'::jsonb,
            'recorded_at', to_char(at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')),
        'correction_recorded', at, :'tenant', 'Stet.Corrections.CorrectionRecorded, Stet',
        '{"actor_class": "application", "caller": "benchmark"}'
    from new
), streams as (
    insert into stet.mt_streams (tenant_id, id, type, version, timestamp, created)
    select :'tenant', stream_id, 'corrected_field', 1, at, at from new
), marks as (
    insert into stet.idempotency (tenant_id, id, payload_hash, position, events)
    select :'tenant', mark_id, sha256(convert_to(value, 'UTF8')), n + :offset, 1 from new
), corrections as (
    insert into stet.corrections (tenant_id, correction_id, position, subject_type, subject_id, field_key, value, class,
        readers, scopes, deny_list, actor_type, actor_id, recorded_at, status)
    select :'tenant', correction_id, n + :offset, 'patient', subject_id, field_key, value, 'FACT', '{bench}', '{}', '{}', 'human',
        'dr-ada', at, 'ACTIVE'
    from new
), facts as (
    insert into stet.facts (tenant_id, subject_type, subject_id, field_key, correction_id, position, value, class, standing,
        readers, scopes, deny_list, actor_type, actor_id, recorded_at)
    select :'tenant', 'patient', subject_id, field_key, correction_id, n + :offset, value, 'FACT', true, '{bench}', '{}', '{}', 'human',
        'dr-ada', at
    from new
)
update stet.tenant_head h set position = greatest(position, :last + :offset), last_at = greatest(last_at, m.at), audit_peaks = ''
from (select max(at) as at from new) m
where h.tenant_id = :'tenant';

commit;
