"""Store and Temporal are compared both ways; what is wrong is named with what to do, and nothing else is."""

from datetime import timedelta

from sqlalchemy import text

from activities.comparison import Comparison
from domain.lifecycle import TaskKind
from tests.support.office import Office, now


async def found(office: Office, *order_nos: str, later: timedelta = timedelta(0)) -> list[str]:
    comparison = Comparison(office.store, office.orders, lambda: now() + later)
    mine = order_nos or None
    return [str(each) async for each in comparison.findings(mine)]


def spoil(office: Office, statement: str, order_no: str) -> None:
    with office.store.write() as connection:
        connection.execute(text(statement), {"no": order_no})


class TestAnOrderThatIsWell:
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
        """Bring an order to its unit under real limits, so that nothing happens to it by itself."""
        office.policy = "standard"
        return await office.dispatched()

    async def test_has_no_workflow(self, office: Office) -> None:
        start = office.take()
        (said,) = await found(office, start.order_no)
        assert said.startswith(f"{start.order_no}: its workflow has not started yet; Reconcile sends it")
        spoil(office, "UPDATE outbox SET done_at = created_at WHERE order_no = :no", start.order_no)
        (said,) = await found(office, start.order_no)
        assert "open in the store and has no workflow" in said

    async def test_was_ended_by_force(self, office: Office) -> None:
        order_no = await office.place()
        await office.handle(order_no).terminate("by mistake")
        (said,) = await found(office, order_no)
        assert "its workflow was ended by force" in said

    async def test_lacks_its_last_step(self, office: Office) -> None:
        order_no = await self.waits(office)
        spoil(office, "DELETE FROM record_entry WHERE order_no = :no", order_no)
        assert await found(office, order_no) == [
            f"{order_no}: its last step is not in the store; run: dingdan rebuild {order_no}"
        ]
        await office.act(order_no, "withdraw")

    async def test_shows_another_stage(self, office: Office) -> None:
        order_no = await self.waits(office)
        spoil(office, "UPDATE orders SET stage = 'dispatch', round = 2 WHERE order_no = :no", order_no)
        (said,) = await found(office, order_no)
        assert "it shows another stage, round than its history" in said
        spoil(office, "UPDATE orders SET recorded_seq = 1 WHERE order_no = :no", order_no)
        (said,) = await found(office, order_no)
        assert "its last event is 1 in the store and" in said
        await office.act(order_no, "withdraw")

    async def test_shows_other_tasks(self, office: Office) -> None:
        order_no = await self.waits(office)
        spoil(office, "UPDATE task SET state = 'done' WHERE order_no = :no", order_no)
        (said,) = await found(office, order_no)
        assert "its open tasks are others" in said
        await office.act(order_no, "withdraw")

    async def test_is_archived_in_the_store_alone(self, office: Office) -> None:
        order_no = await self.waits(office)
        spoil(office, "UPDATE orders SET stage = 'archived' WHERE order_no = :no", order_no)
        (said,) = [each for each in await found(office) if each.startswith(order_no)]
        assert "archived in the store and its workflow runs" in said
        await office.raw_action(order_no, action_id="end", actor="x", action="withdraw")

    async def test_is_open_in_the_store_alone(self, office: Office) -> None:
        order_no = await office.place(requester={})
        await office.decide(order_no, TaskKind.FIRST_CONTACT, "resolve", text="答复")
        await office.result(order_no)
        spoil(office, "UPDATE orders SET stage = 'closed' WHERE order_no = :no", order_no)
        (said,) = [each for each in await found(office) if each.startswith(order_no)]
        assert "open in the store and its workflow has ended" in said

    async def test_is_not_in_the_store(self, office: Office, store: object) -> None:
        """Other tests' stores are others: their running orders have no row here."""
        del store
        order_no = await self.waits(office)
        nobody = "20200101-NOBODY"
        await office.orders.start(office.take().model_copy(update={"order_no": nobody}))
        said = [each for each in await found(office) if each.startswith(nobody)]
        rebuild = f"bring the store back from a backup, then run: dingdan rebuild {nobody}"
        assert said == [f"{nobody}: its workflow has no row in the store; {rebuild}"]
        await office.handle(nobody).terminate("the test is over")
        await office.act(order_no, "withdraw")


class TestWhatHasWaitedTooLong:
    async def test_is_named_with_its_order(self, closed_office: Office) -> None:
        office = closed_office
        start = office.take()
        task = await office.task(start.order_no, TaskKind.FIRST_CONTACT)
        kept = office.submit(task, "resolve", text="答复")
        waits = [
            each
            for each in await found(office, later=timedelta(minutes=2))
            if each.startswith(start.order_no) and "too long" in each
        ]
        assert [each.split(": ")[1].split(";")[0] for each in waits] == [
            f"decision {kept.row.decision_id} has been pending too long",
            "a start has waited in the outbox too long",
            "a signal has waited in the outbox too long",
        ]
        assert not [each for each in await found(office) if "too long" in each]
