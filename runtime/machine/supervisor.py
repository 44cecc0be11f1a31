"""Start a fixed list of child processes, keep them alive, and stop them all.

Assumes POSIX and an event loop in the main thread. Each child runs on a leash (`runtime.machine.leash`) in
a session of its own: Ctrl-C in the terminal reaches the parent only, which then stops the children
in the reverse order of their start; and if the parent itself is killed, they die with it.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import threading
import time
from dataclasses import dataclass
from datetime import timedelta
from typing import IO, TYPE_CHECKING, Final, Self

from runtime.machine.leash import leash_environment, leashed

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
    from pathlib import Path
    from types import TracebackType

_READY_POLL_SECONDS: Final = 0.1
_FIRST_PAUSE: Final = timedelta(seconds=0.5)
_LONGEST_PAUSE: Final = timedelta(seconds=30)
_RAN_WELL: Final = timedelta(seconds=60)
_GRACE: Final = timedelta(seconds=15)
_TAIL_LINES: Final = 20
_TAIL_BYTES: Final = 64 * 1024


class PartDidNotStart(Exception):
    """A part ended, or its time was up, before it was ready for the first time."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Part:
    """One child process and how to tell that it is ready.

    Args:
        name: The name that people read.
        command: Program and arguments; a restart uses the same, and so the same ports.
        environment: Variables added to those of the parent.
        log: The file its output is appended to; `None` lets it write to the parent's own output.
        ready: Tells whether the part can be used now. It is called again and again and handles its
            expected errors: any error that it raises ends the start.
        ready_timeout: How long the first start may take.
    """

    name: str
    command: Sequence[str]
    environment: Mapping[str, str]
    log: Path | None
    ready: Callable[[], Awaitable[bool]]
    ready_timeout: timedelta


class Supervisor:
    """Children that are started in order, restarted when they die, and stopped in reverse.

    A part that dies is started again after a pause, which doubles from half a second to thirty and
    begins again once the part has run for a minute. Nothing outlives the `async with` block.
    """

    def __init__(
        self, parts: Sequence[Part], *, say: Callable[[str], None], grace: timedelta = _GRACE
    ) -> None:
        """Remember what to run; nothing is started yet.

        Args:
            parts: In the order of their start.
            say: Called with each line for the console.
            grace: How long a child may take to stop by itself.
        """
        self._children = [_Child(part) for part in parts]
        self._say = say
        self._grace = grace
        self._keepers: list[asyncio.Task[None]] = []

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.stop()

    async def start(self) -> None:
        """Start the parts one after another, each when the one before is ready.

        Raises:
            PartDidNotStart: A part was never ready; those started before are stopped again.
        """
        if threading.current_thread() is not threading.main_thread():
            # The leash follows the thread: the children would die as soon as this one ends.
            message = "children are started from the main thread only"
            raise RuntimeError(message)
        try:
            for child in self._children:
                self._say(f"starting {child.part.name}")
                await child.spawn()
                await self._until_ready(child)
                self._say(f"{child.part.name} is ready ({child.ran():.1f} s)")
                self._keepers.append(asyncio.create_task(self._keep_alive(child)))
        except BaseException:
            # `async with` does not call __aexit__ when entering fails, nor when it is cancelled.
            await self.stop()
            raise

    async def run_until(self, stop_event: asyncio.Event) -> None:
        """Wait for the event while the parts are kept alive.

        Raises:
            OSError: A part cannot be started again, for instance because the disk is full.
        """
        stopping = asyncio.create_task(stop_event.wait())
        try:
            done, _ = await asyncio.wait({stopping, *self._keepers}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            stopping.cancel()
        for task in done:
            if not task.cancelled():
                task.result()  # raises what a keeper could not go on with

    async def stop(self) -> None:
        """Stop all parts in reverse order, and kill those that remain, even if this is cancelled."""
        for keeper in self._keepers:
            keeper.cancel()
        try:
            if self._keepers:
                # A keeper that was starting a child ends only when that child is known or gone.
                await asyncio.wait(self._keepers)
            for child in reversed(self._children):
                if child.is_running():
                    self._say(f"stopping {child.part.name}")
                await child.end(self._grace)
        finally:
            # A second Ctrl-C lands at one of the waits above. What still runs is killed before
            # anything else is awaited, so a third one can leave nothing behind either.
            for child in self._children:
                child.kill()
            for child in self._children:
                await child.wait()
        self._keepers.clear()

    async def _until_ready(self, child: _Child) -> None:
        part = child.part
        ended = asyncio.create_task(child.wait())
        ready = asyncio.create_task(_answered(part.ready))
        try:
            await asyncio.wait(
                {ended, ready},
                timeout=part.ready_timeout.total_seconds(),
                return_when=asyncio.FIRST_COMPLETED,
            )
            # Its end counts more than an answer: another program may have answered on its port.
            if ended.done():
                message = f"{part.name} did not start ({_how(ended.result())})"
            elif ready.done():
                return ready.result()
            else:
                limit = part.ready_timeout.total_seconds()
                message = f"{part.name} did not start (not ready within {limit:g} s)"
        finally:
            ended.cancel()
            ready.cancel()
            await asyncio.wait({ended, ready})
        raise PartDidNotStart(message + child.last_words())

    async def _keep_alive(self, child: _Child) -> None:
        pause = _FIRST_PAUSE
        while True:
            code = await child.wait()
            # What the dead part left behind may still hold its port.
            child.kill()
            if child.ran() >= _RAN_WELL.total_seconds():
                pause = _FIRST_PAUSE
            seconds = pause.total_seconds()
            self._say(f"{child.part.name} ended ({_how(code)}); started again in {seconds:g} s")
            await asyncio.sleep(seconds)
            await child.spawn()
            pause = min(pause * 2, _LONGEST_PAUSE)


class _Child:
    """The present process of a part, if any."""

    def __init__(self, part: Part) -> None:
        self.part = part
        self._process: asyncio.subprocess.Process | None = None
        self._group: int | None = None
        self._started = 0.0
        self._log_start = 0

    async def spawn(self) -> None:
        part = self.part
        self._started = time.monotonic()
        with self._open_log() as log:
            # If this is cancelled half-way, asyncio kills the process that is not handed out yet.
            self._process = await asyncio.create_subprocess_exec(
                *leashed(part.command),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=log,
                stderr=asyncio.subprocess.STDOUT if log else None,
                env={**os.environ, **part.environment, **leash_environment()},
                start_new_session=True,
            )
            self._group = self._process.pid

    async def wait(self) -> int:
        if self._process is None:
            return 0
        return await self._process.wait()

    def is_running(self) -> bool:
        return self._process is not None and self._process.returncode is None

    def ran(self) -> float:
        return time.monotonic() - self._started

    async def end(self, grace: timedelta) -> None:
        if self.is_running():
            self._signal(signal.SIGTERM)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(grace.total_seconds()):
                    await self.wait()
        # Even if it ended by itself in time: processes that it started and forgot go with it.
        self.kill()
        await self.wait()

    def kill(self) -> None:
        """Kill the process and what it started; without effect the second time."""
        self._signal(signal.SIGKILL)
        # Once all are gone the system may give their number to strangers.
        self._group = None

    def _signal(self, number: signal.Signals) -> None:
        if self._group is not None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._group, number)

    def last_words(self) -> str:
        """Return the last lines this process wrote, in a form that can follow an error message."""
        if self.part.log is None:
            return ""
        with self.part.log.open("rb") as file:
            end = file.seek(0, os.SEEK_END)
            # Lines of an earlier process in the same file would lead the reader astray.
            file.seek(max(self._log_start, end - _TAIL_BYTES))
            lines = file.read().decode(errors="replace").splitlines()[-_TAIL_LINES:]
        if not lines:
            return f"; {self.part.log} says nothing about it"
        return f"; the end of {self.part.log}:\n" + "\n".join(lines)

    @contextlib.contextmanager
    def _open_log(self) -> Iterator[IO[bytes] | None]:
        if self.part.log is None:
            yield None
            return
        self.part.log.parent.mkdir(parents=True, exist_ok=True)
        with self.part.log.open("ab") as file:
            self._log_start = file.tell()
            yield file


async def _answered(ready: Callable[[], Awaitable[bool]]) -> None:
    while not await ready():  # noqa: ASYNC110 -- another process cannot set an event of ours
        await asyncio.sleep(_READY_POLL_SECONDS)


def _how(code: int) -> str:
    return f"exit {code}" if code >= 0 else f"killed by {signal.Signals(-code).name}"
