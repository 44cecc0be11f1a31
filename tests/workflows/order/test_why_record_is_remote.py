"""Why `record` is never a local activity (ADR-0003): how a local one goes wrong, and that ours does not."""

import asyncio
import os
import sys
import threading
import uuid
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any

from temporalio import activity
from temporalio.api.enums.v1 import WorkflowTaskFailedCause
from temporalio.client import WorkflowHandle
from temporalio.worker import Worker

import worker
from activities.mending.rebuilding import Rebuilder
from activities.message.deliver import Courier
from activities.order.record import Recorder
from domain.order.lifecycle import TaskKind
from messages.names import RECORD
from messages.order.step import OrderAnswer, OrderStep
from runtime.machine.leash import leash_environment, leashed
from tests.support.machine.mortal import DIED, FileRecorder, LocalStory, local_worker
from tests.support.office import Office, now

ROOT = Path(__file__).parents[3]
BETWEEN_ATTEMPTS = 60  # a lost attempt of `record` is noticed after twenty seconds


async def local_story(office: Office, *, window: float) -> WorkflowHandle[LocalStory, str]:
    return await office.client.start_workflow(
        LocalStory.run,
        window,
        id=f"local-{uuid.uuid4()}",
        task_queue=office.queue,
        task_timeout=timedelta(seconds=2),
    )


async def dies_at_work(office: Office, what: str, store: str) -> None:
    """Let a separate process work until its first commit kills it."""
    host = office.client.service_client.config.target_host
    process = await asyncio.create_subprocess_exec(
        *leashed([sys.executable, "-m", "tests.support.machine.mortal", what, host, office.queue, store]),
        cwd=ROOT,
        env={**os.environ, **leash_environment()},
    )
    try:
        assert await asyncio.wait_for(process.wait(), BETWEEN_ATTEMPTS) == DIED
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


async def is_one_with_its_history(office: Office, order_no: str, ending: str) -> bool:
    order = office.order(order_no)
    rebuilt = await Rebuilder(office.store, office.orders).rebuild(order_no)
    return (order["stage"], order["ending"], dict(rebuilt.changed)) == ("archived", ending, {})


class TestASignalThatComesWhileTheLastStepIsRecorded:
    async def test_parts_store_and_workflow_if_the_activity_is_local(
        self, closed_office: Office, tmp_path: Path
    ) -> None:
        office, store = closed_office, tmp_path / "store"
        committed, released = threading.Event(), threading.Event()

        def hold() -> None:
            committed.set()
            released.wait(BETWEEN_ATTEMPTS)

        async with local_worker(office.client, office.queue, FileRecorder(store, hold)):
            story = await local_story(office, window=0.2)
            await asyncio.to_thread(committed.wait, BETWEEN_ATTEMPTS)
            await story.signal(LocalStory.withdraw)
            released.set()
            ending = await asyncio.wait_for(story.result(), BETWEEN_ATTEMPTS)
        causes = {
            event.workflow_task_failed_event_attributes.cause
            for event in (await story.fetch_history()).events
        }
        assert WorkflowTaskFailedCause.WORKFLOW_TASK_FAILED_CAUSE_UNHANDLED_COMMAND in causes
        assert (store.read_text("utf-8"), ending) == ("closed", "withdrawn")

    async def test_leaves_an_order_one_with_its_rows(self, closed_office: Office) -> None:
        office, committed, released = closed_office, threading.Event(), threading.Event()

        class Held(Recorder):
            @activity.defn(name=RECORD)
            def record(self, step: OrderStep) -> OrderAnswer:
                answer = super().record(step)
                if step.expiry == "window":
                    committed.set()
                    released.wait(BETWEEN_ATTEMPTS)
                return answer

        async with at_work(office, Held(office.store)):
            order_no = await office.place(requester={})
            await office.decide(order_no, TaskKind.FIRST_CONTACT, "resolve", text="答复")
            await asyncio.to_thread(committed.wait, BETWEEN_ATTEMPTS)
            await office.raw_action(order_no, action_id="late", actor="x", action="reopen", comment="又来了")
            released.set()
            result = await office.result(order_no)
        assert result.ending == "resolved_on_the_spot"
        assert (await office.settled("late"))["status"] == "rejected"
        assert await is_one_with_its_history(office, order_no, result.ending)


class TestAWorkerThatDiesAfterItsCommit:
    async def test_parts_store_and_workflow_if_the_activity_is_local(
        self, closed_office: Office, tmp_path: Path
    ) -> None:
        office, store = closed_office, tmp_path / "store"
        story = await local_story(office, window=0.2)
        await dies_at_work(office, "local", str(store))
        await story.signal(LocalStory.withdraw)
        async with local_worker(office.client, office.queue, FileRecorder(store, lambda: None)):
            ending = await asyncio.wait_for(story.result(), BETWEEN_ATTEMPTS)
        assert (store.read_text("utf-8"), ending) == ("closed", "withdrawn")

    async def test_leaves_an_order_one_with_its_rows(self, closed_office: Office) -> None:
        office = closed_office
        office.policy = "standard"
        order_no = await office.place(requester={})
        await office.decide(order_no, TaskKind.FIRST_CONTACT, "refer", text="请派单")
        await dies_at_work(office, "order", office.store.engine.url.render_as_string(hide_password=False))
        assert office.order(order_no)["stage"] == "classification", "committed, and nobody heard of it"
        await office.raw_action(order_no, action_id="end", actor="x", action="withdraw")
        async with at_work(office, Recorder(office.store)):
            async with asyncio.timeout(BETWEEN_ATTEMPTS):
                while office.order(order_no)["stage"] != "closed":  # noqa: ASYNC110 - the store tells nobody
                    await asyncio.sleep(0.1)
            status = await office.status(order_no)
        assert (status.stage, status.ending) == ("closed", "withdrawn")
        rebuilt = await Rebuilder(office.store, office.orders).rebuild(order_no)
        assert dict(rebuilt.changed) == {}
        assert office.types(order_no).count("OrderReferred") == 1


def at_work(office: Office, recorder: Recorder) -> Worker:
    courier: Any = Courier(office.store, office.messenger, now)
    return Worker(
        office.client,
        task_queue=office.queue,
        workflows=worker.WORKFLOWS,
        activities=[recorder.record, courier.deliver],
        activity_executor=ThreadPoolExecutor(4),
        workflow_runner=worker.RUNNER,
        interceptors=worker.INTERCEPTORS,
    )
