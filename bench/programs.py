"""The programs of the bench by name, and the sizes at which they run."""

import asyncio
import time
from collections.abc import Callable, Coroutine, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from bench import lists, pages, rules, similar, starting
from bench.figures import Figure, say
from bench.load import duties, growth, intake, memory, orders, storm, telling, workers
from bench.load.storm import Storm
from bench.places import Place, embedded, production

PLACES: dict[str, Callable[..., AbstractAsyncContextManager[Place]]] = {
    "embedded": embedded,
    "production": production,
}


@dataclass(frozen=True, kw_only=True)
class Size:
    """The sizes of one run of all programs."""

    intake: int
    rounds: int
    orders: int
    memory: int
    storm: Storm
    storm_embedded: Storm
    lists: int
    pages: int
    calls: int
    telling: int
    similar: int
    rules: int
    few: int
    many: int
    duties: int
    starts: int
    idle: float


FULL = Size(
    intake=400,
    rounds=3,
    orders=300,
    memory=1_000,
    storm=Storm(orders=10_000),
    storm_embedded=Storm(orders=1_000),
    lists=1_000_000,
    pages=100_000,
    calls=300,
    telling=50_000,
    similar=20_000,
    rules=20_000,
    few=1_000,
    many=50_000,
    duties=1_200,
    starts=5,
    idle=60.0,
)
_BREEZE = Storm(orders=20, sample=20, within=timedelta(seconds=10))
SMALL = Size(
    intake=40,
    rounds=1,
    orders=20,
    memory=20,
    storm=_BREEZE,
    storm_embedded=_BREEZE,
    lists=2_000,
    pages=500,
    calls=20,
    telling=500,
    similar=500,
    rules=50,
    few=20,
    many=60,
    duties=30,
    starts=1,
    idle=3.0,
)


async def _intake(name: str, size: Size) -> list[Figure]:
    found = []
    # Without a worker only the intake uses the cores. With a worker every start, ours and the bare one,
    # also causes a first workflow task, as in real use.
    for how, count in (("no worker", 0), ("one worker", 1)):
        async with PLACES[name]("standard", workers=count) as place:
            found += await intake.measure(place, orders=size.intake, rounds=size.rounds, how=how)
    return found


async def _orders(name: str, size: Size) -> list[Figure]:
    async with PLACES[name]("seconds") as place:
        return await orders.measure(place, orders=size.orders, rounds=size.rounds)


async def _duties(name: str, size: Size) -> list[Figure]:
    async with PLACES[name]("standard") as place:
        return await duties.measure(place, many=size.duties, idle_seconds=size.idle)


async def _workers(name: str, size: Size) -> list[Figure]:
    rates: dict[int, float] = {}
    for count in (1, 2):
        async with PLACES[name]("seconds", workers=count) as place:
            rates[count] = await workers.throughput(place, orders=size.orders)
            where = place.name
    return workers.compare(where, rates)


async def _memory(name: str, size: Size) -> list[Figure]:
    async with PLACES[name]("standard") as place:
        return await memory.measure(place, orders=size.memory)


async def _storm(name: str, size: Size) -> list[Figure]:
    async with PLACES[name]("standard") as place:
        return await storm.measure(place, size.storm if name == "production" else size.storm_embedded)


async def _growth(name: str, size: Size) -> list[Figure]:
    if name == "embedded":
        return []
    async with PLACES[name]("standard") as place:
        return await growth.measure(place, few=size.few, many=size.many, orders=size.intake)


async def _lists(name: str, size: Size) -> list[Figure]:
    # Both databases in one go, without Temporal.
    return lists.measure(orders=size.lists) if name == "production" else []


async def _pages(name: str, size: Size) -> list[Figure]:
    # Both databases in one go, without Temporal.
    return await pages.measure(orders=size.pages, calls=size.calls) if name == "production" else []


async def _telling(name: str, size: Size) -> list[Figure]:
    # Both databases in one go, without Temporal.
    return telling.measure(orders=size.telling, calls=size.calls) if name == "production" else []


async def _similar(name: str, size: Size) -> list[Figure]:
    # Both databases in one go, without Temporal.
    return similar.measure(orders=size.similar, calls=size.calls) if name == "production" else []


async def _starting(name: str, size: Size) -> list[Figure]:
    # The embedded installation is the one that starts everything by one command.
    return starting.measure(times=size.starts) if name == "embedded" else []


async def _rules(name: str, size: Size) -> list[Figure]:
    # The rules touch nothing, so one place is as good as the other.
    return rules.measure(times=size.rules) if name == "embedded" else []


PROGRAMS: dict[str, Callable[[str, Size], Coroutine[Any, Any, list[Figure]]]] = {
    "intake": _intake,
    "orders": _orders,
    "duties": _duties,
    "workers": _workers,
    "memory": _memory,
    "lists": _lists,
    "pages": _pages,
    "rules": _rules,
    "similar": _similar,
    "starting": _starting,
    "telling": _telling,
    "storm": _storm,
    "growth": _growth,
}


def measure(program: str, places: Sequence[str], *, small: bool = False) -> list[Figure]:
    """Run a program at these places, or, if `small`, at the first where it measures something; say its figures."""
    figures: list[Figure] = []
    began = time.monotonic()
    for name in places:
        figures += asyncio.run(PROGRAMS[program](name, SMALL if small else FULL))
        if small and figures:
            break
    # Some programs measure at one place only.
    assert figures or places != list(PLACES), f"{program} measured nothing"
    say(f"{program} took {time.monotonic() - began:.0f} s")
    for figure in figures:
        say(figure)
    return figures
