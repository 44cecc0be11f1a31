"""Opening a human task of a matter: it is open here before `record` shows it, so no decision is too early."""

from datetime import timedelta

from temporalio import workflow

from workflows.matter.clock import Deadline
from workflows.matter.state import HumanTask, MatterState

with workflow.unsafe.imports_passed_through():
    from domain.matter.tasks import Task
    from domain.office.responsibility import Owner

_ID_LETTERS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


def open_task(
    matter_no: str,
    state: MatterState,
    row: Task,
    owner: Owner,
    *,
    after: timedelta = timedelta(0),
    withheld: frozenset[str] = frozenset(),
    not_by: tuple[str, ...] = (),
) -> HumanTask:
    """Open a task from a row of its kind's table, now or after a delay."""
    state.tasks_opened += 1
    task = HumanTask(
        task_id=f"{matter_no}-{state.tasks_opened}-{_suffix()}",
        kind=row.kind,
        unit=owner.unit,
        tier=owner.tier,
        role=owner.role,
        opened_at=workflow.now() + after,
        deadline=Deadline(reminds=row.reminds),
        withheld=withheld,
        not_by=not_by,
    )
    state.open_tasks[task.task_id] = task
    return task


def _suffix() -> str:
    """Return random letters: after an operator's reset a task's number comes again, under another id."""
    return "".join(workflow.random().choices(_ID_LETTERS, k=4))
