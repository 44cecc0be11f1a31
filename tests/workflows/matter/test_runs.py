"""An order goes on whatever the clocks of machines do, and stands still if store and history differ."""

import threading
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import text

from activities.matter.recording import Committer
from activities.mending.comparison import Comparison
from activities.mending.rebuilding import Rebuilder
from domain.order.lifecycle import TaskKind
from domain.order.policy import STANDARD
from messages.order.step import OrderStep
from store.order.step import write_step
from tests.support.office import Office, now
from tests.support.stories.steps import first_step
from tests.workflows.matter.test_reconcile import reset_to_its_end


class TestAnOrderThatIsReset:
    async def test_goes_on_although_a_clock_stepped_back_ten_minutes(self, office: Office) -> None:
        office.policy = "standard"
        order_no = await office.dispatched()
        with office.store.write() as connection:
            ahead = {"at": now() + timedelta(minutes=10), "no": order_no}
            connection.execute(text("UPDATE matter SET recorded_at = :at WHERE matter_no = :no"), ahead)
        await office.ended_by_force(order_no)
        await reset_to_its_end(office, order_no)
        await office.decide(order_no, TaskKind.HANDLE, "report_result", text="已办")
        await office.task(order_no, TaskKind.REVIEW)
        assert (await office.status(order_no)).stage == "review"

    async def test_goes_on_although_the_step_that_it_does_again_was_committed(
        self, closed_office: Office, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """As if an operator ended an order after its step was committed, but before its history knew the answer."""
        office, asked_back, heard = closed_office, threading.Event(), list[str]()
        write = Committer._write

        def commit_and_wait(committer: Committer, step: OrderStep, wanted: Any) -> Any:
            written = write(committer, step, wanted)
            heard.append(step.run_id)
            if any(each.kind == TaskKind.HANDLE for each in step.opened) and heard[0] == step.run_id:
                asked_back.wait(20)
            return written

        monkeypatch.setattr(Committer, "_write", commit_and_wait)
        office.policy = "standard"
        async with office.at_work():
            order_no = await office.place()
            await office.decide(order_no, TaskKind.FIRST_CONTACT, "refer", text="请派单")
            await office.decide(order_no, TaskKind.CLASSIFY, "general", unit="street-urban-management")
            await office.task(order_no, TaskKind.ACKNOWLEDGE)
            # Otherwise its messages wake it once more while the step is under way, and nothing is done again.
            await office.quiet(order_no)
            await office.decide(order_no, TaskKind.ACKNOWLEDGE, "accept")
            await office.task(order_no, TaskKind.HANDLE)
            await office.handle(order_no).terminate("an operator ended it")
            await reset_to_its_end(office, order_no)
            asked_back.set()
            await office.eventually(
                lambda: office.order(order_no)["run_id"] != heard[0], "the new run's rows"
            )
            await office.decide(order_no, TaskKind.HANDLE, "report_result", text="已办")
            await office.task(order_no, TaskKind.REVIEW)


class TestAnOrderThatTheStoreHasGoingAnotherWay:
    async def test_stands_still_until_its_rows_are_rebuilt_and_goes_on_by_itself(
        self, office: Office
    ) -> None:
        """As after a restore of Temporal from an earlier time: the committed step is made again."""
        office.policy = "standard"
        order_no = await office.place()
        kept = office.submit(await office.task(order_no, TaskKind.FIRST_CONTACT), "resolve", text="答复")
        run_id = (await office.handle(order_no).describe()).run_id or ""
        another = first_step(order_no, run_id, actor="duty-1")
        with office.store.write() as connection:
            write_step(connection, another, STANDARD)
        await office.send(kept)

        async def failing() -> list[str]:
            described = await office.handle(order_no).describe()
            return [each.last_failure.message for each in described.raw_description.pending_activities]

        said = (
            f"order {order_no}: step 1 of this run differs between store and history; "
            f"run: dingdan rebuild {order_no}"
        )
        await office.eventually_async(failing, said)
        check = Comparison(office.store, office.orders, now)
        assert [each async for each in check.findings([order_no])] != []
        assert office.types(order_no) == ["OrderReceived", "OrderReferred"]
        await Rebuilder(office.store, office.orders).rebuild(order_no)
        assert (await office.settled(kept.row.decision_id))["status"] == "applied"
        await office.task(order_no, TaskKind.FOLLOW_UP)
        assert "OrderReferred" not in office.types(order_no)
