-- Recorded decisions by their place in the log: lists of them and dry runs look at nothing else, whatever the log holds.
create index mt_events_decisions on stet.mt_events (tenant_id, seq_id) where type = 'decision_recorded';
