"""Claims: who is at a task. A courtesy that binds nobody: any entitled colleague may still decide."""

from datetime import datetime

from sqlalchemy import Connection, select, update

from domain.errors import DomainError
from domain.orders import Role, Via
from store.decisions import UNFINISHED, NotFound, TaskClosed, audited, done_by, lock_order, may_decide
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
    found = connection.execute(select(task.c.order_no).where(task.c.task_id == task_id)).one_or_none()
    if found is None:
        raise NotFound(f"there is no task {task_id!r}")
    lock_order(connection, found.order_no)
    row = connection.execute(select(task).where(task.c.task_id == task_id)).one()
    may_decide(staff, unit=row.unit, role=Role(row.role))
    if row.state not in UNFINISHED:
        raise TaskClosed(done_by(row))
    if row.holder not in {None, staff.username}:
        raise HeldByColleague(f"{row.holder} is at it; agree with them first")
    connection.execute(update(task).where(task.c.task_id == task_id).values(holder=holder))
    act = "task_claimed" if holder else "task_released"
    audited(connection, staff.username, Via.STAFF, act, found.order_no, {"task_id": task_id}, now)
    return holder
