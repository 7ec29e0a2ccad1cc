#!/bin/sh
# Run once, when the cluster is new: the service's login owns its database, may make the roles that its sessions take,
# and is no superuser.
set -e
psql -v ON_ERROR_STOP=1 --username "$POSTGRES_USER" --dbname postgres <<'SQL'
\getenv password STET_PASSWORD
create role stet login createrole password :'password';
create database stet owner stet;
SQL
