"""A hold of the whole office: no clock runs, decisions are taken, and afterwards every due time has moved."""

from datetime import timedelta

import pytest

from domain.order.lifecycle import TaskKind
from store.matter.holding import hold_in_force
from store.order.joined.telling import tell_next
from store.telling.holds import HeldAlready, NotHeld, WrongHold, lift_hold, order_hold
from tests.support.office import Office, at, now, passes


def order(office: Office, *, seconds: float) -> None:
    with office.store.write() as connection:
        order_hold(
            connection,
            reason="台风（虚构）",
            until=now() + timedelta(seconds=seconds),
            ordered_by="administrator-1",
            now=now(),
        )


def lift(office: Office) -> None:
    with office.store.write() as connection:
        lift_hold(connection, lifted_by="administrator-1", now=now())


async def told(office: Office, order_no: str) -> None:
    """Finish all tellings and send the waiting rows of the outbox, as `Reconcile` does."""
    while tell_next(office.store, now=now()):
        pass
    rows = office.rows(
        "SELECT decision_id FROM decision WHERE matter_no = :no AND status = 'pending'", no=order_no
    )
    await office.drain()
    for row in rows:
        await office.settled(row["decision_id"])


@pytest.mark.hasty
class TestAHold:
    async def test_stops_every_clock_and_moves_it_by_its_length(self, office: Office) -> None:
        order_no = await office.dispatched("community-03", requester={})
        before, promised = await office.task(order_no, TaskKind.HANDLE), office.order(order_no)["promised_at"]
        order(office, seconds=30)
        await told(office, order_no)
        assert office.order(order_no)["held"] == 1
        assert (await office.status(order_no)).held
        await passes(before["due_at"])
        assert "LimitPassed" not in office.types(order_no)
        lift(office)
        await told(office, order_no)
        await office.eventually(lambda: office.order(order_no)["held"] == 0, "released")
        (row,) = office.rows("SELECT since, lifted_at FROM office_hold")
        length = at(row["lifted_at"]) - at(row["since"])
        after = await office.task(order_no, TaskKind.HANDLE)
        assert at(after["due_at"]) - at(before["due_at"]) == length
        shown = office.order(order_no)
        assert at(shown["promised_at"]) - at(promised) == length
        assert shown["held"] == 0
        await office.reported(order_no, text="已办")
        assert (await office.result(order_no)).overdue is False

    async def test_ends_by_itself(self, office: Office) -> None:
        order_no = await office.dispatched("community-03", requester={})
        before = await office.task(order_no, TaskKind.HANDLE)
        order(office, seconds=1.5)
        await told(office, order_no)
        await office.eventually(lambda: office.order(order_no)["held"] == 0, "released")
        (row,) = office.rows("SELECT since, until FROM office_hold")
        after = await office.task(order_no, TaskKind.HANDLE)
        assert at(after["due_at"]) - at(before["due_at"]) == at(row["until"]) - at(row["since"])
        await office.reported(order_no, text="已办")
        await office.result(order_no)

    async def test_takes_decisions_all_the_while(self, office: Office) -> None:
        order_no = await office.place(requester={})
        order(office, seconds=30)
        await told(office, order_no)
        await office.decide(order_no, TaskKind.FIRST_CONTACT, "resolve", text="答复")
        await office.stage(order_no, "closed")
        lift(office)
        await told(office, order_no)
        await office.eventually(lambda: office.order(order_no)["held"] == 0, "released")
        assert (await office.result(order_no)).ending == "resolved_on_the_spot"

    async def test_begins_with_an_order_that_is_placed_under_it(self, office: Office) -> None:
        order(office, seconds=3.5)
        order_no = await office.place(requester={})
        assert office.order(order_no)["held"] == 1
        first = await office.task(order_no, TaskKind.FIRST_CONTACT)
        await passes(first["due_at"])
        assert "LimitPassed" not in office.types(order_no)
        await office.eventually(lambda: office.order(order_no)["held"] == 0, "released")
        moved = await office.task(order_no, TaskKind.FIRST_CONTACT)
        (row,) = office.rows("SELECT until FROM office_hold")
        received = at(office.order(order_no)["received_at"])
        assert at(moved["due_at"]) - at(first["due_at"]) == at(row["until"]) - received
        await office.decide(order_no, TaskKind.FIRST_CONTACT, "resolve", text="答复")
        await office.result(order_no)

    async def test_stops_an_automatic_step_of_an_order_that_was_not_told(self, office: Office) -> None:
        order_no = await office.place(requester={})
        first = await office.task(order_no, TaskKind.FIRST_CONTACT)
        order(office, seconds=4)
        while tell_next(office.store, now=now()):
            pass
        with office.store.write() as connection:
            # As if the order had not been listed.
            office.forget_pending(connection, order_no)
        await passes(first["due_at"])
        assert "LimitPassed" not in office.types(order_no)
        moved = await office.eventually(
            lambda: [each for each in office.tasks(order_no) if each["due_at"] > first["due_at"]], "moved"
        )
        (row,) = office.rows("SELECT since, until FROM office_hold")
        assert at(moved[0]["due_at"]) - at(first["due_at"]) == at(row["until"]) - at(row["since"])
        await office.decide(order_no, TaskKind.FIRST_CONTACT, "resolve", text="答复")
        await office.result(order_no)

    async def test_and_a_pause_move_by_their_union(self, office: Office) -> None:
        order_no = await office.dispatched("community-03", requester={})
        before, promised = await office.task(order_no, TaskKind.HANDLE), office.order(order_no)["promised_at"]
        until = (now() + timedelta(seconds=4)).isoformat()
        await office.settled(
            await office.decide(order_no, TaskKind.HANDLE, "request_pause", until=until, reason="weather")
        )
        await office.settled(await office.decide(order_no, TaskKind.REVIEW, "approve"))
        order(office, seconds=30)
        await told(office, order_no)
        await office.settled(await office.act(order_no, "resume", by="desk-1"))
        lift(office)
        await told(office, order_no)
        await office.eventually(lambda: office.order(order_no)["held"] == 0, "released")
        began = office.at_event(order_no, "RequestGranted")
        (row,) = office.rows("SELECT lifted_at FROM office_hold")
        union = at(row["lifted_at"]) - began
        after = await office.task(order_no, TaskKind.HANDLE)
        assert at(after["due_at"]) - at(before["due_at"]) == union
        assert at(office.order(order_no)["promised_at"]) - at(promised) == union
        await office.reported(order_no, text="已办")
        assert (await office.result(order_no)).overdue is False


class TestOrderingAHold:
    def test_is_one_at_a_time(self, office: Office) -> None:
        order(office, seconds=30)
        with pytest.raises(HeldAlready, match="台风"):
            order(office, seconds=60)

    @pytest.mark.parametrize(("reason", "seconds"), [(" ", 30), ("台风", 0), ("台风", -5)])
    def test_needs_a_reason_and_an_end_in_the_future(
        self, office: Office, reason: str, seconds: float
    ) -> None:
        with pytest.raises(WrongHold), office.store.write() as connection:
            order_hold(
                connection,
                reason=reason,
                until=now() + timedelta(seconds=seconds),
                ordered_by="x",
                now=now(),
            )
        assert office.rows("SELECT * FROM office_hold") == []

    def test_lifts_what_is_in_force_only(self, office: Office) -> None:
        with pytest.raises(NotHeld):
            lift(office)
        order(office, seconds=30)
        lift(office)
        with office.store.read() as connection:
            assert hold_in_force(connection, at=now()) is None
