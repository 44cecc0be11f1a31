"""`/desk`: what is to be done, what is due first at the top."""

from typing import Annotated, Literal

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse

from api.pages.rendering import page
from api.security import ReaderDep
from api.service import ServiceDep
from api.staff import views
from api.staff.tasks import tasks_of
from store.database import Connection
from store.directory import current, named
from store.queries import Page, subjects_of

router = APIRouter(prefix="/desk", include_in_schema=False)


@router.get("", response_class=HTMLResponse)
async def inbox(
    request: Request,
    who: ReaderDep,
    service: ServiceDep,
    scope: Literal["mine", "unit", "tier"] = "unit",
    cursor: Annotated[str | None, Query(max_length=200)] = None,
    done: Literal["applied", "pending"] | None = None,
    order_no: Annotated[str, Query(max_length=40)] = "",
) -> HTMLResponse:
    """Show the open tasks of one's unit, of one's tier, or those that one is at."""
    now = service.now()

    def work(connection: Connection) -> tuple[Page, dict[str, str], dict[str, str]]:
        directory = named(connection, current(connection))
        found = tasks_of(connection, who, scope=scope, cursor=cursor, now=now)
        about = subjects_of(connection, {row.order_no for row in found.rows})
        return found, {unit.code: unit.name for unit in directory.units.values()}, about

    found, names, about = await service.read(work)
    return page(
        request,
        "desk/inbox.html",
        scope=scope,
        done=done,
        order_no=order_no,
        names=names,
        about=about,
        tasks=[views.task_view(row, now=now) for row in found.rows],
        next_cursor=found.next_cursor,
    )
