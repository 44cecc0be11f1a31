"""Store and Temporal are compared both ways; each fault is named with its remedy, and nothing else is named."""

from datetime import timedelta

import pytest
from sqlalchemy import text
from temporalio import activity, workflow
from temporalio.worker import UnsandboxedWorkflowRunner, Worker

import worker
from activities.mending.comparison import Comparison
from activities.mending.rebuilding import Rebuilder
from activities.order.record import Recorder
from domain.order.lifecycle import TaskKind
from domain.order.policy import STANDARD
from messages.names import ORDER, RECORD
from messages.order.starting import starting
from messages.order.step import OrderAnswer, OrderStep
from messages.order.workflow import StartOrder
from store.order.step import write_step
from tests.support.office import Office, now
from tests.support.stories.steps import first_step


async def found(office: Office, *order_nos: str, later: timedelta = timedelta(0)) -> list[str]:
    comparison = Comparison(office.store, office.orders, lambda: now() + later)
    mine = order_nos or None
    return [str(each) async for each in comparison.findings(mine)]


def spoil(office: Office, statement: str, order_no: str) -> None:
    with office.store.write() as connection:
        connection.execute(text(statement), {"no": order_no})


class ForgetfulRecorder(Recorder):
    """Commits each step, but loses the answer on its way."""

    @activity.defn(name=RECORD)
    def record(self, step: OrderStep) -> OrderAnswer:
        super().record(step)
        raise ConnectionResetError


class TestAnOrderThatIsWell:
    async def test_is_not_named_while_a_step_is_recorded_and_its_history_does_not_know_yet(
        self, closed_office: Office, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(worker, "Recorder", ForgetfulRecorder)
        closed_office.policy = "standard"
        async with closed_office.at_work():
            order_no = await closed_office.place()
            await closed_office.decide(order_no, TaskKind.FIRST_CONTACT, "refer", text="请派单")
            await closed_office.task(order_no, TaskKind.CLASSIFY)
            assert await found(closed_office, order_no) == []
        await closed_office.handle(order_no).terminate("the test is over")

    async def test_is_not_named_at_any_moment_of_its_life(self, office: Office) -> None:
        order_no = await office.place()
        assert await found(office, order_no) == []
        await office.decide(order_no, TaskKind.FIRST_CONTACT, "resolve", text="答复")
        assert await found(office, order_no) == []
        await office.called_back(order_no)
        assert await found(office, order_no) == []
        await office.result(order_no)
        assert await found(office, order_no) == []


class TestAnOrderThatIsNotWell:
    @staticmethod
    async def waits(office: Office) -> str:
        """Bring an order to its unit under real limits, so that nothing happens by itself."""
        office.policy = "standard"
        return await office.dispatched()

    async def test_has_no_workflow(self, office: Office) -> None:
        start = office.take()
        (said,) = await found(office, start.order_no)
        assert said.startswith(f"{start.order_no}: its workflow has not started yet; Reconcile sends it")
        spoil(office, "UPDATE outbox SET done_at = created_at WHERE matter_no = :no", start.order_no)
        (said,) = await found(office, start.order_no)
        assert "open in the store and has no workflow" in said

    async def test_was_ended_by_force(self, office: Office) -> None:
        order_no = await office.place()
        await office.handle(order_no).terminate("by mistake")
        (said,) = await found(office, order_no)
        assert "its workflow was ended by force" in said

    async def test_lacks_its_last_step(self, office: Office) -> None:
        order_no = await self.waits(office)
        spoil(office, "DELETE FROM record_entry WHERE matter_no = :no", order_no)
        assert await found(office, order_no) == [
            f"{order_no}: its last step is not in the store; run: dingdan rebuild {order_no}"
        ]
        await office.act(order_no, "withdraw")

    async def test_has_recorded_steps_of_which_its_history_knows_nothing(self, closed_office: Office) -> None:
        """As after a restore of Temporal from an earlier time than the store."""
        office = closed_office
        office.policy = "standard"
        order_no = await office.place()
        task = await office.task(order_no, TaskKind.FIRST_CONTACT)
        kept = office.submit(task, "refer", text="请派单")
        run_id = (await office.handle(order_no).describe()).run_id
        with office.store.write() as connection:
            write_step(connection, first_step(order_no, run_id), STANDARD)
        rebuild = f"run: dingdan rebuild {order_no}"
        older = f"{order_no}: its history is older than the store: it has recorded nothing yet; {rebuild}"
        assert await found(office, order_no) == [older]
        assert older in await found(office)
        await Rebuilder(office.store, office.orders).rebuild(order_no)
        assert await found(office, order_no) == []
        async with office.at_work():
            await office.send(kept)
            await office.task(order_no, TaskKind.CLASSIFY)
            assert await found(office, order_no) == []
            await office.act(order_no, "withdraw")

    async def test_has_a_task_that_its_code_cannot_do(self, closed_office: Office) -> None:
        order_no = await closed_office.place()
        broken = Worker(
            closed_office.client,
            task_queue=closed_office.queue,
            workflows=[BrokenOrder],
            workflow_runner=UnsandboxedWorkflowRunner(),
        )
        async with broken:
            await closed_office.eventually_async(
                lambda: closed_office.history(order_no), "WORKFLOW_TASK_FAILED"
            )
        assert await found(closed_office, order_no) == [
            f"{order_no}: its workflow task fails; nothing is lost: see docs/operate.md, Runbook"
        ]
        await closed_office.handle(order_no).terminate("the test is over")

    async def test_shows_another_stage(self, office: Office) -> None:
        order_no = await self.waits(office)
        spoil(office, "UPDATE matter SET stage = 'dispatch' WHERE matter_no = :no", order_no)
        spoil(office, "UPDATE orders SET round = 2 WHERE order_no = :no", order_no)
        (said,) = await found(office, order_no)
        assert "its rows differ from its history in stage, round" in said
        spoil(office, "UPDATE matter SET recorded_seq = 1 WHERE matter_no = :no", order_no)
        (said,) = await found(office, order_no)
        assert "its last event is 1 in the store and" in said
        await office.act(order_no, "withdraw")

    async def test_shows_other_tasks(self, office: Office) -> None:
        order_no = await self.waits(office)
        spoil(office, "UPDATE task SET state = 'done' WHERE matter_no = :no", order_no)
        (said,) = await found(office, order_no)
        assert "its open tasks differ" in said
        await office.act(order_no, "withdraw")

    async def test_is_archived_in_the_store_alone(self, office: Office) -> None:
        order_no = await self.waits(office)
        spoil(office, "UPDATE matter SET stage = 'archived' WHERE matter_no = :no", order_no)
        (said,) = [each for each in await found(office) if each.startswith(order_no)]
        assert "archived in the store and its workflow runs" in said
        await office.raw_action(order_no, action_id="end", actor="x", action="withdraw")

    async def test_is_open_in_the_store_alone(self, office: Office) -> None:
        order_no = await office.place(requester={})
        await office.decide(order_no, TaskKind.FIRST_CONTACT, "resolve", text="答复")
        await office.result(order_no)
        spoil(office, "UPDATE matter SET stage = 'closed' WHERE matter_no = :no", order_no)
        (said,) = [each for each in await found(office) if each.startswith(order_no)]
        assert "open in the store and its workflow has ended" in said

    async def test_is_not_in_the_store(self, office: Office, store: object) -> None:
        """Other tests have other stores, so their running orders have no row here."""
        del store
        order_no = await self.waits(office)
        nobody = "20200101-NOBODY"
        await office.orders.start(starting(office.take().model_copy(update={"order_no": nobody})))
        said = [each for each in await found(office) if each.startswith(nobody)]
        rebuild = f"restore the store from a backup, then run: dingdan rebuild {nobody}"
        assert said == [f"{nobody}: its workflow has no row in the store; {rebuild}"]
        await office.handle(nobody).terminate("the test is over")
        await office.act(order_no, "withdraw")


class TestWhatHasWaitedTooLong:
    @staticmethod
    async def waiting(office: Office) -> tuple[str, list[str]]:
        """Take an order in and decide on it, without telling Temporal; return the expected findings."""
        order_no = office.take().order_no
        kept = office.submit(await office.task(order_no, TaskKind.FIRST_CONTACT), "resolve", text="答复")
        return order_no, [
            f"{order_no}: decision {kept.row.decision_id} has been pending too long",
            f"{order_no}: a start has waited in the outbox too long",
            f"{order_no}: a signal has waited in the outbox too long",
        ]

    @staticmethod
    async def too_long(office: Office, *order_nos: str) -> list[str]:
        """Return the findings on things that wait too long, as seen in two minutes."""
        said = await found(office, *order_nos, later=timedelta(minutes=2))
        return [each.partition(";")[0] for each in said if "too long" in each]

    async def test_is_named_with_its_order(self, closed_office: Office) -> None:
        _, waits = await self.waiting(closed_office)
        assert await self.too_long(closed_office) == waits
        assert not [each for each in await found(closed_office) if "too long" in each]

    async def test_is_named_of_the_orders_that_are_asked_for_alone(self, closed_office: Office) -> None:
        (order_no, waits), _ = [await self.waiting(closed_office) for _ in range(2)]
        assert await self.too_long(closed_office, order_no) == waits

    async def test_is_named_however_much_it_is(
        self, closed_office: Office, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("activities.mending.comparison._PAGE", 2)
        orders = dict([await self.waiting(closed_office) for _ in range(5)])
        waits = [each for waiting in orders.values() for each in waiting]
        assert sorted(await self.too_long(closed_office, *orders)) == sorted(waits)


@workflow.defn(name=ORDER)
class BrokenOrder:
    """Code that cannot go on with any history."""

    @workflow.run
    async def run(self, start: StartOrder) -> None:
        raise RuntimeError(start.order_no)
