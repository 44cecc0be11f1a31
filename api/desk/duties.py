"""`/desk/duties`: courtyard meetings by community and period, those that need a leader's attention, and one in full."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Final

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse, Response

from api.acts.seeing import namespace_of, workflow_page
from api.contract import views
from api.contract.duties import DutySummary
from api.desk.showing import whole_duty
from api.pages.rendering import page, texts
from api.security import DutyReaderDep, scope_of
from api.service import Service, ServiceDep
from domain.calendar.instants import local
from domain.duty.periods import Period, period_at
from domain.duty.policy import duty_book_beside
from domain.duty.words import DutyStage
from domain.office.directory import Directory
from domain.office.permissions import Permission, Reach, may, reaches
from store.database import Connection
from store.duty import finding
from store.duty.clashes import clashes_of
from store.duty.finding import DutyFilter
from store.office.directory import current_named
from store.office.people import Staff

router = APIRouter(prefix="/desk/duties", include_in_schema=False)
EVERY_PERIOD: Final = "all"
"""Chosen instead of one period: show them all."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Watch:
    """What needs a leader's attention: meetings that may miss their period, and communities without a duty or team."""

    period: str
    shortages: list[DutySummary]
    without_duty: str
    without_team: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Listed:
    """A page of duties, with the filters to choose from."""

    duties: list[DutySummary]
    next_cursor: str | None
    periods: list[str]
    period: str
    watch: Watch | None
    directory: Directory


@router.get("", response_class=HTMLResponse)
async def show_all(
    request: Request,
    who: DutyReaderDep,
    service: ServiceDep,
    period: Annotated[str, Query(max_length=64)] = "",
    community: Annotated[str, Query(max_length=64)] = "",
    stage: DutyStage | str = "",
    cursor: Annotated[str | None, Query(max_length=200)] = None,
) -> HTMLResponse:
    """Show a period's meetings, by default the present one's; above them is what needs a leader's attention."""
    found = await service.read(
        lambda connection: _listed(
            connection, who, service, period=period, community=community, stage=str(stage), cursor=cursor
        )
    )
    chosen = {"period": found.period, "community": community, "stage": str(stage)}
    return page(
        request,
        "desk/duties.html",
        duties=found.duties,
        next_cursor=found.next_cursor,
        periods=found.periods,
        period=found.period,
        watch=found.watch,
        communities=found.directory.communities,
        stages=[each for each in DutyStage if each is not DutyStage.CLOSED],
        names={unit.code: unit.name for unit in found.directory.units.values()},
        chosen={name: value for name, value in chosen.items() if value},
    )


@router.get("/{duty_no}", response_class=HTMLResponse)
async def show_one(request: Request, duty_no: str, who: DutyReaderDep, service: ServiceDep) -> Response:
    """Show a meeting, the state of the orders that it brought, and its events."""
    whole = await service.read(lambda connection: whole_duty(connection, duty_no, who, service))
    operates = may(who.roles, Permission.OPERATE)
    return page(
        request,
        "desk/duty.html",
        duty=whole.duty,
        events=whole.events,
        names={unit.code: unit.name for unit in whole.directory.units.values()},
        workflow=workflow_page(service, await namespace_of(service), duty_no) if operates else None,
    )


def _listed(
    connection: Connection,
    who: Staff,
    service: Service,
    *,
    period: str,
    community: str,
    stage: str,
    cursor: str | None,
) -> Listed:
    now, scope = service.now(), scope_of(who, Permission.READ_DUTIES)
    directory = current_named(connection)
    present = period_at(now, duty_book_beside(service.policy).rhythm)
    known = [each.name for each in finding.list_periods(connection)]
    period = period or (present.name if present.name in known else next(iter(known), present.name))
    wanted = DutyFilter(
        period=None if period == EVERY_PERIOD else period, community=community or None, stage=stage or None
    )
    found = finding.list_duties(connection, wanted, scope, cursor=cursor)
    sees_all = Reach.OFFICE in reaches(who.roles, Permission.READ_DUTIES)
    shortages = finding.list_shortages(connection, scope) if sees_all else []
    clashes = clashes_of(connection, [*found.rows, *shortages])
    return Listed(
        duties=[views.duty_summary(row, clashes=row.duty_no in clashes) for row in found.rows],
        next_cursor=found.next_cursor,
        periods=known,
        period=period,
        watch=_watch(
            connection,
            directory,
            present,
            [views.duty_summary(row, clashes=row.duty_no in clashes) for row in shortages],
            now=now,
        )
        if sees_all
        else None,
        directory=directory,
    )


def _watch(
    connection: Connection,
    directory: Directory,
    present: Period,
    shortages: list[DutySummary],
    *,
    now: datetime,
) -> Watch:
    """Gather what needs a leader's attention: duties of the present period, and teams as of today."""
    unopened = finding.communities_without_duty(connection, directory.communities, present.name)
    return Watch(
        period=present.name,
        shortages=shortages,
        without_duty=_named(directory, unopened),
        without_team=_named(directory, directory.communities_without_team(local(now).date())),
    )


def _named(directory: Directory, codes: Sequence[str]) -> str:
    return str(texts()["words"]["or"].join(directory.units[each].name for each in codes))
