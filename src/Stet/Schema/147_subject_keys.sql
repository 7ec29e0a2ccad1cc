-- The key of a person, which salts the events about that person until it is destroyed.
alter table stet.audit_key drop constraint audit_key_kind_check;
alter table stet.audit_key add constraint audit_key_kind_check check (kind::text in ('sign', 'salt', 'subject'));
