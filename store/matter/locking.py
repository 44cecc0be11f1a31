"""Locking a matter for the length of a transaction, so that exactly one of two concurrent changes sees the other."""

from collections.abc import Callable
from functools import cache
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Select, bindparam, select

from domain.kinds import kind_of
from domain.office.responsibility import may_decide
from domain.office.words import Role
from store.matter.said.decisions import NotEntitled, NotFound
from store.matter.tables import matter, task
from store.office.people import Staff

_MATTER = select(matter)
_TASK = select(task).where(task.c.task_id == bindparam("task_id"))
_MATTER_OF = select(task.c.matter_no).where(task.c.task_id == bindparam("task_id"))


def lock_matter(connection: Connection, matter_no: str) -> Row[Any]:
    """Lock a matter's row until the end of the transaction; rows that only refer to it do not wait for that.

    Raises:
        NotFound: there is no such matter.
    """
    return locked(connection, matter_no, _MATTER)


def locked(
    connection: Connection, matter_no: str, query: Select[Any], *besides: ColumnElement[Any]
) -> Row[Any]:
    """Lock the rows that a query over matters finds for one matter, and read them; the query is built once.

    Every row is locked: a transaction that has waited for a lock reads that row as it is now, but any other row as it
    was before.

    Raises:
        NotFound: the query finds nothing.
    """
    row = connection.execute(_locking(query, *besides), {"matter_no": matter_no}).one_or_none()
    if row is None:
        raise NotFound(f"there is no {kind_of(matter_no).name} {matter_no!r}")
    return row


@cache
def _locking(query: Select[Any], *besides: ColumnElement[Any]) -> Select[Any]:
    mine = query.add_columns(*besides).where(matter.c.matter_no == bindparam("matter_no"))
    return mine.with_for_update(key_share=True)


def lock_task(
    connection: Connection,
    task_id: str,
    staff: Staff,
    lock: Callable[[Connection, str], Row[Any]] = lock_matter,
) -> tuple[Row[Any], Row[Any]]:
    """Lock a task's matter, and read both if this member of staff may decide the task.

    `lock` may read the facts of the matter's kind too.

    Raises:
        NotFound: there is no such task.
        NotEntitled: the task is another unit's or another role's.
    """
    matter_no = connection.scalar(_MATTER_OF, {"task_id": task_id})
    if matter_no is None:
        raise NotFound(f"there is no task {task_id!r}")
    whole = lock(connection, matter_no)
    row = connection.execute(_TASK, {"task_id": task_id}).one()
    role = Role(row.role)
    if not may_decide(staff.unit, staff.roles, unit=row.unit, role=role, on_duty=row.on_duty):
        raise NotEntitled(f"this task is for {role} of {row.unit}")
    return whole, row
