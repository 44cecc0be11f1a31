"""Claims: who is at a task. A courtesy that binds nobody: any entitled colleague may still decide."""

from datetime import datetime

from sqlalchemy import Connection, update

from domain.errors import DomainError
from domain.orders import Via
from store.auditing import audited
from store.decisions import UNFINISHED, TaskClosed, done_by, lock_task
from store.office import Staff
from store.tables import task


class HeldByColleague(DomainError):
    """Somebody else is at it."""

    code = "held_by_colleague"


def change_holder(
    connection: Connection, *, task_id: str, staff: Staff, holder: str | None, now: datetime
) -> str | None:
    """Take an open task (`holder` is oneself) or give it back (`None`); a courtesy that binds nobody.

    Raises:
        NotFound: there is no such task.
        NotEntitled: the task is another unit's or another role's.
        TaskClosed: the task is done.
        HeldByColleague: somebody else is at it.
    """
    _, row = lock_task(connection, task_id, staff)
    if row.state not in UNFINISHED:
        raise TaskClosed(done_by(row))
    if row.holder not in {None, staff.username}:
        raise HeldByColleague(f"{row.holder} is at it; agree with them first")
    connection.execute(update(task).where(task.c.task_id == task_id).values(holder=holder))
    act = "task_claimed" if holder else "task_released"
    audited(connection, staff.username, Via.STAFF, act, row.order_no, {"task_id": task_id}, now)
    return holder
