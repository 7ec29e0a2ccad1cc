-- The newest event of a field tells its state: there is nothing to keep.
drop table stet.corrected_field;
