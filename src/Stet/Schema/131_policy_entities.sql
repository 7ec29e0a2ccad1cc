-- Where the newest event of each entity that is known stands; the entity is there.
create table stet.policy_entity (
    tenant_id varchar             not null,
    type      varchar collate "C" not null,
    id        varchar collate "C" not null,
    position  bigint              not null,
    primary key (tenant_id, type, id)
) with (fillfactor = 90);
select stet.secure('stet.policy_entity', 'insert, update, delete');
