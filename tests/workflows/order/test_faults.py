"""A decision in time never loses to our own outage, and an accepted one is never lost."""

import asyncio
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import text
from temporalio import activity
from temporalio.client import Client, WorkflowExecutionStatus
from temporalio.testing import ActivityEnvironment
from temporalio.worker import Worker

import worker
from activities.matter.reconcile import OutboxDrain
from activities.message.deliver import Courier
from activities.order.record import Recorder
from domain.order.lifecycle import TaskKind
from gateways.messaging.protocol import GatewayRefused, Message
from messages.names import RECORD
from messages.order.step import OrderAnswer, OrderStep
from runtime.temporal import Orders
from store.matter.said.decisions import TaskDone
from tests.support.office import Office, now, passes


@pytest.mark.hasty
class TestADecisionAgainstItsDeadline:
    async def test_made_in_time_wins_although_its_signal_never_came(self, closed_office: Office) -> None:
        office = closed_office
        order_no = await office.place()
        task = await office.task(order_no, TaskKind.FIRST_CONTACT)
        submitted = office.submit(task, "resolve", text="及时答复")
        await passes(task["due_at"])
        async with office.at_work():
            assert (await office.settled(submitted.row.decision_id))["status"] == "applied"
            assert "LimitPassed" not in office.types(order_no)
            await office.called_back(order_no)
            assert (await office.result(order_no)).ending == "resolved_on_the_spot"

    async def test_in_one_activation_has_one_winner_everywhere(self, closed_office: Office) -> None:
        office = closed_office
        order_no = await office.place()
        async with office.at_work():
            # Let the first workflow task start the timer, so that it can fire while no worker runs.
            await office.eventually_async(lambda: office.history(order_no), "TIMER_STARTED")
        task = await office.task(order_no, TaskKind.FIRST_CONTACT)
        submitted = office.submit(task, "resolve", text="及时答复")
        await passes(task["due_at"])
        await office.send(submitted)
        async with office.at_work():
            row = await office.settled(submitted.row.decision_id)
            await office.called_back(order_no)
            result = await office.result(order_no)
        history = await office.history(order_no)
        fired, signalled = history.index("TIMER_FIRED"), history.index("WORKFLOW_EXECUTION_SIGNALED")
        between = history[min(fired, signalled) : max(fired, signalled)]
        assert "WORKFLOW_TASK_COMPLETED" not in between, "both came in one activation"
        assert row["status"] == "applied"
        assert result.ending == "resolved_on_the_spot"
        closed = next(each for each in office.tasks(order_no) if each["task_id"] == task["task_id"])
        assert (closed["state"], closed["outcome"]) == ("done", "resolve")
        assert "LimitPassed" not in office.types(order_no)

    async def test_that_comes_after_the_automatic_step_is_told_so(self, office: Office) -> None:
        order_no = await office.place()
        task = await office.task(order_no, TaskKind.FIRST_CONTACT)
        await office.task(order_no, TaskKind.CLASSIFY)
        with pytest.raises(TaskDone, match="expired by system"):
            office.submit(task, "resolve", text="太晚了")
        late = {
            "task_id": task["task_id"],
            "decision_id": "too-late",
            "actor": "duty-1",
            "outcome": "resolve",
            "comment": "x",
        }
        await office.signal(order_no, late)
        row = await office.settled("too-late")
        assert (row["status"], row["code"]) == ("rejected", "task_done")
        await office.act(order_no, "withdraw")
        await office.result(order_no)

    async def test_of_several_tiers_overdue_at_once_is_one_step_after_the_other(
        self, closed_office: Office
    ) -> None:
        office = closed_office
        order_no = await office.place(requester={})
        task = await office.task(order_no, TaskKind.FIRST_CONTACT)
        await passes(task["due_at"])
        await asyncio.sleep(4)  # an outage long enough for every desk's and the first unit's limit
        async with office.at_work():
            work = await office.task(order_no, TaskKind.HANDLE)
            assert work["unit"] == "community-03", "the unit gets its minimum remainder from now"
            await office.reported(order_no, text="已办")
            assert (await office.result(order_no)).escalations == 0


@pytest.mark.hasty
class TestAnActionBeforeAnAutomaticStep:
    async def test_is_handed_back_and_taken_first(self, closed_office: Office) -> None:
        office = closed_office
        order_no = await office.place()
        task = await office.task(order_no, TaskKind.FIRST_CONTACT)
        withdrawn = office.submit_action(order_no, "withdraw")
        await passes(task["due_at"])
        async with office.at_work():
            result = await office.result(order_no)
        assert result.ending == "withdrawn"
        assert (await office.settled(withdrawn.row.decision_id))["status"] == "applied"


class TestWhileTemporalIsAway:
    async def test_an_order_is_taken_and_decided_and_both_reach_it_later(self, closed_office: Office) -> None:
        office = closed_office
        start = office.take()
        order_no = start.order_no
        office.placed.append(order_no)
        submitted = office.submit(await office.task(order_no, TaskKind.FIRST_CONTACT), "resolve", text="答复")
        drain = OutboxDrain(
            office.store,
            Orders(office.client, task_queue=office.queue),
            now=lambda: now() + timedelta(seconds=30),
            inputs=worker.INPUTS,
        )
        drained = await ActivityEnvironment().run(drain.drain)
        assert (drained.started, drained.signalled, drained.waiting) == (1, 1, 0)
        async with office.at_work():
            assert (await office.settled(submitted.row.decision_id))["status"] == "applied"
            await office.called_back(order_no)
            assert (await office.result(order_no)).ending == "resolved_on_the_spot"

    async def test_a_start_that_it_has_forgotten_is_sent_again(self, office: Office) -> None:
        """As after a restore of Temporal from a time before the order."""
        office.policy = "standard"
        lost, ended, there = office.take().order_no, await office.place(), await office.place()
        await office.handle(ended).terminate("an operator ended it")
        with office.store.write() as connection:
            connection.execute(text("UPDATE outbox SET done_at = created_at, result = 'sent'"))
        drain = OutboxDrain(
            office.store, office.orders, now=lambda: now() + timedelta(minutes=2), inputs=worker.INPUTS
        )
        drained = await ActivityEnvironment().run(drain.drain)
        assert (drained.started, drained.signalled, drained.waiting) == (1, 0, 0)
        office.placed.append(lost)
        for order_no in (lost, there):
            await office.decide(order_no, TaskKind.FIRST_CONTACT, "resolve", text="答复")
            await office.task(order_no, TaskKind.FOLLOW_UP)
        described = await office.handle(ended).describe()
        assert described.status is WorkflowExecutionStatus.TERMINATED


class TestMessages:
    async def test_go_out_in_sequence_when_the_gateway_is_back(self, office: Office) -> None:
        office.messenger.away = 2
        order_no = await office.dispatched()
        await office.reported(order_no, text="已办")
        await office.called_back(order_no)
        await office.result(order_no)
        templates = [each.template for each in office.messenger.sent if each.recipient == "requester"]
        assert templates == ["accepted", "replied_resolved"]
        assert len({each.key for each in office.messenger.sent}) == len(office.messenger.sent)

    async def test_that_a_gateway_refuses_are_shown_and_never_repeated(self, office: Office) -> None:
        office.messenger.refuses = True
        order_no = await office.place()
        await office.decide(order_no, TaskKind.FIRST_CONTACT, "resolve", text="答复")
        await office.called_back(order_no)
        await office.result(order_no)
        assert "MessagesUndelivered" in office.types(order_no)
        assert [each["state"] for each in office.rows("SELECT state FROM message")] == ["failed"]

    @pytest.mark.hasty
    async def test_that_fail_while_a_limit_is_recorded_keep_the_numbers_in_sequence(
        self, closed_office: Office
    ) -> None:
        """Red if the courier numbers its failure itself: two events with one number stop the order for ever."""
        office, released = closed_office, threading.Event()

        class Stubborn:
            reaches_people = True

            def send(self, _message: Message) -> None:
                released.wait(20)
                raise GatewayRefused

        class Slow(Recorder):
            @activity.defn(name=RECORD)
            def record(self, step: OrderStep) -> OrderAnswer:
                if step.expiry and not released.is_set():
                    released.set()
                    while not office.rows("SELECT 1 FROM message WHERE state = 'failed'"):
                        time.sleep(0.02)
                    time.sleep(0.5)  # until the workflow has heard of the failed delivery
                return super().record(step)

        at_work = Worker(
            office.client,
            task_queue=office.queue,
            workflows=worker.WORKFLOWS,
            activities=[Slow(office.store).record, Courier(office.store, Stubborn(), now).deliver],
            activity_executor=ThreadPoolExecutor(4),
            workflow_runner=worker.RUNNER,
            interceptors=worker.INTERCEPTORS,
        )
        async with at_work:
            order_no = await office.place()
            await office.task(order_no, TaskKind.CLASSIFY)
            await office.act(order_no, "withdraw")
            await office.result(order_no)
        types = office.types(order_no)
        assert {"LimitPassed", "MessagesUndelivered"} <= set(types)
        assert [each["seq"] for each in office.events(order_no)] == list(range(1, len(types) + 1))


class TestTwoWorkers:
    async def test_record_every_event_of_every_order_once(self, closed_office: Office) -> None:
        office = closed_office
        config = office.client.service_client.config
        second = await Client.connect(
            config.target_host, namespace=office.client.namespace, data_converter=office.client.data_converter
        )
        async with office.at_work(), office.at_work(second):
            orders = await asyncio.gather(*(office.place() for _ in range(12)))
            await asyncio.gather(
                *(office.decide(each, TaskKind.FIRST_CONTACT, "resolve", text="已答复") for each in orders)
            )
            await asyncio.gather(*(office.called_back(each) for each in orders))
            ends = await asyncio.gather(*map(office.result, orders))
        assert [each.ending for each in ends] == ["resolved_on_the_spot"] * len(orders)
        for order_no in orders:
            events = office.events(order_no)
            assert [each["seq"] for each in events] == list(range(1, len(events) + 1))
