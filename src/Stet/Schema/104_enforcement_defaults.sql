-- What a tenant expects of systems that have no settings of their own: see TenantDefaults.
create table stet.enforcement_defaults (
    tenant_id varchar not null,
    stream_id uuid    not null,
    version   bigint  not null,
    state     json    not null,
    primary key (tenant_id, stream_id)
);
select stet.secure('stet.enforcement_defaults', 'insert, update');
