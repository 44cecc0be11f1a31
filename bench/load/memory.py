"""The memory that a worker needs for open orders, beside as many open bare workflows."""

import uuid

import psutil

from bench.bare import QUEUE, Plan, bare_worker
from bench.figures import Figure
from bench.load.opening import open_orders
from bench.places import Place, rate
from worker import CACHED_ORDERS

_WARM_UP = 20
_KIB = 1024


async def measure(place: Place, *, orders: int) -> list[Figure]:
    """Open waiting orders and waiting bare workflows, and compare the growth of the two workers."""
    await open_orders(place, _WARM_UP)
    await place.rests("worker")
    before = place.memory("worker")
    await open_orders(place, orders)
    await place.rests("worker")
    ours = (place.memory("worker") - before) / orders / _KIB
    async with bare_worker(place.installation.temporal_address):
        worker = next(each for each in psutil.Process().children() if "bench.bare" in each.cmdline())
        await _open_bare(place, _WARM_UP)
        await place.rests("Temporal")
        before = worker.memory_info().rss
        await _open_bare(place, orders)
        await place.rests("Temporal")
        bare = (worker.memory_info().rss - before) / orders / _KIB
    return [
        Figure(
            program="memory",
            place=place.name,
            what=f"worker memory for each of {orders:,} open orders, {CACHED_ORDERS} of them kept in memory",
            value=f"{ours:.0f} KiB (bare workflow: {bare:.0f} KiB, ratio {ours / bare:.2f})",
        )
    ]


async def _open_bare(place: Place, count: int) -> None:
    plan = Plan(signals=2, activities=2, timers=2, last_timer_seconds=1)
    await rate(
        count,
        lambda _: place.client.start_workflow("Bare", plan, id=f"bare-{uuid.uuid4().hex}", task_queue=QUEUE),
    )
