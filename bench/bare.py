"""The bare workflow to compare with: the same number of signals, timers and ordinary activities, and nothing else.

`python -m bench.bare ADDRESS` runs its worker, with the sandbox as ours.
"""

import asyncio
import os
import sys
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

from temporalio import activity, workflow
from temporalio.client import WorkflowHandle
from temporalio.worker import Worker

with workflow.unsafe.imports_passed_through():
    from pydantic import BaseModel
    from temporalio.api.enums.v1 import EventType

    from messages.names import NAMESPACE
    from runtime import temporal
    from runtime.machine.leash import leash_environment, leashed
    from worker import CACHED_ORDERS, pace_garbage_collection

QUEUE = "bare"
_STEP = "x" * 1_000
"""The input of an activity, as large as a step of an order."""


class Plan(BaseModel, frozen=True):
    """The work of a bare workflow.

    First comes a timer, if the plan has one. Then, for each signal, the workflow waits under a timer and runs its
    share of the activities. The remaining timers come last.
    """

    signals: int
    activities: int
    timers: int
    last_timer_seconds: float
    first_timer_seconds: float = 0
    wait_seconds: float = 3_600


@workflow.defn(name="Bare")
class BareWorkflow:
    """Waits and works as the plan says."""

    def __init__(self) -> None:
        """Start with no signal received."""
        self.heard = 0

    @workflow.run
    async def run(self, plan: Plan) -> None:
        """Work through the plan."""
        waits = max(plan.signals, 1)
        done = 0
        if plan.first_timer_seconds > 0:
            await workflow.sleep(plan.first_timer_seconds)
        for number in range(plan.signals):
            await workflow.wait_condition(
                lambda wanted=number: self.heard > wanted,  # type: ignore[misc]
                timeout=timedelta(seconds=plan.wait_seconds),
            )
            for _ in range(plan.activities // waits):
                done += 1
                await self._act()
        while done < plan.activities:
            done += 1
            await self._act()
        for _ in range(plan.timers - plan.signals - bool(plan.first_timer_seconds > 0)):
            await workflow.sleep(plan.last_timer_seconds)

    async def _act(self) -> None:
        await workflow.execute_activity(act, _STEP, start_to_close_timeout=timedelta(seconds=20))

    @workflow.signal
    def go_on(self, what: dict[str, str]) -> None:
        """Count a signal."""
        del what
        self.heard += 1


@activity.defn
async def act(step: str) -> int:
    """Do nothing."""
    return len(step)


async def plan_of(handle: WorkflowHandle[object, object], *, last_timer_seconds: float) -> Plan:
    """Count the signals, activities and timers in an order's history, as a plan."""
    history = await handle.fetch_history()
    types = Counter(EventType.Name(each.event_type) for each in history.events)
    return Plan(
        signals=types["EVENT_TYPE_WORKFLOW_EXECUTION_SIGNALED"],
        activities=types["EVENT_TYPE_ACTIVITY_TASK_SCHEDULED"],
        timers=types["EVENT_TYPE_TIMER_STARTED"],
        last_timer_seconds=last_timer_seconds,
    )


async def activities_after_first_timer(handle: WorkflowHandle[object, object]) -> int:
    """Count the activities that an order scheduled after its first timer fired."""
    history = await handle.fetch_history()
    types = [EventType.Name(each.event_type) for each in history.events]
    since = types[types.index("EVENT_TYPE_TIMER_FIRED") :]
    return since.count("EVENT_TYPE_ACTIVITY_TASK_SCHEDULED")


@asynccontextmanager
async def bare_worker(address: str, *, processes: int = 1) -> AsyncIterator[None]:
    """Run the worker in separate processes."""
    running = [
        await asyncio.create_subprocess_exec(
            *leashed([sys.executable, "-m", "bench.bare", address]),
            env={**os.environ, **leash_environment()},
        )
        for _ in range(processes)
    ]
    try:
        yield
    finally:
        for process in running:
            process.terminate()
            await process.wait()


async def _work(address: str) -> None:
    pace_garbage_collection()
    client = await temporal.connect(target_host=address, namespace=NAMESPACE)
    async with Worker(
        client,
        task_queue=QUEUE,
        workflows=[BareWorkflow],
        activities=[act],
        max_concurrent_workflow_tasks=20,
        max_cached_workflows=CACHED_ORDERS,
        graceful_shutdown_timeout=timedelta(seconds=1),
    ):
        stop = asyncio.Event()
        for number in (2, 15):
            asyncio.get_running_loop().add_signal_handler(number, stop.set)
        await stop.wait()


if __name__ == "__main__":
    asyncio.run(_work(sys.argv[1]))
    temporal.let_go()
