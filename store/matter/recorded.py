"""Steps as they were committed: each with its answer, the hash of its content, and its run.

Assumes that only Temporal knows which run of a matter is the present one. Instants of different runs are never
compared: the clock of a machine may have stepped back in between.
"""

import hashlib
import json
from collections.abc import Collection
from datetime import datetime
from typing import Any, TypeVar

from sqlalchemy import Connection, Row, bindparam, delete, insert, select, update

from domain.kinds import named
from domain.matter.tasks import SYSTEM, TaskState
from messages.matter.step import MatterAnswer, MatterStep
from store.matter.said.decisions import UNFINISHED
from store.matter.tables import event, record_entry, task

Answer = TypeVar("Answer", bound=MatterAnswer)


class OtherRun(Exception):
    """The rows of a matter are those of another run than the step's; `run_id` names it."""

    def __init__(self, matter_no: str, run_id: str) -> None:
        """Keep the run whose rows are there."""
        super().__init__(f"{named(matter_no)}: its rows belong to run {run_id}")
        self.run_id = run_id


class StepDiffers(Exception):
    """Another step was committed under this number."""


def digest_of(step: MatterStep) -> str:
    """Hash the content of a step; defaults are left out, so that a new field with a default changes nothing."""
    said = json.dumps(step.model_dump(mode="json", exclude_defaults=True), sort_keys=True)
    return hashlib.sha256(said.encode()).hexdigest()


def answered_before(connection: Connection, step: MatterStep, kind: type[Answer]) -> Answer | None:
    """Find the answer that a step was given when it was committed, as its kind reads it; `None` if it was not.

    Raises:
        StepDiffers: another step was committed under its number.
    """
    number = {"matter_no": step.matter_no, "run_id": step.run_id, "seq": step.seq}
    row = connection.execute(_COMMITTED, number).one_or_none()
    if row is None:
        return None
    if row.digest not in {None, digest_of(step)}:
        raise StepDiffers(
            f"{named(step.matter_no)}: step {step.seq} of this run differs between store and history; "
            f"run: dingdan rebuild {step.matter_no}"
        )
    return kind.model_validate(row.answer)


def remember(connection: Connection, step: MatterStep, answer: MatterAnswer) -> None:
    """Keep a step's answer, for the case that the step is repeated."""
    connection.execute(
        _REMEMBER,
        {
            "matter_no": step.matter_no,
            "run_id": step.run_id,
            "seq": step.seq,
            "digest": digest_of(step),
            "answer": answer.model_dump(mode="json"),
        },
    )


_COMMITTED = select(record_entry.c.answer, record_entry.c.digest).where(
    record_entry.c.matter_no == bindparam("matter_no"),
    record_entry.c.run_id == bindparam("run_id"),
    record_entry.c.seq == bindparam("seq"),
)
_REMEMBER = insert(record_entry)


def take_over(
    connection: Connection, row: Row[Any], step: MatterStep, *, takes_over: str | None = None
) -> None:
    """Let a new run take over from the one that it replaces: its events replace those of the abandoned branch.

    So do its tasks. The new run first draws the same letters for their ids as the old one; only later ids differ.

    Raises:
        OtherRun: the rows are those of a run that the new one is not known to replace.
    """
    if row.run_id in {None, step.run_id}:
        return
    if row.run_id != takes_over:
        raise OtherRun(step.matter_no, row.run_id)
    again = [each.task_id for each in step.opened]
    connection.execute(delete(task).where(task.c.matter_no == step.matter_no, task.c.task_id.in_(again)))
    abandon(
        connection,
        step.matter_no,
        run_id=step.run_id,
        next_event=step.next_event,
        open_tasks=step.open_tasks,
        at=row.recorded_at or step.at,
    )


def abandon(
    connection: Connection,
    matter_no: str,
    *,
    run_id: str,
    next_event: int,
    open_tasks: Collection[str],
    at: datetime,
) -> None:
    """Mark what other runs wrote from an event's number on, and leave exactly `open_tasks` open.

    `at` is when the abandoned branch was last heard of.
    """
    connection.execute(
        update(event)
        .where(event.c.matter_no == matter_no, event.c.run_id != run_id, event.c.seq >= next_event)
        .values(abandoned=True)
    )
    mine = task.c.matter_no == matter_no
    connection.execute(
        update(task)
        .where(mine, task.c.state.in_(UNFINISHED), task.c.task_id.not_in(open_tasks))
        .values(state=TaskState.SUPERSEDED, outcome="abandoned", closed_by=SYSTEM, closed_at=at)
    )
    connection.execute(
        update(task)
        .where(mine, task.c.state.not_in(UNFINISHED), task.c.task_id.in_(open_tasks))
        .values(state=TaskState.OPEN, outcome=None, closed_by=None, closed_at=None)
    )
