"""Many deadlines within one minute, beside bare workflows whose timers fire within one minute."""

import asyncio
import time
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial

from sqlalchemy import text

from bench.bare import QUEUE, Plan, activities_after_first_timer, bare_worker
from bench.figures import Figure, say
from bench.load.opening import open_orders
from bench.places import Place, rate, timed
from messages.names import order_workflow_id

_GOAL = 2.0
_BATCH = 400
"""How many orders are opened before the worker may rest."""
_REMINDED = 1.6
"""How many times more work an order makes if it is reminded at once."""
_TOLD = 2_000
_LOOK_SECONDS = 1.0
_LONG_SECONDS = 7200.0
"""How long the timers of the bare sample run, in seconds: beyond the storm."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Storm:
    """A storm of so many deadlines `within` a minute; `sample` orders say beforehand how fast orders are opened."""

    orders: int
    sample: int = _BATCH
    within: timedelta = timedelta(minutes=1)

    def time_to_open(self, a_second: float) -> timedelta:
        """Return the time to open all, from the sample's rate, with half as much again and the storm's own to spare."""
        return self.within + timedelta(seconds=1.5 * self.orders / a_second)


async def measure(place: Place, storm: Storm) -> list[Figure]:
    """Let the first contact of every order run out within one minute, so that each goes to the desk by itself."""
    orders = storm.orders
    a_second = await timed(storm.sample, lambda: _sample(place, storm.sample))
    # Orders this near to their due time are reminded as soon as they are open; those of the sample are not.
    begins = datetime.now(UTC) + storm.time_to_open(a_second / _REMINDED)
    spread = storm.within / orders
    numbers: list[str] = []
    while len(numbers) < orders:
        # Not all at once: a task that finds no free worker goes through Temporal's database and costs twice.
        due_at = partial(_due, begins + len(numbers) * spread, spread)
        numbers += await open_orders(place, min(_BATCH, orders - len(numbers)), due_at=due_at)
        await place.rests("worker")
        if not len(numbers) % _TOLD:
            left = (begins - datetime.now(UTC)).total_seconds()
            say(f"{place.name}: {len(numbers):,} of {orders:,} are open, {left:.0f} s before the storm")
    waited = (begins - datetime.now(UTC)).total_seconds()
    assert waited > 0, "the orders were not open in time: measure with fewer"
    say(f"{place.name}: {orders:,} orders are open, the storm begins in {waited:.0f} s")
    ours = await _drained(place, begins, numbers)
    once = await asyncio.to_thread(_passed_once, place)
    lost, twice = orders - len(once), sum(1 for count in once.values() if count > 1)
    activities = await activities_after_first_timer(
        place.client.get_workflow_handle(order_workflow_id(numbers[0]))
    )
    say(f"{place.name}: ours took {ours:.0f} s, {activities} activities an order; now the bare workflows")
    memory = place.memory("worker") / 2**20
    bare = await _bare_storm(place, storm, activities)
    within = "one minute" if storm.within == timedelta(minutes=1) else f"{storm.within.total_seconds():.0f} s"
    return [
        Figure(
            program="storm",
            place=place.name,
            what=f"{orders:,} deadlines in {within}: time until all are at the desk ÷ bare workflows' time",
            value=f"{ours / bare:.2f} ({ours:.0f} s ÷ {bare:.0f} s)",
            goal=f"≤ {_GOAL:g}",
            met=ours / bare <= _GOAL,
        ),
        Figure(
            program="storm",
            place=place.name,
            what="deadlines lost, and passed twice",
            value=f"{lost} and {twice}",
            goal="none",
            met=not lost and not twice,
        ),
        Figure(program="storm", place=place.name, what="worker memory afterwards", value=f"{memory:.0f} MiB"),
    ]


def _due(first: datetime, spread: timedelta, number: int) -> datetime:
    return first + number * spread


async def _drained(place: Place, begins: datetime, numbers: list[str]) -> float:
    """Wait until every order is at the desk, and return the seconds since the first was due."""
    while await asyncio.to_thread(_at_the_desk, place) < len(numbers):  # noqa: ASYNC110 - the worker sets it
        await asyncio.sleep(_LOOK_SECONDS)
    return (datetime.now(UTC) - begins).total_seconds()


async def _bare_storm(place: Place, storm: Storm, activities: int) -> float:
    """Start bare workflows whose timers fire as near to each other; then each runs as many activities as ours."""
    count, spread = storm.orders, storm.within.total_seconds() / storm.orders

    async def start(seconds: float) -> None:
        plan = Plan(
            signals=0,
            activities=activities,
            timers=1,
            last_timer_seconds=0,
            first_timer_seconds=seconds,
        )
        await place.client.start_workflow("Bare", plan, id=f"bare-{uuid.uuid4().hex}", task_queue=QUEUE)

    async with bare_worker(place.installation.temporal_address):
        # Their first workflow tasks keep pace with the starts, so there is no need to wait for rest.
        a_second = await rate(storm.sample, lambda _: start(_LONG_SECONDS))
        began = time.time() + storm.time_to_open(a_second).total_seconds()
        await rate(count, lambda number: start(began + number * spread - time.time()))
        assert time.time() < began, "the bare workflows were not started in time: measure with fewer"
        say(f"{place.name}: {count:,} bare workflows run, their storm begins in {began - time.time():.0f} s")
        running = "WorkflowType = 'Bare' AND ExecutionStatus = 'Running'"
        while (await place.client.count_workflows(running)).count > storm.sample:  # noqa: ASYNC110 - the worker ends them
            await asyncio.sleep(_LOOK_SECONDS)
    return time.time() - began


async def _sample(place: Place, orders: int) -> None:
    await open_orders(place, orders)
    await place.rests("worker")


def _at_the_desk(place: Place) -> int:
    with place.store.read() as connection:
        return int(
            connection.scalar(
                text("SELECT count(*) FROM task WHERE kind = 'classify' AND due_at IS NOT NULL")
            )
            or 0
        )


def _passed_once(place: Place) -> dict[str, int]:
    with place.store.read() as connection:
        rows = connection.execute(
            text("SELECT matter_no, count(*) FROM event WHERE type = 'LimitPassed' GROUP BY matter_no")
        ).all()
    return {row[0]: row[1] for row in rows}
