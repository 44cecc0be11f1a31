"""The tasks that a reader of the inbox chose to see: the choice goes along to each task, and opens the next one."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Annotated, Any, Literal
from urllib.parse import urlencode

from fastapi import Depends

from api.acts.seeing import tasks_of
from domain.calendar.instants import local
from domain.duty.lifecycle import DutyTask
from domain.office.permissions import Permission, may
from domain.order.lifecycle import TaskKind
from store.database import Connection
from store.matter.rows import TaskRow
from store.office.people import Staff
from store.paging import Page, cursor_at


@dataclass(frozen=True, kw_only=True, slots=True)
class Chosen:
    """A choice of open tasks as it stands in an address; an empty value chooses nothing."""

    scope: Literal["", "post", "mine", "unit", "tier"] = ""
    kind: TaskKind | DutyTask | Literal[""] = ""
    due: Literal["", "today", "overdue"] = ""

    @property
    def query(self) -> str:
        """The choice as the query of an address; empty if nothing was chosen."""
        return urlencode({name: str(value) for name, value in asdict(self).items() if value})

    def for_reader(self, who: Staff) -> "Chosen":
        """Return the choice with its scope: of those who decide, their post; of all others, their unit."""
        usual: Literal["post", "unit"] = "post" if may(who.roles, Permission.DECIDE_TASKS) else "unit"
        return Chosen(scope=self.scope or usual, kind=self.kind, due=self.due)

    def limits(self, now: datetime) -> Mapping[str, Any]:
        """Return the limits of the list.

        The due instant itself is overdue, and an overdue task does not count as due today too (ADR-0022).
        """
        before = {"today": tomorrow(now), "overdue": now + timedelta(microseconds=1)}.get(self.due)
        return {
            "scope": self.scope,
            "kind": self.kind or None,
            "due_before": before,
            "due_after": now if self.due == "today" else None,
        }


ChosenDep = Annotated[Chosen, Depends()]


def tomorrow(now: datetime) -> datetime:
    """Return the instant at which the office's next day begins."""
    return local(now).replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)


def chosen_tasks(
    connection: Connection, who: Staff, chosen: Chosen, *, cursor: str | None, now: datetime
) -> Page[TaskRow]:
    """List the chosen tasks, the one due first at the top.

    Raises:
        BadCursor: the cursor cannot be read.
    """
    return tasks_of(connection, who, cursor=cursor, now=now, **chosen.for_reader(who).limits(now))


def next_task(
    connection: Connection, who: Staff, chosen: Chosen, after: TaskRow, *, now: datetime
) -> TaskRow | None:
    """Find the chosen task that comes after this one; after the last one, the first; `None` if no other is left."""
    behind = cursor_at(after.due_at, after.task_id) if after.due_at else None
    for cursor in dict.fromkeys((behind, None)):
        rows = chosen_tasks(connection, who, chosen, cursor=cursor, now=now).rows
        if found := next((each for each in rows if each.task_id != after.task_id), None):
            return found
    return None
