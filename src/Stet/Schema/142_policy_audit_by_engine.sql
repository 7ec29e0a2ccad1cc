-- How far each engine has come with a tenant's decisions: versions that run side by side leave each other's rows alone.
alter table stet.policy_audit drop constraint policy_audit_pkey, add primary key (tenant_id, engine);
