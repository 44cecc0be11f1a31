"""A PostgreSQL server for the tests: Debian's programs, a free port, nothing kept."""

import atexit
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from runtime.machine.leash import leash_environment, leashed
from runtime.machine.ports import HOST, free_port

SUPERUSER = "postgres"
SCRIPTS = Path(__file__).parents[3] / "deploy" / "postgres"
"""Our own scripts, which the image has on its PATH."""
ARCHIVING = ("archive_mode=on", "archive_command=archive.sh %p %f")
"""Settings of a server whose backups can be restored to an instant."""
_LITTLE_LOG = ("wal_level=minimal", "max_wal_senders=0", "max_wal_size=128MB", "full_page_writes=off")
"""Settings of a server from which nothing is restored or copied."""
_START_LIMIT_SECONDS = 60


class NoPostgres(Exception):
    """The server's programs are not installed."""


def find_programs() -> Path:
    """Find the folder of `initdb` and `pg_ctl`: Debian keeps them off PATH.

    Raises:
        NoPostgres: the programs are not installed.
    """
    folders = sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    on_path = shutil.which("pg_ctl")
    for folder in (*folders, *([Path(on_path).parent] if on_path else [])):
        if (folder / "initdb").exists() and (folder / "pg_ctl").exists():
            return folder
    raise NoPostgres("PostgreSQL's server is not installed; on Debian: apt-get install postgresql")


class Cluster:
    """A server with its own port, socket, data, WAL archive and backups; under root its programs run as `postgres`."""

    def __init__(self) -> None:
        """Make a folder and choose a port, without starting anything.

        Raises:
            NoPostgres: the programs are not installed.
        """
        self.programs, self.port = find_programs(), free_port(0)
        # Not inside pytest's own folder: another run closes that to everybody except root.
        self.folder = Path(tempfile.mkdtemp(prefix="dingdan-postgres-"))
        self.data, self.archive = self.folder / "data", self.folder / "archive"
        self.backups = self.folder / "backup"
        self.archive.mkdir()
        self.backups.mkdir()
        # This also runs when a second, impatient Ctrl-C cuts the starter's clean-up short.
        atexit.register(self.remove)
        self._server: subprocess.Popen[bytes] | None = None
        # The change of the user removes the leash. SIGQUIT: the server ends at once and frees its shared memory.
        self._as_user = ["setpriv", "--pdeathsig=QUIT"] if sys.platform == "linux" else []
        if os.getuid() == 0:
            self._as_user += ["--reuid=postgres", "--regid=postgres", "--init-groups"]
            for each in (self.folder, self.archive, self.backups):
                shutil.chown(each, "postgres", "postgres")

    def url(self, database: str, *, user: str = SUPERUSER) -> str:
        """Return a database's URL, for a client that needs no password."""
        return f"postgresql://{user}@{HOST}:{self.port}/{database}"

    def environment(self) -> dict[str, str]:
        """Return the variables for PostgreSQL's clients and our scripts; the server's socket asks for no password."""
        return {
            "PGHOST": str(self.folder),
            "PGPORT": str(self.port),
            "PGUSER": SUPERUSER,
            "PGDATA": str(self.data),
            "ARCHIVE_DIR": str(self.archive),
            "BACKUP_DIR": str(self.backups),
            "PATH": os.pathsep.join([str(self.programs), str(SCRIPTS), os.environ["PATH"]]),
        }

    def initialise(self, *arguments: str) -> None:
        """Make the data folder."""
        self.run("initdb", "-D", str(self.data), "-U", SUPERUSER, "--auth-local=trust", *arguments)

    def start(self, *settings: str) -> None:
        """Start the server on a leash and wait until it answers; the calling thread must live as long as the server."""
        command = [str(self.programs / "postgres"), "-D", str(self.data), "-p", str(self.port)]
        for each in (f"unix_socket_directories={self.folder}", f"listen_addresses={HOST}", *settings):
            command += ["-c", each]
        log = self.folder / "log"
        with log.open("ab") as output:
            self._server = subprocess.Popen(
                leashed([*self._as_user, *command]),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                cwd=self.folder,
                env={**os.environ, **self.environment(), **leash_environment()},
                start_new_session=True,  # Ctrl-C must reach only the code that stops it
            )
        limit = time.monotonic() + _START_LIMIT_SECONDS
        while "ready" not in self.run("sh", "-c", "if pg_isready --quiet; then echo ready; fi"):
            gone = self._server.poll() is not None or time.monotonic() > limit
            assert not gone, log.read_text(encoding="utf-8")
            time.sleep(0.1)

    def ask_for_password(self, user: str) -> None:
        """Let this user in by password only, whatever the rules for others."""
        rule = f"host all {user} all scram-sha-256\n"
        rules = (self.data / "pg_hba.conf").read_text(encoding="utf-8").replace(rule, "")
        (self.data / "pg_hba.conf").write_text(rule + rules, encoding="utf-8")
        self.run("pg_ctl", "-D", str(self.data), "reload")

    def stop(self, mode: str = "immediate") -> None:
        """Stop the server."""
        self.run("pg_ctl", "-D", str(self.data), "-m", mode, "-w", "stop")
        assert self._server is not None
        self._server.wait()

    def remove(self) -> None:
        """Stop the server if it runs, and delete its folder."""
        atexit.unregister(self.remove)
        if self._server is not None and self._server.poll() is None:
            self.stop()
        shutil.rmtree(self.folder)

    def run(self, program: str, *arguments: str, environment: Mapping[str, str] | None = None) -> str:
        """Run one of PostgreSQL's programs or our scripts as the server's user, and return its output."""
        path = self.programs / program
        command: Sequence[str] = [*self._as_user, str(path if path.exists() else program), *arguments]
        done = subprocess.run(
            command,
            check=False,
            capture_output=True,
            text=True,
            cwd=self.folder,
            env={**os.environ, **self.environment(), **(environment or {})},
        )
        assert done.returncode == 0, f"{program} ended with {done.returncode}: {done.stdout}{done.stderr}"
        return done.stdout


@contextmanager
def running() -> Iterator[Cluster]:
    """Run a server for tests that may lose everything: nothing is synced, and no password is needed."""
    cluster = Cluster()
    try:
        cluster.initialise("-E", "UTF8", "--locale=C.UTF-8", "--auth-host=trust")
        cluster.start("fsync=off", "max_connections=300", *_LITTLE_LOG)
        yield cluster
    finally:
        cluster.remove()
