#!/bin/sh
# Lays out a base backup as the cluster's data; when PostgreSQL is started next, it reads the archived log up to an
# instant and opens. Usage: restore.sh BASE INSTANT [TIMELINE]. INSTANT has its zone, as in '2026-11-23 14:30:00+08', or
# is `latest`; TIMELINE is `current` to leave an earlier restore aside. The folders are PGDATA, BACKUP_DIR, ARCHIVE_DIR.
set -eu
data=${PGDATA:?PGDATA is not set}
backups=${BACKUP_DIR:-/var/lib/postgresql/backup}
archive=${ARCHIVE_DIR:-/var/lib/postgresql/archive}
stamp=$(date -u +%Y%m%dT%H%M%SZ)

refuse() {
  echo "restore.sh: $1; nothing is changed" >&2
  exit 1
}

test ! -e "$data/postmaster.pid" ||
  refuse "PostgreSQL runs: stop it first (if it was killed, delete $data/postmaster.pid)"
base=$backups/${1:-}
test -f "$base/backup_label" || refuse "there is no base '${1:-}'; known are: $(cd "$backups" && echo base-*Z)"
case ${2:-} in
  latest) target= ;;
  # Without its zone the instant would be taken as UTC.
  *:*[-+][0-9]* | *:*Z) target=$(date -u -d "$2" '+%Y-%m-%d %H:%M:%S.%6N+00') || refuse "'$2' is no instant" ;;
  *) refuse "name the instant with its zone, as in '2026-11-23 14:30:00+08', or say latest" ;;
esac
pg_verifybackup --quiet "$base" || refuse "the base is damaged, take another"

# The old data stay until the copy is whole.
rm -rf "$data.part"
cp -Rp "$base" "$data.part"
# The segments that the server could not archive any more are the end of the log.
for segment in "$data"/pg_wal/????????????????????????; do
  test ! -e "$segment" || test -e "$archive/${segment##*/}" || cp -p "$segment" "$data.part/pg_wal/"
done
cat >> "$data.part/postgresql.auto.conf" <<END
restore_command = 'cp "$archive/%f" "%p"'
recovery_target_time = '$target'
recovery_target_timeline = '${3:-latest}'
recovery_target_action = 'promote'
hot_standby = off
END
touch "$data.part/recovery.signal"
test ! -e "$data" || mv "$data" "$data.broken-$stamp"
mv "$data.part" "$data"

echo "$1 is laid out in $data, to be brought to ${target:-the end of the log}. Next: start PostgreSQL and wait until its"
echo "log says 'ready to accept connections'; then Temporal, dingdan setup, dingdan check; workers and API last."
test ! -e "$data.broken-$stamp" || echo "What was there is in $data.broken-$stamp: delete it when all is well."
