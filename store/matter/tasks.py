"""Listing, counting and finding open tasks.

Assumes that the caller is entitled; `Scope` limits the results. Nothing here asks Temporal.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Select, and_, func, literal, or_, select, tuple_

from domain.matter.tasks import TaskState
from domain.matter.timeliness import CLOCK_SKEW
from domain.office.words import Role
from store.instants import Instant
from store.matter.reach import EVERYTHING, Scope, scoped
from store.matter.rows import TaskRow
from store.matter.said.decisions import UNFINISHED
from store.matter.said.returned import has_returns
from store.matter.tables import matter, task
from store.paging import Page, limited, page_of, read_cursor
from store.values import value_of


@dataclass(frozen=True, kw_only=True, slots=True)
class Post:
    """Where a person works: at a unit, in these roles if they are named, and for bureaus if they speak for those."""

    unit: str
    roles: Collection[str] | None = None
    on_duty: bool = False
    speaks_for_bureaus: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class TaskFilter:
    """The limits of a task list; `None` does not limit. `matter_kinds`: the kinds of matter to which tasks belong."""

    task_ids: Collection[str] | None = None
    post: Post | None = None
    holder: str | None = None
    unit: str | None = None
    tier: str | None = None
    kind: str | None = None
    matter_no: str | None = None
    matter_kinds: Collection[str] | None = None
    due_before: datetime | None = None
    due_after: datetime | None = None


def list_tasks(
    connection: Connection,
    wanted: TaskFilter,
    *,
    cursor: str | None,
    now: datetime,
    scope: Scope = EVERYTHING,
) -> Page[TaskRow]:
    """List open tasks of matters within a scope, the first due at the top.

    Raises:
        BadCursor: the cursor cannot be read.
    """
    query = _open_tasks(select(task), wanted, scope, now)
    if cursor:
        at, last = read_cursor(cursor)
        query = query.where(tuple_(task.c.due_at, task.c.task_id) > tuple_(literal(at, Instant), last))
    query = query.order_by(task.c.due_at, task.c.task_id)
    # A task without a due time is not listed.
    return page_of(connection, query, _task, lambda each: (each.due_at or now, each.task_id))


def _task(row: Row[Any]) -> TaskRow:
    return value_of(TaskRow, row)


def _open_tasks(query: Select[Any], wanted: TaskFilter, scope: Scope, now: datetime) -> Select[Any]:
    query = query.where(
        task.c.state == TaskState.OPEN, task.c.opened_at <= now + CLOCK_SKEW, task.c.due_at.is_not(None)
    )
    query = limited(
        query,
        (task.c.holder, wanted.holder),
        (task.c.unit, wanted.unit),
        (task.c.tier, wanted.tier),
        (task.c.kind, wanted.kind),
        (task.c.matter_no, wanted.matter_no),
    )
    if wanted.post is not None:
        query = query.where(_of_post(wanted.post))
    if wanted.task_ids is not None:
        query = query.where(task.c.task_id.in_(wanted.task_ids))
    if wanted.due_before is not None:
        query = query.where(task.c.due_at < wanted.due_before)
    if wanted.due_after is not None:
        query = query.where(task.c.due_at > wanted.due_after)
    if scope.everything and wanted.matter_kinds is None:
        return query
    query = query.join(matter, matter.c.matter_no == task.c.matter_no)
    if wanted.matter_kinds is not None:
        query = query.where(matter.c.kind.in_(wanted.matter_kinds))
    return scoped(query, scope)


def _of_post(post: Post) -> ColumnElement[bool]:
    here = task.c.unit == post.unit
    if post.roles is not None:
        mine = task.c.role.in_(post.roles)
        here = and_(here, or_(mine, task.c.on_duty.is_(True)) if post.on_duty else mine)
    return or_(here, task.c.role == Role.LIAISON) if post.speaks_for_bureaus else here


@dataclass(frozen=True, kw_only=True, slots=True)
class TaskCounts:
    """How many open tasks there are, how many are due from now to an instant, and how many are past their limit."""

    every: int = 0
    due_soon: int = 0
    overdue: int = 0

    def __add__(self, other: "TaskCounts") -> "TaskCounts":
        """Count the tasks of both."""
        return TaskCounts(
            every=self.every + other.every,
            due_soon=self.due_soon + other.due_soon,
            overdue=self.overdue + other.overdue,
        )


def count_tasks(
    connection: Connection, wanted: TaskFilter, *, soon: datetime, now: datetime, scope: Scope
) -> dict[str, TaskCounts]:
    """Count open tasks by kind, as they are listed; `soon` is the instant before which they count as due soon."""
    due_at = task.c.due_at
    counted: list[ColumnElement[Any]] = [
        func.count().label("every"),
        func.count()
        .filter(due_at > literal(now, Instant), due_at < literal(soon, Instant))
        .label("due_soon"),
        func.count().filter(due_at <= literal(now, Instant)).label("overdue"),
    ]
    query = _open_tasks(select(task.c.kind, *counted).select_from(task), wanted, scope, now)
    return {
        row.kind: TaskCounts(every=row.every, due_soon=row.due_soon, overdue=row.overdue)
        for row in connection.execute(query.group_by(task.c.kind))
    }


def find_task(connection: Connection, task_id: str, scope: Scope) -> TaskRow | None:
    """Find a task of a matter within a scope, and whether a decision may have come back to it (`has_returns`)."""
    found = select(task, has_returns().label("has_returns"))
    query = found.join(matter, matter.c.matter_no == task.c.matter_no).where(task.c.task_id == task_id)
    row = connection.execute(scoped(query, scope)).one_or_none()
    return _task(row) if row else None


def open_tasks(connection: Connection, matter_no: str) -> Sequence[TaskRow]:
    """List a matter's tasks that are open or rest, the oldest first."""
    rows = connection.execute(
        select(task)
        .where(task.c.matter_no == matter_no, task.c.state.in_(UNFINISHED))
        .order_by(task.c.opened_at, task.c.task_id)
    )
    return [_task(row) for row in rows]
