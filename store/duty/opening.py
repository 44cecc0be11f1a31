"""Opening duties for a period: a meeting for each community, once, however often it is asked.

Assumes that a period has a name of its own for each kind of duty. The team that answers is that of the day on which
the period begins, or of the day of the opening if that is later.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, insert, select

from domain.calendar.instants import local
from domain.calendar.workdays import WorkCalendar
from domain.doors import Via
from domain.duty.deadlines import DutyBasis, DutyClock, duty_clock
from domain.duty.events import DutyEvent
from domain.duty.lifecycle import DutyTask
from domain.duty.periods import Period
from domain.duty.policy import DutyBook
from domain.duty.words import KIND, LETTER, DutyKind, DutyStage
from domain.matter.tasks import SYSTEM, TaskState
from domain.office.responsibility import STREET_LEADER, Owner, handler
from domain.office.teams import Team
from domain.office.words import Tier
from messages.duty.starting import starting_duty
from messages.duty.workflow import StartDuty, TeamFacts
from messages.matter.tasks import OfficeHold, OpenTask
from store.calendar.years import calendar_since
from store.duty.tables import duty
from store.matter.holding import as_notice, holds_from, holds_over, is_held
from store.matter.numbers import new_number, new_suffix
from store.matter.outbox import OutboxKind, put
from store.matter.tables import event, matter, task
from store.office.directory import current
from store.office.office_lock import lock_the_opening, reading_the_office

OPENING_RUN: Final = "opening"
"""The run id under which the opening writes event number 1, before any workflow exists."""


@dataclass(frozen=True, kw_only=True, slots=True)
class OpenedDuties:
    """The result of an opening: the numbers of the duties that it opened, and how many existed before."""

    duty_nos: tuple[str, ...]
    known: int


def communities_of(connection: Connection) -> tuple[str, ...]:
    """List the communities in which a meeting is owed: all open ones, in the sequence of their codes."""
    return tuple(sorted(current(connection).communities))


def open_duties(
    connection: Connection,
    communities: Sequence[str],
    period: Period,
    book: DutyBook,
    *,
    page: str,
    now: datetime,
) -> OpenedDuties:
    """Open the meeting of a period in each of these communities that has none yet.

    `page` is the address below which the duties' pages stand.
    """
    lock_the_opening(connection)
    if shared := reading_the_office(connection):
        connection.execute(select(*shared))
    known = set(
        connection.scalars(
            select(duty.c.subject).where(
                duty.c.duty_kind == DutyKind.COURTYARD_MEETING,
                duty.c.period == period.name,
                duty.c.subject.in_(communities),
            )
        )
    )
    directory = current(connection)
    calendar = calendar_since(connection, period.began.replace(month=1, day=1))
    # A hold that ended before the duty was opened has still taken its time from the period.
    over = holds_over(connection, since=period.began, at=now)
    holds = tuple(as_notice(each) for each in (*over, *holds_from(connection, at=now)))
    on = local(max(period.began, now)).date()
    starts = [
        _start(each, directory.team_of(each, on), period, book, calendar, holds=holds, page=page, now=now)
        for each in communities
        if each not in known
    ]
    _insert(connection, starts, is_held_now=is_held(holds, at=now))
    for start in starts:
        asked = starting_duty(start)
        put(connection, start.duty_no, OutboxKind.START, asked.model_dump(mode="json"), now=now)
    return OpenedDuties(duty_nos=tuple(each.duty_no for each in starts), known=len(known))


def _start(
    community: str,
    team: Team | None,
    period: Period,
    book: DutyBook,
    calendar: WorkCalendar,
    *,
    holds: tuple[OfficeHold, ...],
    page: str,
    now: datetime,
) -> StartDuty:
    """Describe how a duty begins; until a community has a team, the street leaders answer for it."""
    number = new_number(now, letter=LETTER)
    owner = handler(team.department, Tier.STREET) if team else STREET_LEADER
    due = duty_clock(DutyClock(basis=DutyBasis.PERIOD, since=period.ends), book, calendar)
    shortage = duty_clock(DutyClock(basis=DutyBasis.SHORTAGE, since=period.ends), book, calendar)
    return StartDuty(
        duty_no=number,
        duty_kind=DutyKind.COURTYARD_MEETING,
        policy=book.version,
        community=community,
        team=_facts_of(team),
        period=period.name,
        began=period.began,
        ends=period.ends,
        first_task=_first_task(number, owner, now).model_copy(
            update={"due_at": due.due_at, "remind_at": due.remind_at, "is_provisional": due.is_provisional}
        ),
        shortage_at=shortage.due_at,
        page=f"{page}/{number}",
        holds=holds,
    )


def _facts_of(team: Team | None) -> TeamFacts | None:
    if team is None:
        return None
    return TeamFacts(code=team.code, leader=team.leader, deputy=team.deputy, department=team.department)


def _first_task(number: str, owner: Owner, now: datetime) -> OpenTask:
    return OpenTask(
        task_id=f"{number}-1-{new_suffix()}",
        kind=DutyTask.PLAN_MEETING,
        unit=owner.unit,
        tier=owner.tier,
        role=owner.role,
        opened_at=now,
    )


def _insert(connection: Connection, starts: Sequence[StartDuty], *, is_held_now: bool) -> None:
    if not starts:
        return
    connection.execute(insert(matter), [duty_matter(each, held=is_held_now) for each in starts])
    connection.execute(insert(duty), [_duty_row(each) for each in starts])
    connection.execute(insert(task), [first_task_row(each) for each in starts])
    connection.execute(insert(event), [opened_event(each) for each in starts])


def duty_matter(start: StartDuty, *, held: bool) -> dict[str, Any]:
    """Make the row of a duty's matter."""
    return {
        "matter_no": start.duty_no,
        "kind": KIND,
        "community": start.community,
        "begun_at": start.first_task.opened_at,
        **matter_as_opened(start, held=held),
    }


def matter_as_opened(start: StartDuty, *, held: bool) -> dict[str, Any]:
    """Return a duty's matter as it stands before its workflow has recorded anything."""
    first = start.first_task
    return {
        "stage": DutyStage.PLANNING,
        "tier": first.tier,
        "unit": first.unit,
        "promised_at": None,
        "due_at": first.due_at,
        "escalations": 0,
        "overdue": False,
        "held": held,
        "run_id": None,
        "recorded_seq": 0,
        "recorded_at": None,
    }


def _duty_row(start: StartDuty) -> dict[str, Any]:
    team = start.team
    return {
        "duty_no": start.duty_no,
        "duty_kind": start.duty_kind,
        "subject": start.community,
        "period": start.period,
        "period_began": start.began,
        "policy": start.policy,
        "team": team.code if team else None,
        "leader": team.leader if team else None,
        "deputy": team.deputy if team else None,
        "department": team.department if team else None,
        **duty_as_opened(start),
    }


def duty_as_opened(start: StartDuty) -> dict[str, Any]:
    """Return a duty's own facts as they stand before its workflow has recorded anything."""
    unknown = (
        *("ending", "announced_at", "planned_at", "place_of", "started_at", "ended_at", "led_by"),
        *("from_department", "attendees", "evidence", "report_of", "reported_by", "missed_at", "closed_at"),
    )
    return {**dict.fromkeys(unknown), "period_ends": start.ends, "postponed": 0, "asks_excuse": False}


def first_task_row(start: StartDuty) -> dict[str, Any]:
    """Make the row of a duty's first task."""
    first = start.first_task.model_dump()
    return {**first, "matter_no": start.duty_no, "state": TaskState.OPEN, "holder": None}


def opened_event(start: StartDuty) -> dict[str, Any]:
    """Make the row of a duty's event number 1."""
    data = {"period": start.period, "community": start.community, "team": start.team and start.team.code}
    return {
        "matter_no": start.duty_no,
        "run_id": OPENING_RUN,
        "seq": 1,
        "at": start.first_task.opened_at,
        "type": DutyEvent.DUTY_OPENED,
        "actor": SYSTEM,
        "via": Via.SYSTEM,
        "task_id": start.first_task.task_id,
        "data": {key: value for key, value in data.items() if value},
        "abandoned": False,
    }
