"""Decisions and actions as rows: kept with their texts first, signalled afterwards.

Assumes that the caller holds the lock of the matter. No lock covers one key on two matters: there the later request
ends in a `WriteConflict`, and finds the first one when it looks again.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, bindparam, select

from domain.doors import Via
from domain.errors import DomainError
from domain.matter.judging import DecisionStatus, Refusal
from domain.matter.tasks import STORED, Field, FieldType, TaskState
from messages.matter.signals import CompleteTask, Said
from store.auditing import audit_row
from store.inserting import insert_all
from store.matter.outbox import PATIENCE, OutboxKind, outbox_row
from store.matter.tables import LOST, decision
from store.office.people import Staff


class Subject(StrEnum):
    """What a row decides on: one task, or the whole matter."""

    TASK = "task"
    MATTER = "matter"


UNFINISHED = (TaskState.OPEN, TaskState.WAITING)
"""States of a task that still has to be decided; one that waits rests meanwhile."""


class NotFound(DomainError):
    """There is no such thing, or none that the caller may see."""

    code = "not_found"


class NotEntitled(DomainError):
    """The caller may see it but not decide it."""

    code = "not_entitled"


class TaskDone(DomainError):
    """A colleague was faster, or the task's limit has passed."""

    code = "task_done"


class KeyTaken(DomainError):
    """The key stands for another decision."""

    code = "idempotency_key_reused"


class Refused(DomainError):
    """The lifecycle table says no; `refusal` says why, and which field is meant."""

    def __init__(self, refusal: Refusal) -> None:
        """Keep the refusal."""
        super().__init__(refusal.reason)
        self.refusal = refusal


@dataclass(frozen=True, kw_only=True, slots=True)
class Decision:
    """A decision or action as its sender sees it; the caller builds links from its ids."""

    decision_id: str
    matter_no: str
    task_id: str | None
    name: str
    actor: str
    status: DecisionStatus
    code: str | None
    reason: str | None
    decided_at: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class Submitted:
    """The row, and if it is new the signal to send after the commit."""

    row: Decision
    said: Said | None = None
    outbox_id: int | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Actor:
    """Who acts, by which door, and as which member of staff, if any."""

    name: str
    via: Via
    staff: Staff | None = None


def find(connection: Connection, decision_id: str) -> Decision | None:
    """Find a decision or action by its id; one that was kept here goes before one that an operator signalled."""
    row = _find(connection, decision_id)
    return _seen(row) if row else None


def decided_before(instant: datetime) -> ColumnElement[bool]:
    """Say in SQL which rows were decided before an instant; the office's own have `PATIENCE` to reach their matters."""
    is_late = (decision.c.via != Via.SYSTEM) | (decision.c.decided_at < instant - PATIENCE)
    return (decision.c.decided_at < instant) & is_late


def done_by(row: Row[Any]) -> str:
    """Say in a sentence by whom and when a task was closed."""
    when = f"{row.closed_at:%Y-%m-%dT%H:%M:%SZ}" if row.closed_at else "an unknown time"
    return f"the task is {row.state}: {row.outcome} by {row.closed_by} at {when}"


def files_of(fields: Iterable[Field], given: Mapping[str, Any]) -> list[str]:
    """List the ids of the attachments that a decision or action names."""
    return [
        each
        for field in fields
        if field.type is FieldType.ATTACHMENTS
        for each in given.get(field.name) or ()
    ]


def split_stored(
    fields: tuple[Field, ...], given: Mapping[str, Any]
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Separate the codes that the signal carries from the texts, which stay in the store."""
    kept = {each.name for each in fields if each.type in STORED}
    return (
        {name: value for name, value in given.items() if name not in kept and value not in (None, [])},
        {name: value for name, value in given.items() if name in kept and value is not None},
    )


def keep(
    connection: Connection,
    said: Said,
    matter_no: str,
    actor: Actor,
    texts: Mapping[str, Any],
    comment: str | None,
    fingerprint: str,
    now: datetime,
) -> Submitted:
    """Write the row, the signal to the workflow in the outbox, and the audit."""
    is_task = isinstance(said, CompleteTask)
    said_id = said.said_id
    decided = {
        "decision_id": said_id,
        "matter_no": matter_no,
        "task_id": said.task_id if isinstance(said, CompleteTask) else None,
        "subject": Subject.TASK if is_task else Subject.MATTER,
        "name": said.said_name,
        "actor": actor.name,
        "via": actor.via,
        "fields": said.fields,
        "texts": dict(texts),
        "comment": comment,
        "fingerprint": fingerprint,
        "decided_at": now,
        "status": DecisionStatus.PENDING,
    }
    seen = {"decision_id": said_id, "name": said.said_name}
    outbox_id = insert_all(
        connection,
        [
            (decision, decided),
            audit_row(actor.name, actor.via, "decided", matter_no, seen, now),
            outbox_row(matter_no, OutboxKind.SIGNAL, said.model_dump(mode="json"), now=now),
        ],
    )
    row = find(connection, said_id)
    if row is None:
        raise NotFound(f"there is no decision {said_id!r}")
    return Submitted(row=row, said=said, outbox_id=outbox_id)


def _find(connection: Connection, decision_id: str) -> Row[Any] | None:
    return connection.execute(_BY_ID, {"decision_id": decision_id}).one_or_none()


_BY_ID = (
    select(decision)
    .where(decision.c.decision_id == bindparam("decision_id"))
    .order_by(decision.c.fingerprint.is_(None), decision.c.fingerprint == LOST, decision.c.matter_no)
    .limit(1)
)


def repeated(connection: Connection, said_id: str, fingerprint: str) -> Submitted | None:
    """Find the decision or action that was kept under this id already.

    Raises:
        KeyTaken: the id stands for something else.
    """
    row = _find(connection, said_id)
    if row is None:
        return None
    if row.fingerprint != fingerprint:
        raise KeyTaken(
            "this Idempotency-Key was used for another decision; make a new key for a new decision"
        )
    return Submitted(row=_seen(row))


def fingerprint_of(about: str, name: str, fields: Mapping[str, Any], comment: str | None, actor: str) -> str:
    """Hash what a decision or action asks for, in its normal form, to notice another one under the same key."""
    canonical = json.dumps([about, name, fields, comment, actor], sort_keys=True, default=str)
    return hashlib.sha256(canonical.encode()).hexdigest()


def _seen(row: Row[Any]) -> Decision:
    return Decision(
        decision_id=row.decision_id,
        matter_no=row.matter_no,
        task_id=row.task_id,
        name=row.name,
        actor=row.actor,
        status=DecisionStatus(row.status),
        code=row.code,
        reason=row.reason,
        decided_at=row.decided_at,
    )
