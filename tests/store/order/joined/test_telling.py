"""Telling all open orders: batch by batch, resumable by any process, and in nobody's way."""

from datetime import timedelta

import pytest
from sqlalchemy import text

from domain.order.policy import STANDARD
from messages.matter.step import EventRecord
from messages.order.step import OrderFacts, OrderStep
from messages.order.workflow import StartOrder
from store.database import Store
from store.matter import outbox
from store.mending.comparison import old_decisions, old_outbox_rows
from store.mending.waiting import waiting
from store.order.joined import telling
from store.order.joined.telling import progress_of, tell_next
from store.order.step import write_step
from store.telling.holds import lift_hold, order_hold
from tests.store.taking import rows, take
from tests.support.office import now

LATER = timedelta(minutes=10)


@pytest.fixture(autouse=True)
def _small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(telling, "BATCH", 2)


def hold(store: Store) -> int:
    with store.write() as connection:
        return order_hold(
            connection,
            reason="暴雨",
            until=now() + timedelta(hours=1),
            ordered_by="administrator-1",
            now=now(),
        )


def lift(store: Store) -> int:
    with store.write() as connection:
        return lift_hold(connection, lifted_by="administrator-1", now=now())


def told(store: Store) -> list[str]:
    return [each for (each,) in rows(store, "SELECT matter_no FROM outbox WHERE kind = 'told' ORDER BY id")]


def expiry(start: StartOrder) -> OrderStep:
    """Make the automatic step of an order whose first limit has passed."""
    first = start.first_task
    event = EventRecord(seq=2, at=now(), type="LimitPassed", actor="system", task_id=first.task_id)
    return OrderStep(
        matter_no=start.order_no,
        run_id="run",
        seq=1,
        at=now(),
        policy="standard",
        open_tasks=(first.task_id,),
        next_event=2,
        facts=OrderFacts(
            stage="first_contact",
            ending=None,
            round=1,
            tier="street",
            unit="street",
            order_class=None,
            category=None,
            escalations=0,
            overdue=False,
            reclassified=False,
            reopened=False,
        ),
        events=(event,),
        expiry=first.task_id,
    )


class TestTellingAllOrders:
    def test_comes_batch_by_batch_and_once_to_each(self, store: Store) -> None:
        orders = sorted(take(store, key=f"key-{number}").order_no for number in range(5))
        number = hold(store)
        assert told(store) == []
        for reached in (2, 4, 5):
            assert tell_next(store, now=now())
            assert told(store) == orders[:reached]
        assert tell_next(store, now=now())
        assert not tell_next(store, now=now())
        with store.read() as connection:
            progress = progress_of(connection, number)
        assert (progress.told, progress.is_done) == (5, True)
        assert rows(store, "SELECT count(*), count(DISTINCT matter_no) FROM decision") == [(5, 5)]

    def test_is_gone_on_with_by_whoever_comes_and_in_its_order(self, store: Store) -> None:
        orders = sorted(take(store, key=f"key-{number}").order_no for number in range(3))
        hold(store)
        tell_next(store, now=now())
        # The telling process is gone; the hold is lifted before every order has heard of it.
        lift(store)
        while tell_next(store, now=now()):
            pass
        for order_no in orders:
            heard = rows(
                store,
                "SELECT name FROM decision WHERE matter_no = :no ORDER BY decided_at, decision_id",
                no=order_no,
            )
            assert heard == [("hold",), ("release",)]
        # The outbox sends them in this sequence too.
        sent = rows(store, "SELECT payload FROM outbox WHERE kind = 'told' ORDER BY id")
        assert ["release" in str(each) for each in sent] == [False] * 3 + [True] * 3

    def test_done_twice_changes_nothing(self, store: Store) -> None:
        for number in range(3):
            take(store, key=f"key-{number}")
        hold(store)
        while tell_next(store, now=now()):
            pass
        before = told(store)
        with store.write() as connection:
            connection.execute(text("UPDATE telling SET reached = '', done_at = NULL"))
        while tell_next(store, now=now()):
            pass
        assert told(store) == before

    def test_reaches_an_order_before_its_automatic_step(self, store: Store) -> None:
        start = take(store)
        hold(store)
        with store.write() as connection:
            written = write_step(connection, expiry(start), STANDARD)
        assert [each.said_name for each in written.answer.pending] == ["hold"]
        assert "LimitPassed" not in str(rows(store, "SELECT type FROM event"))
        while tell_next(store, now=now()):
            pass
        assert told(store) == [start.order_no]


class TestWhatVeryManyAreTold:
    def test_waits_for_starts_and_for_what_people_say(self, store: Store) -> None:
        first = take(store, key="first")
        with store.write() as connection:
            connection.execute(text("UPDATE outbox SET done_at = created_at"))
        hold(store)
        while tell_next(store, now=now()):
            pass
        second = take(store, key="second")
        with store.write() as connection:
            signal = outbox.OutboxKind.SIGNAL
            said = outbox.put(connection, first.order_no, signal, {"n": 1}, now=now())
            assert not outbox.must_wait(connection, first.order_no, said, now=now() + LATER)
            (start,) = outbox.claim(connection, now=now() + LATER, limit=1)
            (person,) = outbox.claim(connection, now=now() + LATER, limit=1)
            (office,) = outbox.claim(connection, now=now() + LATER, limit=5)
        assert [each.kind for each in (start, person, office)] == ["start", "signal", "told"]
        assert [each.matter_no for each in (start, person)] == [second.order_no, first.order_no]

    def test_alarms_nobody_before_it_is_late(self, store: Store) -> None:
        take(store)
        with store.write() as connection:
            connection.execute(text("UPDATE outbox SET done_at = created_at"))
        hold(store)
        while tell_next(store, now=now()):
            pass

        def seen(after: timedelta) -> tuple[int, int, int, int, int]:
            at = now() + after
            with store.read() as connection:
                listed = waiting(connection, now=at)
                decisions = old_decisions(connection, before=at, after=("", ""), limit=9)
                unsent = old_outbox_rows(connection, before=at, after=0, limit=9)
                backlog = outbox.backlog(connection, now=at).rows
            return len(listed.outbox), len(listed.decisions), len(decisions), len(unsent), backlog

        assert seen(LATER) == (0, 0, 0, 0, 0)
        assert seen(timedelta(hours=2)) == (1, 1, 1, 1, 1)
