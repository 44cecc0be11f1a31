"""`/desk`: the open tasks, the one due first at the top."""

from datetime import timedelta
from typing import Annotated, Literal

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse

from api.acts.seeing import counts_of, tasks_of, titles_of
from api.contract import views
from api.contract.staff import TaskView
from api.pages.rendering import page, texts, word
from api.security import ReaderDep
from api.service import ServiceDep
from domain.calendar.instants import local
from domain.duty.lifecycle import DutyTask
from domain.kinds import KINDS, kind_of
from domain.matter.tasks import MAX_ORDER_NO
from domain.office.permissions import Permission, may
from domain.order.lifecycle import TaskKind
from store.database import Connection
from store.matter.tasks import TaskCounts
from store.office.directory import current_named

router = APIRouter(prefix="/desk", include_in_schema=False)


@router.get("", response_class=HTMLResponse)
async def inbox(  # noqa: PLR0913, PLR0917 - one parameter a filter
    request: Request,
    who: ReaderDep,
    service: ServiceDep,
    scope: Literal["", "post", "mine", "unit", "tier"] = "",
    kind: TaskKind | DutyTask | Literal[""] = "",
    due: Literal["", "today", "overdue"] = "",
    cursor: Annotated[str | None, Query(max_length=200)] = None,
    done: Literal["applied", "pending"] | None = None,
    matter: Annotated[str, Query(max_length=MAX_ORDER_NO)] = "",
) -> HTMLResponse:
    """Show the open tasks that the reader may decide or has claimed, or all tasks of the reader's unit or tier."""
    now = service.now()
    scope = scope or ("post" if may(who.roles, Permission.DECIDE_TASKS) else "unit")
    tomorrow = local(now).replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)
    # The due instant itself is overdue, and an overdue task does not count as due today too (ADR-0022).
    before = {"today": tomorrow, "overdue": now + timedelta(microseconds=1)}.get(due)
    after = now if due == "today" else None

    def work(connection: Connection) -> tuple[list[TaskView], str | None, TaskCounts, dict[str, str]]:
        directory = current_named(connection)
        found = tasks_of(
            connection,
            who,
            scope=scope,
            kind=kind or None,
            due_before=before,
            due_after=after,
            cursor=cursor,
            now=now,
        )
        counts = counts_of(connection, who, scope=scope, kind=kind or None, soon=tomorrow, now=now)
        titles = titles_of(connection, {row.matter_no for row in found.rows}, directory)
        tasks = [
            views.task_view(row, title=titles.get(row.matter_no) or row.matter_no, now=now)
            for row in found.rows
        ]
        return tasks, found.next_cursor, counts, {unit.code: unit.name for unit in directory.units.values()}

    tasks, next_cursor, counts, names = await service.read(work)
    return page(
        request,
        "desk/inbox.html",
        scope=scope,
        kind=kind,
        kinds=_kinds(),
        due=due,
        counts=counts,
        cursor=cursor,
        chosen={"scope": scope, "kind": str(kind), "due": due},
        done=texts()["desk"][done].format(matter=_called(matter)) if done else None,
        names=names,
        tasks=tasks,
        next_cursor=next_cursor,
    )


def _kinds() -> list[tuple[str, str]]:
    """List every kind of task once; a kind that several matters share shows all of its labels."""
    labels: dict[str, list[str]] = {}
    for task in (each for kind in KINDS for each in kind.tables.tasks.values()):
        known = labels.setdefault(str(task.kind), [])
        known += [task.label] if task.label not in known else []
    return [(code, texts()["words"]["or"].join(called)) for code, called in labels.items()]


def _called(matter_no: str) -> str:
    """Name a matter by its kind and number."""
    return f"{word(kind_of(matter_no).name, 'matters')} {matter_no}"
