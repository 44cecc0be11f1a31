"""Several processes at the same time: here each is a thread with its own engine, and without our lock."""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import closing
from dataclasses import replace
from datetime import date, timedelta
from functools import partial
from typing import Any, TypeVar

import pytest
from sqlalchemy import Connection, Row, text

from domain.calendar.workdays import DayKind, NamedDay
from domain.order.policy import STANDARD, STANDARD_2
from messages.matter.step import EventRecord, PromiseRequest
from messages.order.step import OrderAnswer, OrderFacts, OrderStep
from messages.order.workflow import StartOrder
from store.database import Store, WriteConflict
from store.matter.step import StepResult, Written
from store.order import intake
from store.order.joined.telling import tell_next
from store.order.said.decisions import lock_order
from store.order.step import write_order, write_step
from store.telling.holds import lift_hold, order_hold
from store.telling.recalculation import load_year
from tests.store.taking import step_of
from tests.support.machine.databases import Databases
from tests.support.office import new_order, now

T = TypeVar("T")
DAY = timedelta(days=1)


@pytest.fixture
def url(databases: Databases) -> str:
    return databases.copy()


@pytest.fixture
def store(url: str) -> Iterator[Store]:
    with closing(Store(url)) as store:
        yield store


def at_once(url: str, count: int, work: Callable[[Store, int], T]) -> list[T]:
    """Let several processes work at the same moment, and return their results."""
    gate = threading.Barrier(count)

    def process(number: int) -> T:
        with closing(Store(url, pool_size=1)) as store:
            store.ping()
            gate.wait(10)
            return work(store, number)

    with ThreadPoolExecutor(count) as threads:
        return list(threads.map(process, range(count)))


def started(placed: intake.Placed) -> StartOrder:
    assert placed.to_start is not None
    return placed.to_start.start


def place(store: Store, new: intake.NewOrder, *, book: str = "standard") -> intake.Placed:
    """Place an order as the API does, which looks again if another process was faster."""

    def once() -> intake.Placed:
        with store.write() as connection:
            return intake.place_order(
                connection,
                new,
                now=now(),
                policy_version=book,
                desk="",
            )

    try:
        return once()
    except WriteConflict:
        return once()


def count(store: Store, table: str) -> int:
    with store.read() as connection:
        return int(connection.scalar(text(f"SELECT count(*) FROM {table}")) or 0)  # noqa: S608 - names of ours


class TestTenRequests:
    def test_with_one_key_place_one_order_and_are_answered_alike(self, store: Store, url: str) -> None:
        new = new_order()
        placed = at_once(url, 10, lambda mine, _: place(mine, new))
        assert sorted(each.replayed for each in placed) == [False] + [True] * 9
        assert {each.is_new for each in placed} == {True}
        assert len({each.receipt.order_no for each in placed}) == 1
        assert [count(store, each) for each in ("orders", "task", "outbox", "idempotency")] == [1, 1, 1, 1]

    def test_with_one_reference_and_a_key_each_place_one_order(self, store: Store, url: str) -> None:
        news = [new_order(source_reference="12345-1") for _ in range(10)]
        placed = at_once(url, 10, lambda mine, number: place(mine, news[number]))
        assert sorted(each.is_new for each in placed) == [False] * 9 + [True]
        assert len({each.receipt.order_no for each in placed}) == 1
        assert [count(store, each) for each in ("orders", "task", "outbox", "idempotency")] == [1, 1, 1, 10]


class TestAStepThatComesTwice:
    def test_is_written_once_and_answered_alike(self, store: Store, url: str) -> None:
        starts = [started(place(store, new_order())) for _ in range(8)]
        steps = [_step(start.order_no) for start in starts if start]
        for step in steps:
            both = at_once(url, 2, partial(_write, step))
            assert {each.result for each in both} == {StepResult.NEW, StepResult.REPEATED}
            assert both[0].answer == both[1].answer
        assert count(store, "record_entry") == len(steps)
        assert count(store, "event") == 2 * len(steps)


def _step(order_no: str) -> OrderStep:
    at = now()
    return OrderStep(
        matter_no=order_no,
        run_id="run-1",
        seq=1,
        at=at,
        policy="standard",
        facts=OrderFacts(stage="classification", tier="street", unit="street"),
        open_tasks=(),
        next_event=2,
        events=(EventRecord(seq=2, at=at, type="OrderReferred", actor="system"),),
    )


def _write(step: OrderStep, store: Store, _: int) -> Written[OrderAnswer]:
    with store.write() as connection:
        return write_step(connection, step, STANDARD)


class TestWhoWaitsForALock:
    def test_finds_all_that_the_other_has_written_in_whichever_table(self, url: str, store: Store) -> None:
        start = started(place(store, new_order()))

        def look(other: Store) -> Row[Any]:
            with other.write() as connection:
                return lock_order(connection, start.order_no)

        with closing(Store(url)) as other, ThreadPoolExecutor(1) as threads:
            with store.write() as connection:
                lock_order(connection, start.order_no)
                waiting = threads.submit(look, other)
                wait([waiting], timeout=1)
                facts = OrderFacts(stage="closed", tier="street", unit="street", ending="withdrawn")
                write_order(
                    connection, _step(start.order_no).model_copy(update={"facts": facts}), OrderAnswer()
                )
            found = waiting.result(10)
        assert (found.stage, found.ending) == ("closed", "withdrawn")


class TestAnIntakeAndAnOfficeThatDecides:
    """An order placed while the office decides something either sees the decision, or is told."""

    def decided_meanwhile(self, url: str, decide: Callable[[Connection], object]) -> StartOrder:
        """Run an intake while the office's transaction has not committed yet."""
        with (
            closing(Store(url)) as office,
            closing(Store(url)) as api,
            ThreadPoolExecutor(1) as threads,
        ):
            with office.write() as connection:
                decide(connection)
                placing = threads.submit(place, api, new_order(), book="standard-2")
                # By then an intake that waits has asked for the lock, and one that does not wait has finished.
                wait([placing], timeout=1)
            start = started(placing.result(10))
        assert start is not None
        return start

    def told(self, store: Store, order_no: str) -> list[str]:
        while tell_next(store, now=now()):
            pass
        with store.read() as connection:
            names = text("SELECT name FROM decision WHERE matter_no = :no ORDER BY decided_at")
            return list(connection.scalars(names, {"no": order_no}))

    def test_a_hold_that_is_lifted(self, url: str, store: Store) -> None:
        with store.write() as connection:
            order_hold(connection, reason="暴雨", until=now() + DAY, ordered_by="x", now=now())
        self.told(store, "")
        start = self.decided_meanwhile(
            url, lambda connection: lift_hold(connection, lifted_by="x", now=now())
        )
        ends = max((each.until for each in start.holds), default=now())
        assert ends < now() + DAY / 2 or "release" in self.told(store, start.order_no)

    def test_a_hold_that_begins(self, url: str, store: Store) -> None:
        def begin(connection: Connection) -> None:
            order_hold(connection, reason="暴雨", until=now() + DAY, ordered_by="x", now=now())

        start = self.decided_meanwhile(url, begin)
        assert start.holds or "hold" in self.told(store, start.order_no)

    def test_a_year_that_is_loaded(self, url: str, store: Store) -> None:
        with store.write() as connection:
            connection.execute(text("DELETE FROM calendar_year"))
        day = NamedDay(day=date(now().year, 1, 1), kind=DayKind.OFF, name="元旦")

        def load(connection: Connection) -> None:
            for year in (now().year, now().year + 1):
                load_year(connection, year, [replace(day, day=date(year, 1, 1))], source="a", now=now())

        start = self.decided_meanwhile(url, load)
        assert not start.first_task.is_provisional or "recalculate" in self.told(store, start.order_no)

    def test_a_year_that_is_loaded_while_a_step_is_recorded(self, url: str, store: Store) -> None:
        start = started(place(store, new_order(), book="standard-2"))
        assert start is not None
        with store.write() as connection:
            connection.execute(text("DELETE FROM calendar_year"))
        ask = PromiseRequest(since=start.received_at, order_class="general")
        step = step_of(start, policy="standard-2", promise=ask)

        def record(api: Store) -> Written[OrderAnswer]:
            with api.write() as connection:
                return write_step(connection, step, STANDARD_2)

        with closing(Store(url)) as office, closing(Store(url)) as api, ThreadPoolExecutor(1) as threads:
            with office.write() as connection:
                for year in (now().year, now().year + 1):
                    day = NamedDay(day=date(year, 1, 1), kind=DayKind.OFF, name="元旦")
                    load_year(connection, year, [day], source="a", now=now())
                recording = threads.submit(record, api)
                wait([recording], timeout=1)
            answer = recording.result(10).answer
        assert not answer.promise_is_provisional or "recalculate" in self.told(store, start.order_no)
