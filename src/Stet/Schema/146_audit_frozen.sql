-- Every instance asks each second which logs are frozen: hardly ever one, among however many.
create index audit_log_frozen on stet.audit_log (tenant_id) where frozen_at is not null;
