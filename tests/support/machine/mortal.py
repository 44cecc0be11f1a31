"""A worker that dies at the moment of its commit: `python -m tests.support.machine.mortal WHAT HOST QUEUE STORE`.

WHAT is `local` for a story that records by a local activity into the file STORE, or `order` for our own workflow.
"""

import asyncio
import os
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import NoReturn

from temporalio import activity, workflow
from temporalio.client import Client
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.worker import UnsandboxedWorkflowRunner, Worker

import worker
from activities.order.record import Recorder
from messages.names import NAMESPACE, RECORD
from messages.order.step import OrderAnswer, OrderStep
from store.database import Store

NOTE = "note"
DIED = 9


@workflow.defn(name="LocalStory")
class LocalStory:
    """The end of an order in a few lines, recorded by a *local* activity: what ADR-0003 forbids."""

    def __init__(self) -> None:
        self._withdrawn = False

    @workflow.run
    async def run(self, window: float) -> str:
        try:
            await workflow.wait_condition(lambda: self._withdrawn, timeout=timedelta(seconds=window))
        except TimeoutError:
            ending = "closed"
        else:
            ending = "withdrawn"
        await workflow.execute_local_activity(NOTE, ending, start_to_close_timeout=timedelta(seconds=30))
        return ending

    @workflow.signal
    def withdraw(self) -> None:
        self._withdrawn = True


class FileRecorder:
    """Commits once, as `record` does: a repeated step gets the same answer."""

    def __init__(self, path: Path, then: Callable[[], None]) -> None:
        self._path = path
        self._then = then

    @activity.defn(name=NOTE)
    def note(self, ending: str) -> None:
        if not self._path.exists():
            self._path.write_text(ending, encoding="utf-8")
            self._then()


class MortalRecorder(Recorder):
    """Commits a step, and dies before it can answer."""

    @activity.defn(name=RECORD)
    def record(self, step: OrderStep) -> OrderAnswer:
        super().record(step)
        die()


def die() -> NoReturn:
    os._exit(DIED)


def local_worker(client: Client, queue: str, recorder: FileRecorder) -> Worker:
    return Worker(
        client,
        task_queue=queue,
        workflows=[LocalStory],
        activities=[recorder.note],
        activity_executor=ThreadPoolExecutor(2),
        workflow_runner=UnsandboxedWorkflowRunner(),
    )


async def live(what: str, host: str, queue: str, store: str) -> None:
    client = await Client.connect(host, namespace=NAMESPACE, data_converter=pydantic_data_converter)
    if what == "local":
        mortal = local_worker(client, queue, FileRecorder(Path(store), die))
    else:
        mortal = Worker(
            client,
            task_queue=queue,
            workflows=worker.WORKFLOWS,
            activities=[MortalRecorder(Store(store)).record],
            activity_executor=ThreadPoolExecutor(2),
            workflow_runner=worker.RUNNER,
            interceptors=worker.INTERCEPTORS,
        )
    await mortal.run()


if __name__ == "__main__":
    asyncio.run(live(*sys.argv[1:]))
