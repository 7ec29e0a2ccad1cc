-- A shard's documents by their outcome, so that a list of one outcome passes over none of the other. A document is in one of
-- the two, as it was in the one index of all.
create index pcs_submission_accepted_of_shard on stet.pcs_submission (tenant_id, shard_id, epoch, position) where not is_escalated;
create index pcs_submission_escalated_of_shard on stet.pcs_submission (tenant_id, shard_id, epoch, position) where is_escalated;
drop index stet.pcs_submission_by_shard;

create index pcs_escalation_resolved on stet.pcs_escalation (tenant_id, position) where resolved_position is not null;
