-- PostgreSQL shows a comparison of varchar with a list in another form once it was dumped and restored, and the schema
-- would no longer have its fingerprint. One of text stays as it is.
alter table stet.audit_key drop constraint audit_key_kind_check;
alter table stet.audit_key add constraint audit_key_kind_check check (kind::text in ('sign', 'salt'));
