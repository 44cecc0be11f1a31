"""What still has to reach Temporal: starts and signals, each order's in sequence.

Assumes that whoever claims a row may die: a claim is a lease that runs out, and its epoch keeps a
late loser from marking what somebody else has done since.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from pydantic import TypeAdapter
from sqlalchemy import Connection, func, insert, select, update

from messages.records import AnySaid
from messages.signals import Said
from store.tables import outbox

_INLINE_GRACE = timedelta(seconds=5)
_LEASE = timedelta(seconds=30)
_LONGEST_PAUSE = timedelta(minutes=5)
_SAID: TypeAdapter[Said] = TypeAdapter(AnySaid)


class OutboxKind(StrEnum):
    """What is to be sent."""

    START = "start"
    SIGNAL = "signal"


@dataclass(frozen=True, kw_only=True, slots=True)
class Waiting:
    """A claimed row; `epoch` must be given back with the result."""

    id: int
    order_no: str
    kind: OutboxKind
    payload: dict[str, Any]
    attempts: int
    epoch: int


def put(
    connection: Connection, order_no: str, kind: OutboxKind, payload: dict[str, Any], *, now: datetime
) -> int:
    """Keep what is to be sent; who put it may try at once, the others wait a few seconds."""
    row = connection.execute(
        insert(outbox),
        {
            "order_no": order_no,
            "kind": kind,
            "payload": payload,
            "created_at": now,
            "next_at": now + _INLINE_GRACE,
            "attempts": 0,
            "lease_epoch": 0,
            "done_at": None,
        },
    )
    key = row.inserted_primary_key
    return int(key[0]) if key else 0


def signals_of(connection: Connection, order_no: str) -> list[Said]:
    """List the signals of an order, sent or not, as they were put."""
    rows = connection.scalars(
        select(outbox.c.payload)
        .where(outbox.c.order_no == order_no, outbox.c.kind == OutboxKind.SIGNAL)
        .order_by(outbox.c.id)
    )
    return [_SAID.validate_python(payload) for payload in rows]


def mark_sent(
    connection: Connection, outbox_ids: Sequence[int], *, now: datetime, result: str = "sent"
) -> None:
    """Mark rows that were sent inline."""
    connection.execute(
        update(outbox)
        .where(outbox.c.id.in_(outbox_ids), outbox.c.done_at.is_(None))
        .values(done_at=now, result=result)
    )


def must_wait(connection: Connection, order_no: str, outbox_id: int, *, now: datetime) -> bool:
    """Tell whether a row has to wait for an earlier one of its order: the start, or a signal left to `Reconcile`.

    Signals that others are sending at this moment do not count: among them no order was promised.
    """
    earlier = select(outbox.c.id).where(
        outbox.c.order_no == order_no,
        outbox.c.done_at.is_(None),
        outbox.c.id < outbox_id,
        (outbox.c.kind == OutboxKind.START) | (outbox.c.next_at <= now) | (outbox.c.attempts > 0),
    )
    return connection.execute(earlier.limit(1)).first() is not None


def claim(connection: Connection, *, now: datetime, limit: int) -> list[Waiting]:
    """Claim rows that are ready, the oldest of each order only, so that an order's start comes first."""
    other = outbox.alias("earlier")
    earlier = select(other.c.id).where(
        other.c.order_no == outbox.c.order_no, other.c.done_at.is_(None), other.c.id < outbox.c.id
    )
    ready = (
        select(outbox)
        .where(outbox.c.done_at.is_(None), outbox.c.next_at <= now, ~earlier.exists())
        .order_by(outbox.c.id)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    claimed = []
    for row in connection.execute(ready).all():
        connection.execute(
            update(outbox)
            .where(outbox.c.id == row.id)
            .values(lease_epoch=row.lease_epoch + 1, next_at=now + _LEASE, attempts=row.attempts + 1)
        )
        claimed.append(
            Waiting(
                id=row.id,
                order_no=row.order_no,
                kind=OutboxKind(row.kind),
                payload=dict(row.payload),
                attempts=row.attempts + 1,
                epoch=row.lease_epoch + 1,
            )
        )
    return claimed


def settle(connection: Connection, waiting: Waiting, *, now: datetime, result: str | None) -> None:
    """Mark a claimed row as done, or let it wait again, longer each time, if `result` is `None`."""
    mine = (outbox.c.id == waiting.id) & (outbox.c.lease_epoch == waiting.epoch)
    if result is not None:
        connection.execute(update(outbox).where(mine).values(done_at=now, result=result))
        return
    pause = min(timedelta(seconds=2 ** min(waiting.attempts, 10)), _LONGEST_PAUSE)
    connection.execute(update(outbox).where(mine).values(next_at=now + pause))


def backlog(connection: Connection) -> tuple[int, datetime | None]:
    """Count what waits, and say since when the oldest does."""
    row = connection.execute(
        select(func.count(), func.min(outbox.c.created_at)).where(outbox.c.done_at.is_(None))
    ).one()
    return row[0], row[1]
