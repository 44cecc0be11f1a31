"""`/desk/dispatch`: sending several orders at once to the units that answer for them."""

import asyncio
import hashlib
from collections.abc import Collection
from dataclasses import dataclass, replace
from typing import Annotated, Final

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse, Response
from starlette.datastructures import FormData

from api.acts.deciding import keep, settled
from api.acts.seeing import tasks_of
from api.contract import views
from api.contract.staff import TaskView
from api.desk.forms import id_of, new_id, options_of
from api.desk.showing import WAITS, suggested_unit
from api.pages.problems import words_of
from api.pages.rendering import page, texts
from api.security import DeciderDep
from api.service import Service, ServiceDep
from domain.errors import DomainError
from domain.matter.judging import DecisionStatus
from domain.matter.tasks import FieldType
from domain.office.directory import Directory
from domain.order.lifecycle import TaskKind
from store.database import Connection
from store.deciding import submit_decision
from store.matter.said.decisions import Decision
from store.office.directory import current_named
from store.office.people import Staff
from store.order.finding import routed_by, sent_back_by_units, subjects_of

router = APIRouter(prefix="/desk/dispatch", include_in_schema=False)
SUGGESTED: Final = "suggested"
"""Chosen instead of a unit: each order goes to the unit that the directory names for it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class WaitingOrder:
    """An order that waits to be dispatched, and the unit that the directory names for it.

    `came_back`: a unit has sent it back already, so that a person looks at it before it goes out again.
    """

    task: TaskView
    about: str
    suggested: str | None
    came_back: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class Found:
    """A page of waiting orders, or only the chosen ones, and the directory in force."""

    waiting: list[WaitingOrder]
    directory: Directory
    next_cursor: str | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Done:
    """The result for one chosen order."""

    order_no: str
    unit: str
    result: DecisionStatus
    reason: str | None = None
    row: Decision | None = None


@router.get("", response_class=HTMLResponse)
async def show(
    request: Request,
    who: DeciderDep,
    service: ServiceDep,
    cursor: Annotated[str | None, Query(max_length=200)] = None,
) -> Response:
    """Show the orders that wait for dispatch at the reader's unit, a page at a time."""
    return await _page(request, who, service, cursor=cursor)


@router.post("", response_class=HTMLResponse)
async def dispatch(request: Request, who: DeciderDep, service: ServiceDep) -> Response:
    """Dispatch the chosen orders one by one, or `all` that were shown as the directory says, each with its result."""
    async with request.form() as sent:
        form_id, everything = id_of(sent), "all" in sent
        unit = SUGGESTED if everything else str(sent.get("unit", ""))
        chosen = {str(each) for each in sent.getlist("shown" if everything else "task_id")}
        found = await service.read(lambda connection: _waiting(connection, who, service, task_ids=chosen))
        if not chosen or unit not in {SUGGESTED, *found.directory.handling_units}:
            wrong = texts()["dispatch"]["choose_unit" if chosen else "choose_orders"]
            return await _page(request, who, service, sent=sent, wrong=wrong)
        sent_on = [
            await _dispatch(service, who, each, each.suggested if unit == SUGGESTED else unit, form_id)
            for each in found.waiting
        ]
        done = await asyncio.gather(*(_became(service, each) for each in sent_on))
        gone = chosen - {each.task.task_id for each in found.waiting}
        return await _page(request, who, service, done=done, gone=len(gone))


async def _dispatch(service: Service, who: Staff, each: WaitingOrder, unit: str | None, form_id: str) -> Done:
    done = Done(order_no=each.task.matter.no, unit=unit or "", result=DecisionStatus.REJECTED)
    if unit is None:
        return replace(done, reason=texts()["dispatch"]["none_named"])
    task_id = each.task.task_id
    # One id per form and task, so that a form sent twice dispatches once.
    decision_id = hashlib.sha256(f"{form_id}:{task_id}".encode()).hexdigest()[:32]
    try:
        submitted = await keep(
            service,
            lambda connection: submit_decision(
                connection,
                task_id=task_id,
                decision_id=decision_id,
                outcome="assign",
                fields={"lead_unit": unit},
                comment=None,
                staff=who,
                now=service.now(),
            ),
        )
    except DomainError as error:
        return replace(done, reason=words_of(error.code, str(error)))
    return replace(done, result=DecisionStatus.PENDING, row=submitted.row)


async def _became(service: Service, done: Done) -> Done:
    """Wait a little for the order to apply or refuse the dispatch."""
    if done.row is None:
        return done
    row = await settled(service, done.row, WAITS)
    refused = row.status is DecisionStatus.REJECTED
    return replace(
        done, result=row.status, reason=words_of(row.code or "", row.reason or "") if refused else None
    )


def _waiting(
    connection: Connection,
    who: Staff,
    service: Service,
    *,
    cursor: str | None = None,
    task_ids: Collection[str] | None = None,
) -> Found:
    now = service.now()
    page = tasks_of(
        connection, who, scope="unit", kind=TaskKind.DISPATCH, task_ids=task_ids, cursor=cursor, now=now
    )
    directory = current_named(connection)
    numbers = [row.matter_no for row in page.rows]
    about, matters = subjects_of(connection, numbers), routed_by(connection, numbers)
    back = sent_back_by_units(connection, numbers)
    waiting = [
        WaitingOrder(
            task=views.task_view(row, title=about[row.matter_no], now=now),
            about=about[row.matter_no],
            suggested=suggested_unit(directory, *matters[row.matter_no]),
            came_back=row.matter_no in back,
        )
        for row in page.rows
    ]
    return Found(waiting=waiting, directory=directory, next_cursor=page.next_cursor)


async def _page(
    request: Request,
    who: Staff,
    service: Service,
    *,
    sent: FormData | None = None,
    wrong: str | None = None,
    done: list[Done] | None = None,
    gone: int = 0,
    cursor: str | None = None,
) -> HTMLResponse:
    found = await service.read(lambda connection: _waiting(connection, who, service, cursor=cursor))
    directory = found.directory
    return page(
        request,
        "desk/dispatch.html",
        status=422 if wrong else 200,
        is_kept=sent is not None,
        waiting=found.waiting,
        next_cursor=found.next_cursor,
        units=options_of(FieldType.UNIT, directory),
        names={unit.code: unit.name for unit in directory.units.values()},
        chosen={str(each) for each in sent.getlist("task_id")} if sent else set(),
        wrong=wrong,
        done=done or [],
        gone=gone,
        decision_id=new_id(),
    )
