"""Duties: lists, one duty with the orders that it brought, its events, and the known periods."""

from typing import Annotated, Final

from fastapi import APIRouter, Query

from api.acts.seeing import duty_of, no_such_duty
from api.contract import views
from api.contract.duties import DutyDetail, DutyList, PeriodList, PeriodView
from api.contract.staff import EventList
from api.errors import problems
from api.security import DutyReaderDep, scope_of
from api.service import ServiceDep
from domain.duty.words import DutyStage
from domain.office.permissions import Permission
from store.database import Connection
from store.duty import finding
from store.duty.clashes import clashes_of
from store.duty.finding import DutyFilter
from store.matter import history
from store.office.directory import current_named

router = APIRouter(prefix="/duties", tags=["duties"])
_CODE: Final = r"^[\w.-]{1,64}$"
"""The form of codes and of periods' names."""


@router.get("", response_model=DutyList, responses=problems(401, 403, 422))
async def list_duties(
    who: DutyReaderDep,
    service: ServiceDep,
    period: Annotated[
        str | None, Query(pattern=_CODE, description="The period's name, like 2026-12.")
    ] = None,
    community: Annotated[str | None, Query(pattern=_CODE)] = None,
    stage: DutyStage | None = None,
    unit: Annotated[str | None, Query(pattern=_CODE)] = None,
    cursor: Annotated[str | None, Query(pattern=r"^[\w=-]{1,200}$")] = None,
) -> DutyList:
    """List the duties that you may see, the latest period first."""
    wanted = DutyFilter(period=period, community=community, stage=stage, unit=unit)

    def work(connection: Connection) -> DutyList:
        scope = scope_of(who, Permission.READ_DUTIES)
        page = finding.list_duties(connection, wanted, scope, cursor=cursor)
        clashes = clashes_of(connection, page.rows)
        items = [views.duty_summary(row, clashes=row.duty_no in clashes) for row in page.rows]
        return DutyList(items=items, next_cursor=page.next_cursor)

    return await service.read(work)


@router.get("/periods", response_model=PeriodList, responses=problems(401, 403))
async def list_periods(_who: DutyReaderDep, service: ServiceDep) -> PeriodList:
    """List the periods in which a duty was owed, the newest first; at most three years of them."""
    found = await service.read(finding.list_periods)
    return PeriodList(
        items=[PeriodView(period=each.name, began=each.began, ends=each.ends) for each in found]
    )


@router.get("/{duty_no}", response_model=DutyDetail, responses=problems(401, 403, 404, 422))
async def read_duty(duty_no: str, who: DutyReaderDep, service: ServiceDep) -> DutyDetail:
    """Read a duty with its meeting, the orders that it brought, and its open tasks."""

    def work(connection: Connection) -> DutyDetail:
        row = finding.find_duty(connection, duty_no, scope_of(who, Permission.READ_DUTIES))
        if row is None:
            raise no_such_duty(duty_no)
        return duty_of(
            connection,
            row,
            who,
            refusals=history.list_refusals(connection, duty_no),
            directory=current_named(connection),
            now=service.now(),
        )

    return await service.read(work)


@router.get("/{duty_no}/events", response_model=EventList, responses=problems(401, 403, 404, 422))
async def read_duty_events(duty_no: str, who: DutyReaderDep, service: ServiceDep) -> EventList:
    """Read a duty's events in the order of their numbers, with the texts of decisions."""

    def work(connection: Connection) -> EventList:
        if finding.find_duty(connection, duty_no, scope_of(who, Permission.READ_DUTIES)) is None:
            raise no_such_duty(duty_no)
        rows = history.list_events(connection, duty_no)
        return EventList(items=[views.duty_event_view(row) for row in rows])

    return await service.read(work)
