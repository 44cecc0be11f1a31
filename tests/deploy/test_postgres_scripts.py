"""The scripts of PostgreSQL's image, where they need no server; `test_backup.py` plays them on a server."""

import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.support.machine.postgres import SCRIPTS, NoPostgres, find_programs

SEGMENT = "000000010000000000000001"


@dataclass(frozen=True)
class Folders:
    """The three folders of the scripts, and a file that PostgreSQL hands over."""

    root: Path

    def __post_init__(self) -> None:
        for each in ("data", "archive", "backup/base-20261123T020000Z"):
            (self.root / each).mkdir(parents=True)
        (self.root / "backup/base-20261123T020000Z/backup_label").touch()

    @property
    def kept(self) -> Path:
        return self.root / "archive" / SEGMENT

    def write(self, content: str) -> None:
        (self.root / "segment").write_text(content, encoding="utf-8")

    def run(self, script: str, *arguments: str, programs: str = "/bin") -> tuple[int, str]:
        """Run a script, and return its exit code and its whole output."""
        done = subprocess.run(
            [SCRIPTS / script, *arguments],
            cwd=self.root,
            env={
                "PATH": f"{programs}{os.pathsep}{os.environ['PATH']}",
                "PGHOST": "/nowhere",
                "PGDATA": str(self.root / "data"),
                "ARCHIVE_DIR": str(self.root / "archive"),
                "BACKUP_DIR": str(self.root / "backup"),
            },
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        return done.returncode, done.stdout


def segment(place: str) -> str:
    """Name a file of the log by its timeline and number."""
    timeline, number = place.split(":")
    return f"{timeline:0>8}{number:0>16}"


@pytest.fixture
def folders(tmp_path: Path) -> Folders:
    return Folders(tmp_path)


class TestTheArchive:
    def test_keeps_a_file_and_takes_it_again(self, folders: Folders) -> None:
        folders.write("the log")
        for _ in range(2):
            assert folders.run("archive.sh", "segment", SEGMENT) == (0, "")
            assert folders.kept.read_text(encoding="utf-8") == "the log"
        assert [path.name for path in folders.kept.parent.iterdir()] == [SEGMENT]

    def test_never_overwrites_another_log(self, folders: Folders) -> None:
        folders.kept.write_text("the log", encoding="utf-8")
        folders.write("another log")
        code, said = folders.run("archive.sh", "segment", SEGMENT)
        assert (code, "differs" in said) == (1, True)
        assert folders.kept.read_text(encoding="utf-8") == "the log"

    def test_goes_on_after_a_full_disk(self, folders: Folders) -> None:
        folders.kept.with_suffix(".part").write_text("the lo", encoding="utf-8")
        folders.write("the log")
        assert folders.run("archive.sh", "segment", SEGMENT) == (0, "")
        assert [path.name for path in folders.kept.parent.iterdir()] == [SEGMENT]
        assert folders.kept.read_text(encoding="utf-8") == "the log"

    def test_fails_while_it_cannot_be_written(self, folders: Folders) -> None:
        folders.kept.parent.rmdir()
        folders.write("the log")
        assert folders.run("archive.sh", "segment", SEGMENT)[0] != 0


class TestARestore:
    @pytest.mark.parametrize(
        ("arguments", "said"),
        [
            (["base-20261122T020000Z", "latest"], "known are: base-20261123T020000Z"),
            ([], "known are: base-20261123T020000Z"),
            (["base-20261123T020000Z"], "name the instant"),
            (["base-20261123T020000Z", "2026-11-23 14:30:00"], "with its zone"),
            (["base-20261123T020000Z", "2026-11-23 25:30:00+08"], "is no instant"),
        ],
    )
    def test_that_is_not_said_clearly_changes_nothing(
        self, folders: Folders, arguments: list[str], said: str
    ) -> None:
        code, told = folders.run("restore.sh", *arguments)
        assert (code, said in told) == (1, True), told
        assert sorted(path.name for path in folders.root.iterdir()) == ["archive", "backup", "data"]

    def test_is_refused_while_the_server_runs(self, folders: Folders) -> None:
        (folders.root / "data/postmaster.pid").touch()
        code, told = folders.run("restore.sh", "base-20261123T020000Z", "latest")
        assert (code, "PostgreSQL runs: stop it first" in told) == (1, True)
        assert sorted(path.name for path in folders.root.iterdir()) == ["archive", "backup", "data"]


class TestABackup:
    @pytest.mark.parametrize("keep", ["0", "-1", "seven"])
    def test_keeps_at_least_one(self, folders: Folders, keep: str) -> None:
        code, told = folders.run("backup.sh", keep)
        assert (code, "usage: backup.sh [KEEP]" in told) == (2, True)

    def test_makes_room_first_and_spares_what_is_needed(self, folders: Folders) -> None:
        """After a restore the newest base may begin before an older one."""
        try:
            programs = str(find_programs())
        except NoPostgres as missing:
            pytest.skip(str(missing))
        backups, archive = folders.root / "backup", folders.root / "archive"
        for day, first in ((23, "1:05"), (24, "1:08"), (25, "2:06")):
            label = backups / f"base-202611{day}T020000Z/backup_label"
            label.parent.mkdir(exist_ok=True)
            label.write_text(f"START WAL LOCATION: 0/1000028 (file {segment(first)})\n", encoding="utf-8")
        (backups / "base-20261126T020000Z.part").mkdir()
        for each in ("1:05", "1:06", "1:07", "1:08", "2:06", "2:07"):
            (archive / segment(each)).touch()
        code, told = folders.run("backup.sh", "2", programs=programs)
        assert (code, "pg_basebackup: error" in told) == (1, True)
        assert {path.name for path in backups.iterdir()} == {
            "base-20261124T020000Z",
            "base-20261125T020000Z",
        }
        assert {path.name for path in archive.iterdir()} == {
            segment(each) for each in ("1:06", "1:07", "1:08", "2:06", "2:07")
        }
