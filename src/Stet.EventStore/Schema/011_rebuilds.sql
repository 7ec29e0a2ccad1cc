-- How often rebuilt read models were put in place: nothing is written of what was decided on those before.
create table stet.rebuilds (switched bigint not null);
insert into stet.rebuilds (switched) values (0);
alter table stet.rebuilds enable row level security;
create policy everybody on stet.rebuilds for select to stet_writer using (true);
grant select on stet.rebuilds to stet_writer;
