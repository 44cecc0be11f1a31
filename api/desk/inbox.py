"""`/desk`: the open tasks, the one due first at the top."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse

from api.acts.seeing import counts_of
from api.contract import views
from api.contract.staff import TaskView
from api.desk.captions import Caption, captions_of
from api.desk.choosing import ChosenDep, chosen_tasks, tomorrow
from api.desk.showing import Result, done_of
from api.pages.rendering import page, texts
from api.security import ReaderDep
from api.service import ServiceDep
from domain.kinds import KINDS
from domain.matter.tasks import MAX_ORDER_NO
from store.database import Connection
from store.matter.rows import TaskRow
from store.matter.tasks import TaskCounts
from store.office.directory import current_named

router = APIRouter(prefix="/desk", include_in_schema=False)


@dataclass(frozen=True, kw_only=True, slots=True)
class InboxRow:
    """A row of the inbox."""

    task: TaskView
    caption: Caption


@router.get("", response_class=HTMLResponse)
async def inbox(
    request: Request,
    who: ReaderDep,
    service: ServiceDep,
    chosen: ChosenDep,
    cursor: Annotated[str | None, Query(max_length=200)] = None,
    done: Result | None = None,
    matter: Annotated[str, Query(max_length=MAX_ORDER_NO)] = "",
) -> HTMLResponse:
    """Show the open tasks that the reader may decide or has claimed, or all tasks of the reader's unit or tier."""
    now, chosen = service.now(), chosen.for_reader(who)

    def work(
        connection: Connection,
    ) -> tuple[list[InboxRow], str | None, dict[str, TaskCounts], dict[str, str]]:
        directory = current_named(connection)
        found = chosen_tasks(connection, who, chosen, cursor=cursor, now=now)
        counts = counts_of(connection, who, scope=chosen.scope, soon=tomorrow(now), now=now)
        captions = captions_of(connection, {each.matter_no for each in found.rows}, directory)
        rows = [_row(each, captions, now) for each in found.rows]
        return rows, found.next_cursor, counts, {unit.code: unit.name for unit in directory.units.values()}

    rows, next_cursor, counts, names = await service.read(work)
    every = sum(counts.values(), TaskCounts())
    return page(
        request,
        "desk/inbox.html",
        scope=chosen.scope,
        kind=chosen.kind,
        kinds=[(code, label) for code, label in _kinds() if code in counts or code == chosen.kind],
        due=chosen.due,
        by_kind=counts | {"": every},
        counts=counts.get(chosen.kind, TaskCounts()) if chosen.kind else every,
        cursor=cursor,
        chosen={"scope": chosen.scope, "kind": str(chosen.kind), "due": chosen.due},
        along=f"?{chosen.query}",
        done=done_of(done, matter),
        names=names,
        rows=rows,
        next_cursor=next_cursor,
    )


def _row(task: TaskRow, captions: Mapping[str, Caption], now: datetime) -> InboxRow:
    caption = captions.get(task.matter_no) or Caption(title=task.matter_no)
    title = caption.title or task.matter_no
    return InboxRow(task=views.task_view(task, title=title, now=now), caption=caption)


def _kinds() -> list[tuple[str, str]]:
    """List every kind of task once; a kind that several matters share shows all of its labels."""
    labels: dict[str, list[str]] = {}
    for task in (each for kind in KINDS for each in kind.tables.tasks.values()):
        known = labels.setdefault(str(task.kind), [])
        known += [task.label] if task.label not in known else []
    return [(code, texts()["words"]["or"].join(called)) for code, called in labels.items()]
