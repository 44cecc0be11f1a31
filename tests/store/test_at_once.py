"""What several processes do at the same time: here each is a thread with an engine of its own, and no lock of ours."""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from functools import partial
from typing import TypeVar

import pytest
from sqlalchemy import text

from domain.policy import STANDARD
from messages.records import EventRecord, OrderFacts, RecordStep
from store import intake
from store.database import Store, WriteConflict
from store.projections import StepResult, Written, write_step
from tests.support.databases import Databases
from tests.support.office import new_order, now

T = TypeVar("T")


@pytest.fixture
def url(databases: Databases) -> str:
    return databases.copy()


@pytest.fixture
def store(url: str) -> Iterator[Store]:
    with closing(Store(url)) as store:
        yield store


def at_once(url: str, count: int, work: Callable[[Store, int], T]) -> list[T]:
    """Let several processes do their work in the same moment; gives what came of it."""
    gate = threading.Barrier(count)

    def process(number: int) -> T:
        with closing(Store(url, pool_size=1)) as store:
            store.ping()
            gate.wait(10)
            return work(store, number)

    with ThreadPoolExecutor(count) as threads:
        return list(threads.map(process, range(count)))


def place(store: Store, new: intake.NewOrder) -> intake.Placed:
    """Place an order as the API does, which looks again when somebody was faster."""

    def once() -> intake.Placed:
        with store.write() as connection:
            return intake.place_order(
                connection,
                new,
                now=now(),
                policy_version="standard",
                page=lambda order_no: order_no,
                respond=lambda receipt: {"order_no": receipt.order_no},
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
        assert {each.status for each in placed} == {201}
        assert len({each.response["order_no"] for each in placed}) == 1
        assert [count(store, each) for each in ("orders", "task", "outbox", "idempotency")] == [1, 1, 1, 1]

    def test_with_one_reference_and_a_key_each_place_one_order(self, store: Store, url: str) -> None:
        news = [new_order(source_reference="12345-1") for _ in range(10)]
        placed = at_once(url, 10, lambda mine, number: place(mine, news[number]))
        assert sorted(each.status for each in placed) == [200] * 9 + [201]
        assert len({each.response["order_no"] for each in placed}) == 1
        assert [count(store, each) for each in ("orders", "task", "outbox", "idempotency")] == [1, 1, 1, 10]


class TestAStepThatComesTwice:
    def test_is_written_once_and_answered_alike(self, store: Store, url: str) -> None:
        starts = [place(store, new_order()).start for _ in range(8)]
        steps = [_step(start.order_no) for start in starts if start]
        for step in steps:
            both = at_once(url, 2, partial(_write, step))
            assert {each.result for each in both} == {StepResult.NEW, StepResult.REPEATED}
            assert both[0].answer == both[1].answer
        assert count(store, "record_entry") == len(steps)
        assert count(store, "event") == 2 * len(steps)


def _step(order_no: str) -> RecordStep:
    at = now()
    return RecordStep(
        order_no=order_no,
        run_id="run-1",
        seq=1,
        at=at,
        policy="standard",
        order=OrderFacts(stage="classification", tier="street", unit="street"),
        open_tasks=(),
        next_event=2,
        events=(EventRecord(seq=2, at=at, type="OrderReferred", actor="system"),),
    )


def _write(step: RecordStep, store: Store, _: int) -> Written:
    with store.write() as connection:
        return write_step(connection, step, STANDARD)
