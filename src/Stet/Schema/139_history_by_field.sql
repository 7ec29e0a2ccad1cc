-- A correction's neighbours are those of its field: to find them takes no other field of the subject.
create index corrections_by_field on stet.corrections (tenant_id, subject_type, subject_id, field_key, position);
drop index stet.corrections_history;
