"""A PostgreSQL server of the tests' own: Debian's programs, a free port, nothing kept."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from runtime.ports import free_port


class NoPostgres(Exception):
    """The server's programs are not installed."""


def find_programs() -> Path:
    """Find the folder of `initdb` and `pg_ctl`: Debian keeps them off PATH.

    Raises:
        NoPostgres: they are not here.
    """
    folders = sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    on_path = shutil.which("pg_ctl")
    for folder in (*folders, *([Path(on_path).parent] if on_path else [])):
        if (folder / "initdb").exists() and (folder / "pg_ctl").exists():
            return folder
    raise NoPostgres("PostgreSQL's server is not installed; on Debian: apt-get install postgresql")


@contextmanager
def running(folder: Path) -> Iterator[str]:
    """Run a server in a folder and give the URL of its first database; as root it runs as `postgres`."""
    programs, data, port = find_programs(), folder / "data", free_port(0)
    as_user: list[str] = []
    if os.getuid() == 0:
        as_user = ["setpriv", "--reuid=postgres", "--regid=postgres", "--init-groups"]
        shutil.chown(folder, "postgres", "postgres")
        for parent in folder.parents[:3]:
            parent.chmod(parent.stat().st_mode | 0o055)
    options = f"-p {port} -k {folder} -c listen_addresses=127.0.0.1 -c fsync=off -c max_connections=300"
    initdb = [
        programs / "initdb",
        "-D",
        data,
        "-E",
        "UTF8",
        "--locale=C.UTF-8",
        "-A",
        "trust",
        "-U",
        "dingdan",
    ]
    start = [programs / "pg_ctl", "-D", data, "-o", options, "-l", folder / "log", "-w", "start"]
    stop = [programs / "pg_ctl", "-D", data, "-m", "immediate", "-w", "stop"]
    for command in (initdb, start):
        subprocess.run([*as_user, *map(str, command)], check=True, capture_output=True, cwd=folder)
    try:
        yield f"postgresql://dingdan@127.0.0.1:{port}/postgres"
    finally:
        subprocess.run([*as_user, *map(str, stop)], check=True, capture_output=True, cwd=folder)
