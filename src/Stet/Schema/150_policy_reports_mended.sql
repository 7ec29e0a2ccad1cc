-- A report that is damaged is made again, and takes the place of what is left of it.
grant update (lines) on stet.policy_diff_report to stet_writer;
