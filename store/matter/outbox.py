"""Starts and signals that still have to reach Temporal, each matter's in sequence.

What the office tells all its matters waits behind what people do, in a sequence of its own.

Assumes that a sender may die after it has claimed a row. So a claim is a lease that runs out, and its epoch keeps a
late sender from marking a row that another one has claimed since. A row that can never be sent is set aside with its
reason: operators see it, and put it back once it is mended.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from pydantic import TypeAdapter, ValidationError
from sqlalchemy import ColumnElement, Connection, FromClause, func, insert, select, true, update

from messages.matter.outbox import StartMatter
from messages.matter.signals import AnySaid, Said
from messages.wire import Wire
from store.inserting import NewRow, insert_all
from store.matter.tables import UNSENT, outbox

_INLINE_GRACE = timedelta(seconds=5)
_LEASE = timedelta(seconds=30)
_INSERT = insert(outbox)
_LONGEST_PAUSE = timedelta(minutes=5)
_PAUSE_WITHOUT_WORKFLOW = timedelta(minutes=1)
_LONGEST_REASON = 300
_SAID: TypeAdapter[Said] = TypeAdapter(AnySaid)


class OutboxKind(StrEnum):
    """What a row sends."""

    START = "start"
    SIGNAL = "signal"
    TOLD = "told"
    """A signal to very many matters: no other row waits for it, and it waits for all others."""


SIGNALS = (OutboxKind.SIGNAL, OutboxKind.TOLD)


class Result(StrEnum):
    """The result of trying to send; `waits` and `no_workflow` (although the matter is open) are tried again."""

    SENT = "sent"
    ORDER_ARCHIVED = "order_archived"
    WAITS = "waits"
    NO_WORKFLOW = "no_workflow"
    SET_ASIDE = "set_aside"


class Unreadable(Exception):
    """A row's payload cannot be read, so there is nothing to send."""


@dataclass(frozen=True, kw_only=True, slots=True)
class WaitingRow:
    """A claimed row as it stands; its `epoch` must be given back with the result."""

    id: int
    matter_no: str
    kind: str
    payload: Any
    attempts: int
    epoch: int

    @property
    def said_id(self) -> str:
        """The id of the decision or action that the row signals; empty for a start."""
        payload = self.payload if isinstance(self.payload, dict) else {}
        return str(payload.get("decision_id") or payload.get("action_id") or "")

    def read(self, inputs: Mapping[str, type[Wire]]) -> StartMatter | Said:
        """Read the start or signal to send; `inputs` holds the input of each workflow type that can be started.

        Raises:
            Unreadable: it cannot be read; the sentence says where, and never what stands there.
        """
        try:
            if self.kind == OutboxKind.START:
                start = StartMatter.model_validate(self.payload)
                if (known := inputs.get(start.workflow_type)) is not None:
                    known.model_validate(start.input)
                return start
            return _SAID.validate_python(self.payload)
        except ValidationError as error:
            raise Unreadable(_where(error)) from None


def _where(error: ValidationError) -> str:
    wrong = [".".join(map(str, each["loc"])) or "all of it" for each in error.errors(include_input=False)]
    return f"it cannot be read: {', '.join(wrong)}"[:_LONGEST_REASON]


def put(
    connection: Connection, matter_no: str, kind: OutboxKind, payload: dict[str, Any], *, now: datetime
) -> int:
    """Add a row to send, and return its id; its writer may send it at once, `Reconcile` waits a few seconds."""
    return insert_all(connection, [outbox_row(matter_no, kind, payload, now=now)])


def outbox_row(matter_no: str, kind: OutboxKind, payload: dict[str, Any], *, now: datetime) -> NewRow:
    """Make a row to send; its writer may send it at once, `Reconcile` waits a few seconds."""
    return outbox, {
        "matter_no": matter_no,
        "kind": kind,
        "payload": payload,
        "created_at": now,
        "next_at": now + _INLINE_GRACE,
        "attempts": 0,
        "lease_epoch": 0,
        "done_at": None,
    }


def put_told(connection: Connection, rows: Sequence[tuple[str, dict[str, Any]]], *, now: datetime) -> None:
    """Add rows that tell very many matters: each is a matter's number and a signal."""
    connection.execute(
        _INSERT,
        [
            {
                "matter_no": matter_no,
                "kind": OutboxKind.TOLD,
                "payload": payload,
                "created_at": now,
                "next_at": now,
                "attempts": 0,
                "lease_epoch": 0,
                "done_at": None,
            }
            for matter_no, payload in rows
        ],
    )


def signals_of(connection: Connection, matter_no: str) -> list[Said]:
    """List the signals of a matter, sent or not, in sequence; those set aside are left out until they are mended."""
    rows = connection.scalars(
        select(outbox.c.payload)
        .where(
            outbox.c.matter_no == matter_no,
            outbox.c.kind.in_(SIGNALS),
            outbox.c.set_aside_at.is_(None),
        )
        .order_by(outbox.c.id)
    )
    said = []
    for payload in rows:
        try:
            said.append(_SAID.validate_python(payload))
        except ValidationError:
            # It was not tried yet; its sender will set it aside. Here it must not stop the matter's steps.
            continue
    return said


def mark_sent(
    connection: Connection, outbox_ids: Sequence[int], *, now: datetime, result: Result = Result.SENT
) -> None:
    """Mark rows that were sent inline."""
    connection.execute(
        update(outbox)
        .where(outbox.c.id.in_(outbox_ids), outbox.c.done_at.is_(None))
        .values(done_at=now, result=result)
    )


def must_wait(connection: Connection, matter_no: str, outbox_id: int, *, now: datetime) -> bool:
    """Tell whether a row has to wait for an earlier one of its matter: the start, or a signal left to `Reconcile`.

    Signals that other callers are sending at this moment do not count: among them no sequence was promised. Nor do the
    signals by which the office tells all its matters.
    """
    earlier = select(outbox.c.id).where(
        outbox.c.matter_no == matter_no,
        outbox.c.kind != OutboxKind.TOLD,
        _stands_before_others(outbox),
        outbox.c.id < outbox_id,
        (outbox.c.kind == OutboxKind.START) | (outbox.c.next_at <= now) | (outbox.c.attempts > 0),
    )
    return connection.execute(earlier.limit(1)).first() is not None


def _stands_before_others(row: FromClause) -> ColumnElement[bool]:
    """Say in SQL that later rows of the matter wait for this one; they do not wait for a signal that is set aside."""
    return row.c.done_at.is_(None) & (row.c.set_aside_at.is_(None) | (row.c.kind == OutboxKind.START))


def claim(connection: Connection, *, now: datetime, limit: int) -> list[WaitingRow]:
    """Claim rows that are ready: starts first, then people's signals, then those by which the office tells all matters.

    Only the oldest row of each matter is claimed, so that its start comes first.
    """
    claimed: list[WaitingRow] = []
    for kind in OutboxKind:
        if len(claimed) < limit:
            others = outbox.c.matter_no.not_in({each.matter_no for each in claimed})
            claimed += _claim(
                connection, kind, now, limit - len(claimed), which=others & (outbox.c.next_at <= now)
            )
    return claimed


def claim_starts(connection: Connection, matter_nos: Collection[str], *, now: datetime) -> list[WaitingRow]:
    """Claim the starts of these matters, for the caller that has just added them and need not wait for their grace."""
    mine = outbox.c.matter_no.in_(matter_nos)
    return _claim(connection, OutboxKind.START, now, len(matter_nos), which=mine)


def claim_signals(connection: Connection, matter_nos: Collection[str], *, now: datetime) -> list[WaitingRow]:
    """Claim the signals to these matters, for the caller that has just started them; those behind a start stay."""
    mine = outbox.c.matter_no.in_(matter_nos)
    return _claim(connection, OutboxKind.SIGNAL, now, len(matter_nos), which=mine)


def _claim(
    connection: Connection, kind: OutboxKind, now: datetime, limit: int, *, which: ColumnElement[bool]
) -> list[WaitingRow]:
    other = outbox.alias("earlier")
    is_told = kind is OutboxKind.TOLD
    earlier = select(other.c.id).where(
        other.c.matter_no == outbox.c.matter_no,
        _stands_before_others(other),
        other.c.id < outbox.c.id,
        true() if is_told else other.c.kind != OutboxKind.TOLD,
    )
    ready = (
        select(outbox)
        .where(
            UNSENT,
            outbox.c.set_aside_at.is_(None),
            outbox.c.kind == kind,
            which,
            ~earlier.exists(),
        )
        .order_by(outbox.c.next_at, outbox.c.id)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    rows = connection.execute(ready).all()
    if rows:
        leased = update(outbox).where(outbox.c.id.in_([row.id for row in rows]))
        epoch, attempts = outbox.c.lease_epoch + 1, outbox.c.attempts + 1
        connection.execute(leased.values(lease_epoch=epoch, next_at=now + _LEASE, attempts=attempts))
    return [
        WaitingRow(
            id=row.id,
            matter_no=row.matter_no,
            kind=row.kind,
            payload=row.payload,
            attempts=row.attempts + 1,
            epoch=row.lease_epoch + 1,
        )
        for row in rows
    ]


def settle(
    connection: Connection, waiting: WaitingRow, *, now: datetime, result: Result, reason: str | None = None
) -> None:
    """Mark a claimed row as done or set aside, or let it wait again, longer each time."""
    match result:
        case Result.SENT | Result.ORDER_ARCHIVED:
            values: dict[str, Any] = {"done_at": now, "result": result}
        case Result.SET_ASIDE:
            values = {"set_aside_at": now, "result": result, "reason": (reason or "")[:_LONGEST_REASON]}
        case Result.WAITS | Result.NO_WORKFLOW:
            pause = min(timedelta(seconds=2 ** min(waiting.attempts, 10)), _LONGEST_PAUSE)
            if result is Result.NO_WORKFLOW:
                pause = max(pause, _PAUSE_WITHOUT_WORKFLOW)
            values = {"next_at": now + pause, "result": result}
    mine = (outbox.c.id == waiting.id) & (outbox.c.lease_epoch == waiting.epoch)
    connection.execute(update(outbox).where(mine).values(**values))


PATIENCE = timedelta(hours=1)
"""How long a signal to very many matters may wait before it counts as late."""


def waits_since(before: datetime) -> ColumnElement[bool]:
    """Say in SQL which rows have waited since before an instant; a signal to very many matters only if it is late."""
    is_late = (outbox.c.kind != OutboxKind.TOLD) | (outbox.c.created_at < before - PATIENCE)
    tried = outbox.c.done_at.is_(None) & outbox.c.set_aside_at.is_(None)
    return tried & (outbox.c.created_at < before) & is_late


@dataclass(frozen=True, kw_only=True, slots=True)
class Backlog:
    """How many rows wait, since when the oldest does, and how many were set aside."""

    rows: int
    oldest: datetime | None
    set_aside: int


def backlog(connection: Connection, *, now: datetime) -> Backlog:
    """Count the rows that wait and those set aside; a signal to very many matters counts as waiting only if late."""
    waits = waits_since(now)
    row = connection.execute(
        select(
            func.count().filter(waits),
            func.min(outbox.c.created_at).filter(waits),
            func.count().filter(outbox.c.set_aside_at.is_not(None)),
        ).where(outbox.c.done_at.is_(None))
    ).one()
    return Backlog(rows=row[0], oldest=row[1], set_aside=row[2])
