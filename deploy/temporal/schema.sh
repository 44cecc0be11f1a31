#!/bin/sh
# Temporal's tables, at the version of this server's tools. Can be repeated: existing tables stay.
set -eu
bring_up_to_date() {
  temporal-sql-tool --database "$1" setup-schema --version 0.0
  temporal-sql-tool --database "$1" update-schema --schema-name "postgresql/v12/$2"
}
bring_up_to_date temporal temporal
bring_up_to_date temporal_visibility visibility
