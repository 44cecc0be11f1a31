"""The installations to measure: each with the fictional office, its processes and their CPU time.

Assumes that no other heavy program runs on the machine, and that this program shares its cores.
"""

import asyncio
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx2
import psutil
from temporalio.client import Client

from demo.embedded import Installation, prepare
from messages.names import NAMESPACE
from runtime.machine.supervisor import Supervisor
from runtime.temporal import connect
from store.database import Store
from tests.support.machine.production import serving, standing

CONCURRENT = 16
EMBEDDED = "SQLite, dev server"
PRODUCTION = "PostgreSQL, official server"


@dataclass(kw_only=True)
class Place:
    """A running installation."""

    name: str
    installation: Installation
    client: Client
    http: httpx2.AsyncClient
    store: Store
    words: Mapping[str, str]
    """For each part, the word of the command line that identifies its processes."""
    spent: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def cpu(self) -> Iterator[dict[str, float]]:
        """Measure the CPU seconds of each part while the block runs."""
        before = self._cpu()
        found: dict[str, float] = {}
        yield found
        found.update({name: seconds - before.get(name, 0.0) for name, seconds in self._cpu().items()})

    def memory(self, part: str) -> int:
        """Return the resident memory of a part, in bytes."""
        return sum(process.memory_info().rss for process in self._processes(self.words[part]))

    async def rests(self, *parts: str) -> None:
        """Wait until these parts use less than 5 % of a core together."""
        while True:
            with self.cpu() as spent:
                await asyncio.sleep(2)
            if sum(spent.get(part, 0.0) for part in parts) < 0.1:  # noqa: PLR2004 - 5 % of a core
                return

    def _cpu(self) -> dict[str, float]:
        return {
            **{name: sum(map(_seconds, self._processes(word))) for name, word in self.words.items()},
            "this program": _seconds(psutil.Process()),
        }

    @staticmethod
    def _processes(word: str) -> list[psutil.Process]:
        return [each for each in psutil.Process().children(recursive=True) if word in _command(each)]


@asynccontextmanager
async def embedded(policy: str, *, workers: int = 1) -> AsyncIterator[Place]:
    """Start the embedded installation: SQLite, the dev server, API and worker."""
    with tempfile.TemporaryDirectory(prefix="dingdan-bench-") as folder:
        installation = await prepare(Path(folder), policy_version=policy, port=0, report=_quiet)
        *others, worker = installation.parts
        async with Supervisor([*others, *[worker] * workers], say=_quiet):
            store = Store(f"sqlite:///{folder}/dingdan.db")
            words = {"API": "api", "worker": "worker", "Temporal": "start-dev"}
            async with _place(EMBEDDED, installation, store, words) as place:
                yield place


@asynccontextmanager
async def production(policy: str, *, workers: int = 1) -> AsyncIterator[Place]:
    """Start the production stack: PostgreSQL, the official server, API and workers."""
    with tempfile.TemporaryDirectory(prefix="dingdan-bench-") as folder:
        async with (
            standing(Path(folder), say=_quiet) as stack,
            serving(stack, policy=policy, workers=workers) as installation,
        ):
            words = {
                "API": "api",
                "worker": "worker",
                "Temporal": "temporal-server",
                "database": str(stack.cluster.data),
            }
            async with _place(PRODUCTION, installation, Store(stack.database_url), words) as place:
                yield place


@asynccontextmanager
async def _place(
    name: str, installation: Installation, store: Store, words: Mapping[str, str]
) -> AsyncIterator[Place]:
    async with AsyncExitStack() as stack:
        http = await stack.enter_async_context(
            httpx2.AsyncClient(
                base_url=installation.api_url,
                limits=httpx2.Limits(max_connections=CONCURRENT),
                timeout=60,
                trust_env=False,
            )
        )
        stack.callback(store.close)
        client = await connect(target_host=installation.temporal_address, namespace=NAMESPACE)
        yield Place(name=name, installation=installation, client=client, http=http, store=store, words=words)


async def rate(count: int, work: Callable[[int], Awaitable[object]], *, at_once: int = CONCURRENT) -> float:
    """Do the work `count` times, several at once, and return how often per second."""
    numbers = iter(range(count))

    async def keep_on() -> None:
        for number in numbers:
            await work(number)

    began = time.perf_counter()
    await asyncio.gather(*(keep_on() for _ in range(at_once)))
    return count / (time.perf_counter() - began)


async def timed(count: int, work: Callable[[], Awaitable[object]]) -> float:
    """Do work that makes `count` pieces, and return the number of pieces per second."""
    began = time.perf_counter()
    await work()
    return count / (time.perf_counter() - began)


def per_piece(spent: Mapping[str, float], count: int) -> str:
    """Write the CPU milliseconds that each part spent per piece."""
    return ", ".join(f"{name} {seconds / count * 1000:.1f}" for name, seconds in spent.items())


def _seconds(process: psutil.Process) -> float:
    """Return the CPU seconds of a process; for PostgreSQL with those of its children, running and ended."""
    try:
        times = process.cpu_times()
        running = sum(map(_seconds, process.children())) if "postgres" in process.name() else 0.0
    except psutil.NoSuchProcess:
        return 0.0
    ended = times.children_user + times.children_system if "postgres" in process.name() else 0.0
    return float(times.user + times.system + ended + running)


def _command(process: psutil.Process) -> list[str]:
    try:
        return list(process.cmdline())
    except psutil.Error:
        return []


def _quiet(_line: object) -> None:
    return
