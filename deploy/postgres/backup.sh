#!/bin/sh
# Takes a base backup of the whole cluster, keeps the newest KEEP of them, and deletes from the archive what none of
# these needs. Usage: backup.sh [KEEP], by default 7; the folders are BACKUP_DIR and ARCHIVE_DIR, and the connection
# comes from PGHOST, PGPORT, PGUSER.
set -eu
backups=${BACKUP_DIR:-/var/lib/postgresql/backup}
archive=${ARCHIVE_DIR:-/var/lib/postgresql/archive}
keep=${1:-7}
case $keep in *[!0-9]* | 0*) echo "usage: backup.sh [KEEP]" >&2; exit 2 ;; esac

# The first file that one of the bases needs, by its place in the log: after a restore a newer base may begin before an
# older one, on another timeline. The first eight digits name the timeline.
prune() {
  set -- base-*Z
  test -e "$1" || return 0
  while [ $# -gt "$keep" ]; do
    rm -rf "$1"
    shift
  done
  first=$(sed -n 's/^START WAL LOCATION: .* (file \([0-9A-F]*\))$/\1/p' base-*Z/backup_label | sort -k 1.9 | head -n 1)
  pg_archivecleanup "$archive" "$first"
}

cd "$backups"
rm -rf base-*.part
# Prune before the backup too: on a full disk a smaller KEEP makes room.
prune

# A backup has its name only when it is whole: one that was cut off is never restored and never counted.
while base=base-$(date -u +%Y%m%dT%H%M%SZ) && test -e "$base"; do
  # Another backup has this second's name already.
  sleep 1
done
pg_basebackup --pgdata "$base.part" --checkpoint fast --wal-method stream
pg_verifybackup --quiet "$base.part"
mv -T "$base.part" "$base"
sync .

prune
echo "kept, with the write-ahead log from $first on:"
du -sh base-*Z "$archive"
