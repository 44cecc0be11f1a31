"""Moving a unit's orders in batches; no order is asked twice, however often the command runs."""

import pytest
from sqlalchemy import update

from domain.order.words import Stage
from store.database import Store
from store.matter.tables import matter
from store.telling import moving
from store.telling.moving import Move, begin_move, move_batch, next_orders, unsettled
from tests.store.taking import rows, take
from tests.support.office import now

UNIT, TO = "community-03", "community-04"


@pytest.fixture(autouse=True)
def _small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(moving, "BATCH", 2)
    monkeypatch.setattr(moving, "_NAMED_AT_ONCE", 2)


def at_work(store: Store, count: int) -> list[str]:
    """Place orders that the unit is handling."""
    numbers = sorted(take(store).order_no for _ in range(count))
    with store.write() as connection:
        connection.execute(update(matter).values(unit=UNIT, stage=Stage.HANDLING))
    return numbers


def move(store: Store, *, batches: int) -> Move:
    """Move as the command does, and stop after this many batches."""
    with store.read() as connection:
        begun = begin_move(connection, UNIT, TO, reason="撤并")
    after = ""
    for _ in range(batches):
        with store.write() as connection:
            batch = next_orders(connection, UNIT, after=after)
            move_batch(connection, batch, begun, TO, reason="撤并", actor="administrator-1", now=now())
            after = batch[-1] if batch else after
    return begun


class TestAMove:
    def test_that_was_stopped_goes_on_and_asks_none_twice(self, store: Store) -> None:
        numbers = at_work(store, 5)
        stopped = move(store, batches=1)
        assert list(stopped.sent) == numbers[:2]
        whole = move(store, batches=3)
        assert list(whole.sent) == numbers
        assert {each: whole.sent[each] for each in stopped.sent} == stopped.sent
        assert rows(store, "SELECT count(*), count(DISTINCT matter_no) FROM decision") == [(5, 5)]
        with store.read() as connection:
            assert unsettled(connection, whole.sent.values()) == 5
