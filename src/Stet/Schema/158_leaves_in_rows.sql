-- Leaves that came together lie in one row, which costs less than rows of their own: hashes and commitments one after the
-- other, and the position of the last. No row goes beyond the end of a tile, so tiles are made of whole rows.
create table stet.audit_leaves (
    tenant_id varchar not null,
    position  bigint  not null,
    hashes    bytea   not null,
    commits   bytea   not null,
    primary key (tenant_id, position),
    check (length(hashes) between 32 and 8192 and length(hashes) % 32 = 0 and length(commits) = length(hashes)),
    check (length(hashes) / 32 <= (position - 1) % 256 + 1)
);
alter table stet.audit_leaves alter column hashes set storage external, alter column commits set storage external;
select stet.secure('stet.audit_leaves', 'insert');

-- Of what follows without a gap: a leaf that is missing stays missing.
insert into stet.audit_leaves (tenant_id, position, hashes, commits)
select tenant_id, max(position), string_agg(hash, ''::bytea order by position), string_agg(commit, ''::bytea order by position)
from (
    select *, position - row_number() over (partition by tenant_id order by position) as gaps
    from stet.audit_leaf) l
group by tenant_id, gaps, (position - 1) / 16;

drop table stet.audit_leaf;
