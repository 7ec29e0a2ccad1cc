-- What enforcement points ask people to allow, and what became of it: see AccessRequest. Serves deciding and reading alike.
create table stet.access_request (
    tenant_id varchar not null,
    stream_id uuid    not null,
    version   bigint  not null,
    state     json    not null,
    primary key (tenant_id, stream_id)
) with (fillfactor = 70);
select stet.secure('stet.access_request', 'insert, update');

-- The newest first; those that wait for somebody are few among all there ever were.
create index access_request_by_time on stet.access_request (tenant_id, (state ->> 'requested_at'), stream_id);
create index access_request_undecided on stet.access_request (tenant_id, (state ->> 'requested_at'), stream_id)
    where state ->> 'outcome' is null;
