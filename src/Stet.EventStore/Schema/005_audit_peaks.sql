-- What the append log keeps of a tenant's whole log: see IAppendLog.
alter table stet.tenant_head add audit_peaks bytea not null default '';
