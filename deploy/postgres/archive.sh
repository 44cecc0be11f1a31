#!/bin/sh
# PostgreSQL's archive_command: keeps one file of the write-ahead log, whole and on the disk, or fails and is called
# again. Usage: archive.sh PATH NAME; the folder is ARCHIVE_DIR.
set -eu
path=${1:?usage: archive.sh PATH NAME}
kept=${ARCHIVE_DIR:-/var/lib/postgresql/archive}/${2:?usage: archive.sh PATH NAME}

if [ -e "$kept" ]; then
  # After a crash the same file may come again; another log's file of that name is never overwritten.
  cmp -s "$path" "$kept" || { echo "archive.sh: $kept is there already and differs" >&2; exit 1; }
else
  # A copy that a full disk cut off has this name, and the next try overwrites it. The copy is sparse: a file that was
  # closed early, because little happened, takes only the room of its content.
  cp --sparse=always "$path" "$kept.part"
  sync "$kept.part"
  mv "$kept.part" "$kept"
fi
sync "${kept%/*}"
