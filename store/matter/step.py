"""Writing the parts of a step that all kinds of matter share; the kind's own step calls these in its own order.

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
from store.inserting import insert_ignore
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
    """The result of a step; `entered` and `finished` (kind and outcome) are known for a new step only."""

    answer: Answer_co
    result: StepResult
    entered: str | None = None
    finished: tuple[tuple[str, str], ...] = ()

    @property
    def is_new(self) -> bool:
        """Whether this call wrote the step."""
        return self.result is StepResult.NEW


def write_tasks(
    connection: Connection, step: MatterStep, clocks: Mapping[str, ClockReading]
) -> tuple[tuple[str, str], ...]:
    """Open, change and close tasks, and return the kind and outcome of each closed one."""
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
    """Write the events, each with the door by which the decision or action behind it came."""
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
    """Add a message about this matter or one that is joined to it, once, however often it is written."""
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
    """Show the matter as it stands after a step, and tell whether a task's clock rests on a year not announced.

    `promised_at` is the promise made in the step, if any. `beside` holds limits that belong to no task. With
    `keeps_due`, the due time shown before stays if no limit is to come.
    """
    tasks = connection.execute(_OPEN_CLOCKS, {"matter_no": step.matter_no}).all()
    # The due time is the next limit to pass; a limit that has passed has had its consequence.
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
