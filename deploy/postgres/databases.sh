#!/bin/sh
# Run once, when the cluster is new: one role for each program, which owns its databases and sees no other.
# The locale is part of the design: under C, PostgreSQL finds no Chinese text by its parts.
set -eu
psql --no-psqlrc --quiet --set ON_ERROR_STOP=1 --dbname postgres \
  --set dingdan_password="${DINGDAN_DB_PASSWORD:?}" --set temporal_password="${TEMPORAL_DB_PASSWORD:?}" <<'SQL'
CREATE ROLE dingdan LOGIN PASSWORD :'dingdan_password';
CREATE ROLE temporal LOGIN PASSWORD :'temporal_password';
CREATE DATABASE dingdan OWNER dingdan TEMPLATE template0 ENCODING 'UTF8' LOCALE 'C.UTF-8';
CREATE DATABASE temporal OWNER temporal TEMPLATE template0 ENCODING 'UTF8' LOCALE 'C.UTF-8';
CREATE DATABASE temporal_visibility OWNER temporal TEMPLATE template0 ENCODING 'UTF8' LOCALE 'C.UTF-8';
REVOKE CONNECT, TEMPORARY ON DATABASE dingdan FROM PUBLIC;
REVOKE CONNECT, TEMPORARY ON DATABASE temporal FROM PUBLIC;
REVOKE CONNECT, TEMPORARY ON DATABASE temporal_visibility FROM PUBLIC;
SQL
