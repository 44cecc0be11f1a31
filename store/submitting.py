"""A decision on a task of any kind of matter: a durable row with its texts first, a signal afterwards.

Assumes that the workflow judges; here a decision is refused early if the store can already tell. The matter's row is
locked for the length of the transaction, so that exactly one of a submission and an automatic step sees the other. No
lock covers one key on two matters: there the later request ends in a `WriteConflict`, and finds the first one when it
looks again.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Protocol

from sqlalchemy import Connection, Row, bindparam, func, select

from domain.doors import CredentialKind, Via
from domain.matter.judging import Refusal, Submission
from domain.matter.normal import normal
from domain.matter.tasks import Outcome, Tables
from domain.text import clean
from messages.matter.signals import CompleteTask
from store.attachment.attachments import Uploader, bind
from store.matter.locking import lock_task
from store.matter.said.decisions import (
    UNFINISHED,
    Actor,
    Refused,
    Subject,
    Submitted,
    TaskDone,
    done_by,
    files_of,
    fingerprint_of,
    keep,
    repeated,
    split_stored,
)
from store.matter.said.returned import sent_back
from store.matter.said.vouching import codes_for, vouched_for
from store.matter.tables import decision
from store.office.people import Staff


class Situation(Protocol):
    """The part of a kind of matter in keeping a decision on one of its tasks: the lock and the judgement."""

    tables: Tables

    def lock(self, connection: Connection, matter_no: str) -> Row[Any]:
        """Lock the matter until the end of the transaction, and read it with its own facts."""

    def judge(
        self, connection: Connection, matter: Row[Any], task: Row[Any], wanted: Submission, outcome: Outcome
    ) -> Refusal | None:
        """Judge a decision on an open task; `outcome` is the row of the table, or one without fields."""


def submit(  # noqa: PLR0913 - what a decision is made of
    connection: Connection,
    situation: Situation,
    *,
    task_id: str,
    decision_id: str,
    outcome: str,
    fields: Mapping[str, Any],
    comment: str | None,
    staff: Staff,
    now: datetime,
) -> Submitted:
    """Keep a decision on a task, or answer a repeated one as before.

    Raises:
        NotFound: there is no such task.
        NotEntitled: the task is another unit's or another role's.
        KeyTaken: the key stands for something else.
        TaskDone: the task is done; says by whom and when.
        Refused: the outcome or one of its fields is not in order.
        UnusableAttachment: an attachment is not the decider's own, or used already.
    """
    matter, row = lock_task(connection, task_id, staff, situation.lock)
    tables = situation.tables
    # An unknown outcome has no fields, and is refused below.
    spec = tables.outcome(row.kind, outcome) or Outcome(name=outcome, label="")
    fields, comment = normal(spec.fields, fields), clean(comment or "") or None
    fingerprint = fingerprint_of(task_id, outcome, fields, comment, staff.username)
    if (known := repeated(connection, decision_id, fingerprint)) is not None:
        return known
    if row.state not in UNFINISHED:
        raise TaskDone(done_by(row))
    listed = codes_for(connection, spec.fields)
    wanted = Submission(name=outcome, actor=staff.username, at=now, fields=fields, codes=listed)
    if refusal := situation.judge(connection, matter, row, wanted, spec):
        raise Refused(refusal)
    codes, texts = split_stored(spec.fields, fields)
    said = CompleteTask(
        task_id=task_id,
        decision_id=decision_id,
        actor=staff.username,
        outcome=outcome,
        fields=codes,
        stored=tuple(sorted(texts)),
        decided_at=now,
        vouched=vouched_for(connection, spec.fields, fields),
    )
    files = files_of(spec.fields, codes)
    back = sent_back(connection, row, tables) if files else None
    bind(
        connection,
        files,
        again=files_of(spec.fields, back.fields) if back else (),
        uploaders=[Uploader(kind=CredentialKind.STAFF, name=staff.username)],
        matter_no=row.matter_no,
        decision_id=decision_id,
        pictures=files_of((each for each in spec.fields if each.goes_to_resident), codes),
    )
    actor = Actor(name=staff.username, via=Via.STAFF, staff=staff)
    return keep(connection, said, row.matter_no, actor, texts, comment, fingerprint, now)


def times_said(connection: Connection, matter_no: str, outcome: str) -> int:
    """Count how often an outcome was decided, also if it was refused afterwards: each has cost the matter a step."""
    return connection.scalar(_TIMES_SAID, {"matter_no": matter_no, "outcome": outcome}) or 0


_TIMES_SAID = select(func.count()).where(
    decision.c.matter_no == bindparam("matter_no"),
    decision.c.subject == Subject.TASK,
    decision.c.name == bindparam("outcome"),
)
