"""An automatic step (到期): put together before it is known whether it may be taken, applied once it was.

Assumes that nothing is buffered: it is a record of its own, since the store may have something pending against it.
"""

from dataclasses import dataclass

from temporalio import workflow

from workflows.order.ledger import Ledger
from workflows.order.state import HumanTask, Rest, State, Window

with workflow.unsafe.imports_passed_through():
    from domain.matter.tasks import SYSTEM, TaskState
    from domain.order.events import EventName
    from domain.order.lifecycle import TaskKind
    from domain.order.words import Stage
    from messages.matter.step import EventRecord, TaskClosed
    from messages.order.step import OrderFacts


@dataclass(frozen=True, kw_only=True, slots=True)
class Expiry:
    """What follows from a passed limit: its event, the task that it closes, and what it changes of the order."""

    event: EventRecord
    closed: TaskClosed | None = None
    is_late: bool = False
    is_archived: bool = False

    def facts(self, ledger: Ledger) -> OrderFacts:
        """Show the order as it will stand."""
        changes: dict[str, object] = {}
        if self.is_late:
            changes["overdue"] = True
        if self.is_archived:
            changes["stage"] = Stage.ARCHIVED
        return ledger.facts(**changes)

    def apply(self, state: State) -> None:
        """Let it have happened."""
        state.seq = self.event.seq
        state.overdue |= self.is_late
        if self.is_archived:
            state.stage = Stage.ARCHIVED
        if self.closed is not None:
            state.finish(self.closed, "its limit had passed")


def expiry_of(wait: HumanTask | Rest | Window, ledger: Ledger, *, stays: bool) -> Expiry:
    """Say what follows when the limit of a wait has passed; a task that `stays` is kept open beside its supervision."""
    match wait:
        case Window():
            return Expiry(event=ledger.numbered(EventName.ORDER_ARCHIVED, actor=SYSTEM), is_archived=True)
        case Rest():
            return Expiry(
                event=ledger.numbered(EventName.REST_ENDED, actor=SYSTEM, data={"asked": wait.asks})
            )
        case HumanTask():
            event = limit_passed(wait, ledger)
            closed = TaskClosed(
                task_id=wait.task_id, state=TaskState.DONE, outcome="expired", actor=SYSTEM, at=event.at
            )
            return Expiry(event=event, closed=None if stays else closed, is_late=wait.kind is TaskKind.HANDLE)


def limit_passed(task: HumanTask, ledger: Ledger) -> EventRecord:
    """Say that a limit of a task has passed."""
    return ledger.numbered(EventName.LIMIT_PASSED, actor=SYSTEM, task_id=task.task_id, data=dict(task.limit))
