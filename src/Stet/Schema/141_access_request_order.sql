-- In the order that lists go by, which is by bytes. What nobody decided in time stays without an outcome: the list of
-- what waits goes back no further than a request can wait.
drop index stet.access_request_by_time;
drop index stet.access_request_undecided;
create index access_request_by_time on stet.access_request (tenant_id, ((state ->> 'requested_at') collate "C"), stream_id);
create index access_request_undecided on stet.access_request (tenant_id, ((state ->> 'requested_at') collate "C"), stream_id)
    where state ->> 'outcome' is null;
