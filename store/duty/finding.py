"""Reading duties for pages and programs: each function one indexed statement, lists keyset-paged.

Assumes that the caller is entitled; `Scope` limits the results. Nothing here asks Temporal.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    and_,
    exists,
    func,
    literal,
    or_,
    select,
    tuple_,
)

from domain.duty.events import DutyEvent
from domain.duty.lifecycle import EXCUSE
from domain.duty.periods import Period
from domain.duty.words import DutyEnding, DutyKind, DutyStage
from domain.matter.judging import DecisionStatus
from domain.matter.stages import OVER
from domain.order.events import EventName
from store.duty.rows import DUTY_COLUMNS, WHOLE_DUTY, AnnouncedMeeting, DutyRow, IssueRow
from store.duty.tables import duty, duty_issue
from store.instants import Instant
from store.matter.reach import Scope, scoped
from store.matter.tables import decision, event, matter
from store.office.tables import staff
from store.order.tables import orders
from store.paging import PAGE, Page, limited, page_of, read_cursor
from store.values import value_of

MOST_PERIODS: Final = 36
"""How many periods are offered to choose from: three years of months."""
MOST_ANNOUNCED: Final = 12
"""How many announced meetings residents are shown."""


@dataclass(frozen=True, kw_only=True, slots=True)
class DutyFilter:
    """The limits of a list of duties; `None` does not limit."""

    period: str | None = None
    community: str | None = None
    stage: str | None = None
    unit: str | None = None


_said_place = decision.alias("said_place")
_said_report = decision.alias("said_report")
_leader = staff.alias("the_leader")
_deputy = staff.alias("the_deputy")


def _written(said: Any, name: str) -> ColumnElement[str | None]:
    """Read a text of a decision: from its texts, or from the fields or comment that an operator typed."""
    return func.coalesce(said.c.texts[name].as_string(), said.c.fields[name].as_string(), said.c.comment)


def _granted() -> ColumnElement[str | None]:
    """Read the reason for which a duty was excused: the one in the last request for an excuse."""
    asked = (
        select(decision.c.fields["reason"].as_string())
        .where(
            decision.c.matter_no == duty.c.duty_no,
            decision.c.name == EXCUSE,
            decision.c.status == DecisionStatus.APPLIED,
            duty.c.ending == DutyEnding.EXCUSED,
        )
        .order_by(decision.c.decided_at.desc())
        .limit(1)
    )
    return asked.scalar_subquery()


def _duties() -> Select[Any]:
    """Read duties with their places and the names of their teams."""
    place = and_(_said_place.c.decision_id == duty.c.place_of, _said_place.c.matter_no == duty.c.duty_no)
    return (
        select(
            *DUTY_COLUMNS,
            _written(_said_place, "place").label("place"),
            _leader.c.name.label("leader_name"),
            _deputy.c.name.label("deputy_name"),
            _granted().label("excuse"),
        )
        .select_from(WHOLE_DUTY)
        .outerjoin(_said_place, place)
        .outerjoin(_leader, _leader.c.username == duty.c.leader)
        .outerjoin(_deputy, _deputy.c.username == duty.c.deputy)
    )


def find_duty(connection: Connection, duty_no: str, scope: Scope) -> DutyRow | None:
    """Find a duty within a scope, with the summary of its meeting."""
    report = and_(_said_report.c.decision_id == duty.c.report_of, _said_report.c.matter_no == duty.c.duty_no)
    query = _duties().add_columns(_written(_said_report, "summary").label("summary"))
    query = query.outerjoin(_said_report, report).where(duty.c.duty_no == duty_no)
    row = connection.execute(scoped(query, scope)).one_or_none()
    return DutyRow.of(row) if row else None


def list_duties(
    connection: Connection, wanted: DutyFilter, scope: Scope, *, cursor: str | None
) -> Page[DutyRow]:
    """List duties, those of the latest period first.

    Raises:
        BadCursor: the cursor cannot be read.
    """
    query = limited(
        scoped(_duties(), scope),
        (duty.c.period, wanted.period),
        (duty.c.subject, wanted.community),
        (matter.c.stage, wanted.stage),
        (matter.c.unit, wanted.unit),
    )
    if cursor:
        at, last = read_cursor(cursor)
        query = query.where(tuple_(duty.c.period_began, duty.c.duty_no) < tuple_(literal(at, Instant), last))
    query = query.order_by(duty.c.period_began.desc(), duty.c.duty_no.desc())
    return page_of(connection, query, DutyRow.of, lambda each: (each.period_began, each.duty_no))


def list_shortages(connection: Connection, scope: Scope) -> Sequence[DutyRow]:
    """List the open duties that need a leader: their shortage was reported, or they are missed.

    Those of the earliest period come first; one page at most.
    """
    told = exists().where(
        event.c.matter_no == duty.c.duty_no,
        event.c.type == DutyEvent.SHORTAGE_REPORTED,
        event.c.abandoned.is_(False),
    )
    query = _duties().where(matter.c.stage.not_in(OVER), or_(matter.c.stage == DutyStage.MISSED, told))
    query = scoped(query, scope).order_by(duty.c.period_began, duty.c.duty_no).limit(PAGE)
    return [DutyRow.of(row) for row in connection.execute(query)]


def list_periods(connection: Connection) -> Sequence[Period]:
    """List the periods that have duties, the newest first."""
    began = func.min(duty.c.period_began, type_=Instant())
    ends = func.min(duty.c.period_ends, type_=Instant())
    rows = connection.execute(
        select(duty.c.period, began.label("began"), ends.label("ends"))
        .group_by(duty.c.period)
        .order_by(began.desc())
        .limit(MOST_PERIODS)
    )
    return [Period(name=row.period, began=row.began, ends=row.ends) for row in rows]


def communities_without_duty(
    connection: Connection, communities: Sequence[str], period: str
) -> tuple[str, ...]:
    """List the communities among these for which no meeting was opened in a period."""
    opened = set(
        connection.scalars(
            select(duty.c.subject).where(
                duty.c.duty_kind == DutyKind.COURTYARD_MEETING,
                duty.c.subject.in_(communities),
                duty.c.period == period,
            )
        )
    )
    return tuple(each for each in communities if each not in opened)


def list_issues(connection: Connection, duty_no: str, scope: Scope) -> Sequence[IssueRow]:
    """List the orders that came from a meeting, in the sequence of its report.

    `scope` says which of them the reader may see.
    """
    its = matter.alias("its")
    called_back = exists().where(
        event.c.matter_no == orders.c.order_no,
        event.c.type == EventName.FOLLOW_UP_ENDED,
        event.c.abandoned.is_(False),
    )
    reached = scoped(
        select(matter.c.matter_no).where(matter.c.matter_no == duty_issue.c.order_no), scope
    ).correlate(duty_issue)
    shown: list[ColumnElement[Any]] = [
        *(orders.c[name] for name in ("order_no", "subject", "ending")),
        *(duty_issue.c[name] for name in ("position", "on_the_spot")),
        its.c.stage,
        called_back.label("is_called_back"),
        reached.exists().label("is_within_reach"),
    ]
    query = (
        select(*shown)
        .select_from(duty_issue.join(orders, orders.c.order_no == duty_issue.c.order_no))
        .join(its, its.c.matter_no == orders.c.order_no)
        .where(duty_issue.c.duty_no == duty_no)
        .order_by(duty_issue.c.position)
    )
    return [value_of(IssueRow, row) for row in connection.execute(query)]


def meeting_behind(connection: Connection, order_no: str, scope: Scope) -> DutyRow | None:
    """Find the duty whose meeting an order came from, within a scope."""
    query = select(*DUTY_COLUMNS).select_from(WHOLE_DUTY)
    query = query.join(duty_issue, duty_issue.c.duty_no == duty.c.duty_no)
    row = connection.execute(scoped(query.where(duty_issue.c.order_no == order_no), scope)).one_or_none()
    return DutyRow.of(row) if row else None


def owed_in(connection: Connection, duty_nos: Collection[str]) -> dict[str, tuple[str, str]]:
    """Return the period and community of each of these duties: people know it by them."""
    rows = connection.execute(
        select(duty.c.duty_no, duty.c.period, duty.c.subject).where(duty.c.duty_no.in_(duty_nos))
    )
    return {row.duty_no: (row.period, row.subject) for row in rows}


def announced_meetings(
    connection: Connection, *, since: datetime, until: datetime
) -> Sequence[AnnouncedMeeting]:
    """List the announced meetings that begin within a stretch of time, for residents, the earliest first."""
    query = _duties().where(
        matter.c.stage == DutyStage.PLANNED, duty.c.planned_at > since, duty.c.planned_at <= until
    )
    found = connection.execute(query.order_by(duty.c.planned_at, duty.c.duty_no).limit(MOST_ANNOUNCED))
    return [AnnouncedMeeting(at=row.planned_at, community=row.subject, place=row.place) for row in found]
