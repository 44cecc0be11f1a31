"""Writing what every kind of matter does in a step; the kind's own step calls these in its own order.

Assumes the matter's lock, and the transaction of the step.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Generic, TypeVar

from sqlalchemy import Connection, bindparam, insert, select, update

from domain.doors import Via
from domain.matter.tasks import SYSTEM, TaskState
from messages.matter.step import ClockReading, MatterAnswer, MatterFacts, MatterStep, MessageWritten
from store.database import insert_ignore
from store.matter.tables import event, matter, message, task

# Built once: to build a statement takes longer than to execute it.
_OPEN_TASK, _INSERT_EVENT = insert(task), insert(event)
_CHANGE_TASK = update(task).where(task.c.task_id == bindparam("of"))
_CLOSE_TASK = _CHANGE_TASK.returning(task.c.kind)
_OPEN_CLOCKS = select(task.c.due_at, task.c.is_provisional).where(
    task.c.matter_no == bindparam("matter_no"), task.c.state == TaskState.OPEN
)
_SHOW_MATTER = update(matter).where(matter.c.matter_no == bindparam("of"))

Answer_co = TypeVar("Answer_co", bound=MatterAnswer, covariant=True)


class StepResult(StrEnum):
    """What became of a step."""

    NEW = "new"
    REPEATED = "repeated"
    PENDING = "pending"


@dataclass(frozen=True, kw_only=True, slots=True)
class Written(Generic[Answer_co]):
    """What a step did; `entered` and `finished` (kind and outcome) are known of a new one only."""

    answer: Answer_co
    result: StepResult
    entered: str | None = None
    finished: tuple[tuple[str, str], ...] = ()

    @property
    def is_new(self) -> bool:
        """Whether it was this call that wrote it."""
        return self.result is StepResult.NEW


def write_tasks(
    connection: Connection, step: MatterStep, clocks: Mapping[str, ClockReading]
) -> tuple[tuple[str, str], ...]:
    """Open and close tasks, and return kind and outcome of those that were closed."""
    for opened in step.opened:
        reading = clocks.get(opened.task_id)
        connection.execute(
            _OPEN_TASK,
            {
                **opened.model_dump(),
                "matter_no": step.matter_no,
                "state": TaskState.OPEN,
                "due_at": reading.due_at if reading else None,
                "remind_at": reading.remind_at if reading else None,
                "is_provisional": bool(reading and reading.is_provisional),
            },
        )
    for changed in step.changed:
        shown: dict[str, Any] = {"state": changed.state, "withheld": list(changed.withheld)}
        if changed.state == TaskState.WAITING:
            shown |= {"due_at": None, "remind_at": None, "is_provisional": False}
        connection.execute(_CHANGE_TASK, {"of": changed.task_id, **shown})
    fresh = {opened.task_id for opened in step.opened}
    for key, reading in clocks.items():
        if key not in fresh:
            clock = {name: getattr(reading, name) for name in ClockReading.model_fields}
            connection.execute(_CHANGE_TASK, {"of": key, **clock})
    finished = []
    for closed in step.closed:
        how = {
            "state": closed.state,
            "outcome": closed.outcome,
            "closed_by": closed.actor,
            "closed_at": closed.at,
        }
        kind = connection.scalar(_CLOSE_TASK, {"of": closed.task_id, **how})
        finished.append((str(kind), closed.outcome))
    return tuple(finished)


def write_events(connection: Connection, step: MatterStep, vias: Mapping[str, Via]) -> None:
    """Write what happened; each event with the door by which it was said, if somebody said it."""
    if not step.events:
        return
    rows = [
        {
            "matter_no": step.matter_no,
            "run_id": step.run_id,
            "seq": each.seq,
            "at": each.at,
            "type": each.type,
            "actor": each.actor,
            "via": vias.get(each.said_id or "", Via.SYSTEM if each.actor == SYSTEM else Via.OPERATOR),
            "task_id": each.task_id,
            "data": {**each.data, **({"decision_id": each.said_id} if each.said_id else {})},
            "abandoned": False,
        }
        for each in step.events
    ]
    connection.execute(_INSERT_EVENT, rows)


def write_message(
    connection: Connection, step: MatterStep, written: MessageWritten, *, for_matter: str
) -> None:
    """Let a message go out, to whoever waits for this matter or another one; once, however often it is written."""
    insert_ignore(
        connection,
        message,
        {
            **written.model_dump(exclude={"only_if_firm", "only_if_after"}),
            "matter_no": step.matter_no,
            "for_matter": for_matter,
            "run_id": step.run_id,
            "state": "pending",
            "created_at": step.at,
        },
    )


def write_matter(
    connection: Connection,
    step: MatterStep,
    facts: MatterFacts,
    *,
    promised_at: datetime | None = None,
    beside: Iterable[datetime] = (),
    keeps_due: bool = False,
) -> bool:
    """Show the matter as it stands after a step, and say whether a task's clock rests on a year not announced.

    `promised_at`: what was promised in it, if anything was. `beside`: limits that no task has. `keeps_due`: where
    nothing runs, what was shown stays.
    """
    tasks = connection.execute(_OPEN_CLOCKS, {"matter_no": step.matter_no}).all()
    # The present task's: the next limit to pass, since one that has passed has had its consequence.
    coming = [each.due_at for each in tasks if each.due_at and each.due_at > step.at]
    coming += beside
    shown: dict[str, Any] = {name: getattr(facts, name) for name in MatterFacts.model_fields}
    if coming or not keeps_due:
        shown["due_at"] = min(coming, default=None)
    if promised_at is not None:
        shown["promised_at"] = promised_at
    if step.events:
        shown["recorded_seq"] = step.events[-1].seq
    shown |= {"run_id": step.run_id, "recorded_at": step.at}
    connection.execute(_SHOW_MATTER, {"of": step.matter_no, **shown})
    return any(each.is_provisional for each in tasks)
