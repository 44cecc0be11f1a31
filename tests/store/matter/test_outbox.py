"""Rows that can never be sent are set aside, shown, and put back or given up."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import text

from messages.matter.outbox import StartMatter
from store.database import Store
from store.matter import outbox
from store.matter.outbox import OutboxKind, Result, WaitingRow
from store.mending.putting_back import NotSetAside, StartNeeded, give_up, put_back, set_aside
from tests.store.taking import rows, take
from tests.support.office import now
from worker import INPUTS

SOON = timedelta(seconds=10)


def claimed(store: Store, later: timedelta = SOON) -> list[WaitingRow]:
    with store.write() as connection:
        return outbox.claim(connection, now=now() + later, limit=10)


def settle(store: Store, waiting: WaitingRow, result: Result, reason: str | None = None) -> None:
    with store.write() as connection:
        outbox.settle(connection, waiting, now=now(), result=result, reason=reason)


def put(store: Store, order_no: str, payload: Any) -> int:
    with store.write() as connection:
        return outbox.put(connection, order_no, OutboxKind.SIGNAL, payload, now=now())


class TestARowThatIsSetAside:
    def test_keeps_its_order_waiting_if_it_is_the_start_and_not_otherwise(self, store: Store) -> None:
        order_no = take(store).order_no
        first, second = put(store, order_no, {"n": 1}), put(store, order_no, {"n": 2})
        (start,) = claimed(store)
        settle(store, start, Result.SET_ASIDE, "why")
        assert claimed(store) == []
        with store.write() as connection:
            assert outbox.must_wait(connection, order_no, first, now=now())
            put_back(connection, [start.id], by="operator", now=now())
        (again,) = claimed(store)
        settle(store, again, Result.SENT)
        (poison,) = claimed(store)
        assert poison.id == first
        settle(store, poison, Result.SET_ASIDE, "why")
        (other,) = claimed(store)
        assert other.id == second
        with store.read() as connection:
            assert not outbox.must_wait(connection, order_no, second, now=now())

    def test_is_listed_with_its_reason_and_counted_apart(self, store: Store) -> None:
        order_no = take(store).order_no
        (start,) = claimed(store)
        settle(store, start, Result.SET_ASIDE, "x" * 400)
        with store.read() as connection:
            backlog = outbox.backlog(connection, now=now() + timedelta(minutes=1))
            assert backlog == outbox.Backlog(rows=0, oldest=None, set_aside=1)
            (seen,) = set_aside(connection)
        assert (seen.matter_no, seen.kind, len(seen.reason)) == (order_no, "start", 300)

    def test_is_put_back_by_an_operator_and_that_stands_in_the_audit(self, store: Store) -> None:
        take(store)
        (start,) = claimed(store)
        settle(store, start, Result.SET_ASIDE, "why")
        assert claimed(store, timedelta(days=1)) == [], "it is not tried again by itself"
        with store.write() as connection:
            put_back(connection, [start.id], by="administrator-1", now=now())
        assert [each.attempts for each in claimed(store)] == [1]
        assert rows(store, "SELECT actor FROM audit WHERE act = 'outbox_put_back'") == [("administrator-1",)]
        with pytest.raises(NotSetAside), store.write() as connection:
            put_back(connection, [start.id], by="administrator-1", now=now())

    def test_is_given_up_only_if_it_is_no_start(self, store: Store) -> None:
        order_no = take(store).order_no
        (start,) = claimed(store)
        settle(store, start, Result.SET_ASIDE, "why")
        with pytest.raises(StartNeeded), store.write() as connection:
            give_up(connection, start.id, reason="x", by="operator", now=now())
        with store.write() as connection:
            connection.execute(text("UPDATE outbox SET done_at = created_at"))
        put(store, order_no, {"decision_id": "d-1"})
        (poison,) = claimed(store)
        settle(store, poison, Result.SET_ASIDE, "why")
        with store.write() as connection:
            give_up(connection, poison.id, reason="写坏了", by="operator", now=now())
            assert set_aside(connection) == []


class TestWhatNobodyCanRead:
    @pytest.mark.parametrize("payload", [None, [], "x", {"kind": "decision"}, {"kind": "x"}])
    def test_is_claimed_like_any_other_and_says_where_it_is_wrong(self, store: Store, payload: Any) -> None:
        order_no = take(store).order_no
        (start,) = claimed(store)
        settle(store, start, Result.SENT)
        put(store, order_no, payload)
        (poison,) = claimed(store)
        with pytest.raises(outbox.Unreadable, match="it cannot be read: "):
            poison.read(INPUTS)
        assert poison.said_id == ""

    @pytest.mark.parametrize(
        ("part", "name", "wrong", "said"),
        [
            ("input", "policy", None, "policy"),
            ("input", "first_task", {}, "first_task"),
            ("attributes", "DueAt", "soon", "attributes"),
            ("attributes", "Escalations", "many", "attributes"),
            ("attributes", "Overdue", 1, "attributes"),
            ("attributes", "Kind", "order", "attributes"),
        ],
    )
    def test_is_a_start_that_would_begin_a_workflow_which_cannot_go_on(
        self, store: Store, part: str, name: str, wrong: Any, said: str
    ) -> None:
        take(store)
        (start,) = claimed(store)
        payload = {**start.payload, part: {**start.payload[part], name: wrong}}
        with pytest.raises(outbox.Unreadable, match=f"it cannot be read: .*{said}"):
            replace(start, payload=payload).read(INPUTS)
        assert isinstance(start.read(INPUTS), StartMatter)
