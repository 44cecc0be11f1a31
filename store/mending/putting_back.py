"""Outbox rows that were set aside: listed, put back once they are mended, or given up.

Assumes an operator who has read the reason.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, Row, select, update

from domain.doors import Via
from domain.errors import DomainError
from store.auditing import audited
from store.matter.locking import lock_matter
from store.matter.outbox import OutboxKind
from store.matter.said.unheard import reject_unsent
from store.matter.tables import outbox


class NotSetAside(DomainError):
    """There is no such row, or it waits like any other."""

    code = "not_set_aside"


class StartNeeded(DomainError):
    """A start is mended, never given up: without it there is no order."""

    code = "start_needed"


@dataclass(frozen=True, kw_only=True, slots=True)
class SetAside:
    """A row that can never be sent as it is."""

    id: int
    matter_no: str
    kind: str
    since: datetime
    reason: str


def set_aside(connection: Connection) -> list[SetAside]:
    """List the rows that were set aside, the oldest first."""
    rows = connection.execute(
        select(outbox)
        .where(outbox.c.done_at.is_(None), outbox.c.set_aside_at.is_not(None))
        .order_by(outbox.c.id)
    )
    return [
        SetAside(
            id=row.id, matter_no=row.matter_no, kind=row.kind, since=row.set_aside_at, reason=row.reason or ""
        )
        for row in rows
    ]


def put_back(connection: Connection, ids: Sequence[int], *, by: str, now: datetime) -> None:
    """Let rows wait again: `Reconcile` tries them in its next round.

    Raises:
        NotSetAside: one of them was not.
    """
    for each in ids:
        row = _locked(connection, each)
        connection.execute(
            update(outbox)
            .where(outbox.c.id == each)
            .values(set_aside_at=None, reason=None, result=None, attempts=0, next_at=now)
        )
        audited(connection, by, Via.OPERATOR, "outbox_put_back", row.matter_no, {"outbox_id": each}, now)


def give_up(connection: Connection, outbox_id: int, *, reason: str, by: str, now: datetime) -> None:
    """Give a signal up for good; its decision is rejected with the reason, so that its sender may decide again.

    Raises:
        NotSetAside: the row was not set aside.
        StartNeeded: the row is the start of an order.
    """
    row = _locked(connection, outbox_id)
    if row.kind == OutboxKind.START:
        raise StartNeeded(f"row {outbox_id} is the start of order {row.matter_no}: fix it, then put it back")
    said = row.payload if isinstance(row.payload, dict) else {}
    if said_id := said.get("decision_id") or said.get("action_id"):
        reject_unsent(connection, row.matter_no, str(said_id), code="undeliverable", reason=reason, now=now)
    done = update(outbox).where(outbox.c.id == outbox_id)
    connection.execute(done.values(done_at=now, result="given_up"))
    data = {"outbox_id": outbox_id, "reason": reason}
    audited(connection, by, Via.OPERATOR, "outbox_given_up", row.matter_no, data, now)


def _locked(connection: Connection, outbox_id: int) -> Row[tuple[object, ...]]:
    matter_no = connection.scalar(select(outbox.c.matter_no).where(outbox.c.id == outbox_id))
    if matter_no is not None:
        lock_matter(connection, matter_no)
    row = connection.execute(
        select(outbox).where(
            outbox.c.id == outbox_id, outbox.c.done_at.is_(None), outbox.c.set_aside_at.is_not(None)
        )
    ).one_or_none()
    if row is None:
        raise NotSetAside(f"row {outbox_id} was not set aside; see: dingdan outbox list")
    return row
