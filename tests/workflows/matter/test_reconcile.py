"""Kept rows reach their orders by `Reconcile`, however the workflow was lost, and at the interval of the office."""

import asyncio
import json
import uuid
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import text
from temporalio import activity
from temporalio.api.common.v1 import WorkflowExecution
from temporalio.api.workflowservice.v1 import ResetWorkflowExecutionRequest
from temporalio.client import Client
from temporalio.testing import ActivityEnvironment
from temporalio.worker import Worker

import worker
from activities.matter.reconcile import OutboxDrain
from activities.mending.comparison import Comparison
from api.service import Service
from domain.order.lifecycle import TaskKind
from messages.matter.outbox import Drained, Reconcile
from messages.names import DRAIN_OUTBOX, RECONCILE, workflow_id_of
from messages.order.starting import starting
from store.attachment.files import FileStore
from tests.support.office import Office, now
from workflows.matter.reconcile import ReconcileWorkflow


async def reset_to_its_end(office: Office, order_no: str) -> None:
    """Reset a workflow to its last task, as an operator does after an end by force."""
    history = await office.handle(order_no).fetch_history()
    last = max(
        each.event_id for each in history.events if each.HasField("workflow_task_completed_event_attributes")
    )
    await office.client.workflow_service.reset_workflow_execution(
        ResetWorkflowExecutionRequest(
            namespace=office.client.namespace,
            workflow_execution=WorkflowExecution(workflow_id=workflow_id_of(order_no)),
            reason="it was ended by mistake",
            workflow_task_finish_event_id=last,
            request_id=uuid.uuid4().hex,
        )
    )


def mark_sent(office: Office) -> None:
    """Mark the rows that the office sent itself, as the API does."""
    with office.store.write() as connection:
        connection.execute(text("UPDATE outbox SET done_at = created_at, result = 'sent'"))


def later(office: Office, by: timedelta = timedelta(minutes=10)) -> OutboxDrain:
    """Build a drain of the outbox that works at a later time, when every pause is over."""
    return OutboxDrain(office.store, office.orders, now=lambda: now() + by, inputs=worker.INPUTS)


class TestADecisionOnAnOrderWhoseWorkflowWasEndedByForce:
    async def test_waits_and_is_delivered_after_a_reset(self, office: Office) -> None:
        office.policy = "standard"
        order_no = await office.dispatched()
        mark_sent(office)
        kept = office.submit(await office.task(order_no, TaskKind.HANDLE), "report_result", text="已办")
        await office.ended_by_force(order_no)
        drained = await ActivityEnvironment().run(later(office).drain)
        assert (drained.signalled, drained.waiting) == (0, 1)
        assert office.rows(
            "SELECT status, code FROM decision WHERE decision_id = :id", id=kept.row.decision_id
        ) == [{"status": "pending", "code": None}]
        await reset_to_its_end(office, order_no)
        await ActivityEnvironment().run(later(office, timedelta(minutes=30)).drain)
        assert (await office.settled(kept.row.decision_id))["status"] == "applied"
        await office.task(order_no, TaskKind.REVIEW)

    async def test_is_named_by_the_check_with_its_remedy(self, closed_office: Office) -> None:
        office = closed_office
        order_no = await office.place()
        mark_sent(office)
        office.submit(await office.task(order_no, TaskKind.FIRST_CONTACT), "resolve", text="答复")
        await office.handle(order_no).terminate("an operator ended it")
        await ActivityEnvironment().run(later(office).drain)
        check = Comparison(office.store, office.orders, lambda: now() + timedelta(hours=1))
        said = [str(each) async for each in check.findings([order_no])]
        assert any("ended by force; nobody is reminded any more: reset the workflow" in each for each in said)
        assert any(
            "no workflow of the order runs: once one does, Reconcile sends it" in each for each in said
        )

    async def test_that_comes_through_the_api_waits_as_well(self, closed_office: Office) -> None:
        office = closed_office
        office.policy = "standard"
        order_no = await office.place()
        mark_sent(office)
        await office.handle(order_no).terminate("an operator ended it")
        service = Service(
            store=office.store,
            files=FileStore(Path("/nowhere")),
            orders=office.orders,
            secret="k" * 40,
            policy="standard",
            public_url="http://office.example",
            threads=2,
        )
        kept = office.submit(await office.task(order_no, TaskKind.FIRST_CONTACT), "resolve", text="答复")
        assert kept.said is not None
        assert kept.outbox_id is not None
        await service.send(order_no, kept.said, kept.outbox_id)
        (row,) = office.rows("SELECT status FROM decision")
        assert row["status"] == "pending"
        assert office.rows("SELECT id FROM outbox WHERE done_at IS NULL") == [{"id": kept.outbox_id}]
        await service.close()

    async def test_is_rejected_once_the_order_is_archived(self, office: Office) -> None:
        order_no = await office.dispatched()
        mark_sent(office)
        late = office.submit(await office.task(order_no, TaskKind.HANDLE), "report_result", text="已办")
        await office.ended_by_force(order_no)
        with office.store.write() as connection:
            connection.execute(text("UPDATE matter SET stage = 'archived'"))
        await ActivityEnvironment().run(later(office).drain)
        row = await office.settled(late.row.decision_id)
        assert (row["status"], row["code"]) == ("rejected", "order_archived")


class TestWhatCanNeverBeSent:
    async def test_is_set_aside_and_holds_up_nobody(self, office: Office) -> None:
        order_no, other = await office.place(), office.take().order_no
        poison = office.submit(await office.task(order_no, TaskKind.FIRST_CONTACT), "resolve", text="答复")
        with office.store.write() as connection:
            connection.execute(
                text('UPDATE outbox SET payload = \'{"kind": "decision"}\' WHERE id = :id'),
                {"id": poison.outbox_id},
            )
            connection.execute(
                text("UPDATE outbox SET done_at = created_at WHERE matter_no = :no AND kind = 'start'"),
                {"no": order_no},
            )
        urged = office.submit_action(order_no, "urge")
        drained = await ActivityEnvironment().run(later(office).drain)
        office.placed.append(other)
        assert (drained.started, drained.signalled, drained.waiting) == (1, 1, 0)
        assert (await office.settled(urged.row.decision_id))["status"] == "applied"
        (row,) = office.rows("SELECT result, reason, done_at FROM outbox WHERE id = :id", id=poison.outbox_id)
        assert (row["result"], row["done_at"]) == ("set_aside", None)
        assert row["reason"].startswith("it cannot be read: decision.task_id")

    async def test_waits_for_a_worker_that_knows_it(self, office: Office) -> None:
        """A newer API may begin a new kind of matter before this worker is replaced."""
        start = office.take()
        newer = {**starting(start).model_dump(mode="json"), "workflow_type": "Campaign"}
        with office.store.write() as connection:
            connection.execute(
                text("UPDATE outbox SET payload = :payload WHERE matter_no = :no"),
                {"no": start.order_no, "payload": json.dumps(newer)},
            )
        other = office.take().order_no
        drained = await ActivityEnvironment().run(later(office).drain)
        office.placed.append(other)
        assert (drained.started, drained.waiting) == (1, 1)
        (row,) = office.rows("SELECT result, done_at FROM outbox WHERE matter_no = :no", no=start.order_no)
        assert (row["result"], row["done_at"]) == ("waits", None)

    @pytest.mark.hasty
    async def test_does_not_stop_the_automatic_steps_of_its_order(self, closed_office: Office) -> None:
        office = closed_office
        order_no = await office.place()
        poison = office.submit(await office.task(order_no, TaskKind.FIRST_CONTACT), "resolve", text="答复")
        with office.store.write() as connection:
            connection.execute(
                text("UPDATE outbox SET payload = '[]' WHERE id = :id"), {"id": poison.outbox_id}
            )
        async with office.at_work():
            await office.task(order_no, TaskKind.CLASSIFY)
        assert "LimitPassed" in office.types(order_no)

    async def test_is_told_from_what_waits_for_a_moment(self, office: Office) -> None:
        """Temporal refuses an overlong id every time."""
        start = office.take()
        long = {**starting(start).model_dump(mode="json"), "workflow_id": "x" * 2_000}
        with office.store.write() as connection:
            connection.execute(
                text("UPDATE outbox SET payload = :payload WHERE matter_no = :no"),
                {"no": start.order_no, "payload": json.dumps(long)},
            )
        for minutes in range(1, 30, 6):
            await ActivityEnvironment().run(later(office, timedelta(minutes=minutes)).drain)
        (row,) = office.rows(
            "SELECT result, attempts, reason FROM outbox WHERE matter_no = :no", no=start.order_no
        )
        assert (row["result"], row["attempts"]) == ("set_aside", 5)
        assert "Temporal refused" in row["reason"]


class TestTheOfficesInterval:
    async def test_reaches_a_reconcile_that_runs_with_another(self, temporal: Client) -> None:
        """The next round comes at once, although the workflow was started with an interval of an hour."""
        rounds = 0

        @activity.defn(name=DRAIN_OUTBOX)
        async def drain() -> Drained:
            nonlocal rounds
            rounds += 1
            return Drained(started=0, signalled=0, waiting=0, interval_seconds=0.05)

        queue = f"reconcile-{uuid.uuid4()}"
        async with Worker(
            temporal,
            task_queue=queue,
            workflows=[ReconcileWorkflow],
            activities=[drain],
            workflow_runner=worker.RUNNER,
        ):
            handle = await temporal.start_workflow(
                RECONCILE, Reconcile(interval_seconds=3600), id=queue, task_queue=queue
            )
            async with asyncio.timeout(30):
                while rounds < 3:  # noqa: ASYNC110 - the activity counts
                    await asyncio.sleep(0.05)
            await handle.terminate("the test is over")

    async def test_is_what_a_worker_was_built_with(self, closed_office: Office) -> None:
        drain = OutboxDrain(
            closed_office.store,
            closed_office.orders,
            now,
            interval=timedelta(seconds=7),
            inputs=worker.INPUTS,
        )
        assert (await ActivityEnvironment().run(drain.drain)).interval_seconds == 7
