"""`/desk`: what is to be done, what is due first at the top."""

from datetime import timedelta
from typing import Annotated, Literal

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse

from api.acts.seeing import counts_of, tasks_of
from api.contract import views
from api.pages.rendering import page
from api.security import ReaderDep
from api.service import ServiceDep
from domain.calendar.instants import local
from domain.matter.tasks import MAX_ORDER_NO
from domain.office.permissions import Permission, may
from domain.order.lifecycle import TASKS, TaskKind
from store.database import Connection
from store.matter.rows import TaskRow
from store.matter.tasks import TaskCounts
from store.office.directory import current_named
from store.order.finding import subjects_of
from store.paging import Page

router = APIRouter(prefix="/desk", include_in_schema=False)


@router.get("", response_class=HTMLResponse)
async def inbox(  # noqa: PLR0913, PLR0917 - one parameter a filter
    request: Request,
    who: ReaderDep,
    service: ServiceDep,
    scope: Literal["", "post", "mine", "unit", "tier"] = "",
    kind: TaskKind | Literal[""] = "",
    due: Literal["", "today", "overdue"] = "",
    cursor: Annotated[str | None, Query(max_length=200)] = None,
    done: Literal["applied", "pending"] | None = None,
    order_no: Annotated[str, Query(max_length=MAX_ORDER_NO)] = "",
) -> HTMLResponse:
    """Show the open tasks that one may decide, those that one is at, or all of one's unit or tier."""
    now = service.now()
    scope = scope or ("post" if may(who.roles, Permission.DECIDE_TASKS) else "unit")
    tomorrow = local(now).replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)
    # The due instant itself is overdue; what is overdue is not due today as well (ADR-0022).
    before = {"today": tomorrow, "overdue": now + timedelta(microseconds=1)}.get(due)
    after = now if due == "today" else None

    def work(connection: Connection) -> tuple[Page[TaskRow], TaskCounts, dict[str, str], dict[str, str]]:
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
        about = subjects_of(connection, {row.matter_no for row in found.rows})
        return found, counts, {unit.code: unit.name for unit in directory.units.values()}, about

    found, counts, names, about = await service.read(work)
    return page(
        request,
        "desk/inbox.html",
        scope=scope,
        kind=kind,
        kinds=[(str(each), TASKS[each].label) for each in TaskKind],
        due=due,
        counts=counts,
        cursor=cursor,
        chosen={"scope": scope, "kind": str(kind), "due": due},
        done=done,
        order_no=order_no,
        names=names,
        about=about,
        tasks=[views.task_view(row, now=now) for row in found.rows],
        next_cursor=found.next_cursor,
    )
