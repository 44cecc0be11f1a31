#!/bin/sh
# A base backup of the whole cluster: with the archived write-ahead log, store and Temporal come back to one
# instant. Usage: backup.sh FOLDER, which must not exist; the connection comes from PGHOST, PGPORT, PGUSER.
set -eu
target=${1:?usage: backup.sh FOLDER}
test ! -e "$target" || { echo "backup.sh: $target exists already" >&2; exit 1; }
pg_basebackup --pgdata "$target" --checkpoint fast --wal-method stream --progress
pg_verifybackup "$target"
