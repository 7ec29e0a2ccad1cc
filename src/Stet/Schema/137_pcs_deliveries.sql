-- How documents were delivered, which no event tells: a repetition changes nothing. Services add what they have counted
-- once a second.
create table stet.pcs_delivery (
    tenant_id          varchar not null primary key,
    submissions        bigint  not null,
    duplicates         bigint  not null,
    signature_failures bigint  not null
) with (fillfactor = 50);
select stet.secure('stet.pcs_delivery', 'insert, update');

-- How often a recorded document came again; the position is that of its event.
create table stet.pcs_redelivery (
    tenant_id    varchar     not null,
    position     bigint      not null,
    redeliveries bigint      not null,
    last_at      timestamptz not null,
    primary key (tenant_id, position)
) with (fillfactor = 80);
select stet.secure('stet.pcs_redelivery', 'insert, update');
