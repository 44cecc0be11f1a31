"""Claims: which colleague is working on a task. A claim binds nobody: any entitled colleague may still decide.

Assumes that a claim may outlive its holder's post, since the absence that made them a deputy ends by itself. So every
reader judges a claim as it stands then.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, select, update

from domain.doors import Via
from domain.errors import DomainError
from domain.office.responsibility import may_decide
from domain.office.words import Role
from store.auditing import audited
from store.matter.locking import lock_task
from store.matter.rows import TaskRow
from store.matter.said.decisions import UNFINISHED, TaskDone, done_by
from store.matter.tables import task
from store.office.people import Staff, find_present


class HeldByColleague(DomainError):
    """A colleague is working on the task."""

    code = "held_by_colleague"


def change_holder(
    connection: Connection, *, task_id: str, staff: Staff, holder: str | None, now: datetime
) -> str | None:
    """Claim an open task (`holder` is the member of staff) or release it (`None`), and return the holder.

    Raises:
        NotFound: there is no such task.
        NotEntitled: the task is another unit's or another role's.
        TaskDone: the task is done.
        HeldByColleague: a colleague is working on it.
    """
    _, row = lock_task(connection, task_id, staff)
    if row.state not in UNFINISHED:
        raise TaskDone(done_by(row))
    if holder_of(connection, row, now=now) not in {None, staff.username}:
        raise HeldByColleague(f"{row.holder} is working on it; agree with them first")
    connection.execute(update(task).where(task.c.task_id == task_id).values(holder=holder))
    act = "task_claimed" if holder else "task_released"
    audited(connection, staff.username, Via.STAFF, act, row.matter_no, {"task_id": task_id}, now)
    return holder


def holder_of(connection: Connection, row: TaskRow | Row[Any], *, now: datetime) -> str | None:
    """Return the holder of a task, or `None` if they have left, are away, or may no longer decide it."""
    if row.holder is None:
        return None
    found = find_present(connection, row.holder, now=now)
    is_theirs = found is not None and may_decide(
        found.unit, found.roles, unit=row.unit, role=Role(row.role), on_duty=row.on_duty
    )
    return str(row.holder) if is_theirs else None


def free_claims(connection: Connection, usernames: Iterable[str | None], *, by: str, now: datetime) -> int:
    """Free the open tasks that these people can no longer hold, and return how many.

    Call it in the transaction that changes their unit, roles, absence or deputy.
    """
    freed = 0
    held = select(task).where(
        task.c.holder.in_([each for each in usernames if each]), task.c.state.in_(UNFINISHED)
    )
    for row in connection.execute(held.order_by(task.c.task_id)).all():
        if holder_of(connection, row, now=now) is not None:
            continue
        connection.execute(update(task).where(task.c.task_id == row.task_id).values(holder=None))
        data = {"task_id": row.task_id, "held_by": row.holder}
        audited(connection, by, Via.OPERATOR, "task_released", row.matter_no, data, now)
        freed += 1
    return freed
