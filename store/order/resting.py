"""Which instants of open orders rest on days of the calendar, and on which.

Assumes only what a row shows: when something began and when it is due. A clock that runs by the wall rests on no day:
in orders of such a book, in the first round of an urgent order, and in the reopening window.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from sqlalchemy import ColumnElement, Connection, and_, literal, or_, select

from domain.calendar.workdays import OFFICE_ZONE, NamedDay
from domain.matter.tasks import TaskState
from domain.office.words import OrderClass
from domain.order.policy import BOOKS
from domain.order.words import Stage
from messages.names import REQUESTER
from store.calendar.years import find_year
from store.matter.tables import matter, task
from store.order.rows import WHOLE
from store.order.tables import orders

_PROMISE = "promise"
_COUNTS_DAYS: ColumnElement[bool] = and_(
    matter.c.stage != Stage.ARCHIVED,
    orders.c.policy.in_([book.version for book in BOOKS.values() if book.needs_calendar]),
    or_(orders.c["class"].is_distinct_from(OrderClass.URGENT), orders.c.round > 1),
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Resting:
    """An instant that rests on days that change: its order, its kind, its owner, and when it is."""

    order_no: str
    what: str
    whose: str
    at: datetime


def changed_days(connection: Connection, year: int, days: Sequence[NamedDay]) -> frozenset[date]:
    """Return the days of a year that would change their kind; none for a year that was never announced."""
    known = find_year(connection, year)
    if known is None:
        return frozenset()
    before, after = ({(each.day, each.kind) for each in table} for table in (known.days, days))
    return frozenset(day for day, _ in before ^ after)


def begins(day: date) -> datetime:
    """Return the first instant of a day at the office."""
    return datetime.combine(day, time.min, OFFICE_ZONE)


def rests_after(instant: datetime) -> ColumnElement[bool]:
    """Say in SQL which orders have an instant later than this one that counts days, or one that is provisional."""
    is_promised = orders.c.ending.is_(None) & (matter.c.promised_at > instant)
    due = select(literal(1)).where(
        task.c.matter_no == matter.c.matter_no, task.c.state == TaskState.OPEN, task.c.due_at > instant
    )
    # Not `EXISTS`: that may make PostgreSQL read all open tasks for each batch of a telling.
    is_due = due.limit(1).correlate(matter).scalar_subquery().is_not(None)
    is_provisional = orders.c.is_provisional.is_(True) & (matter.c.stage != Stage.ARCHIVED)
    return or_(is_provisional, _COUNTS_DAYS & or_(is_promised, is_due))


def resting_on(connection: Connection, changed: Iterable[date], *, now: datetime) -> list[Resting]:
    """List the coming promises and limits of open orders that were counted over days that change, in sequence."""
    days = sorted(changed)
    if not days:
        return []
    after, before = max(now, begins(days[0])), begins(days[-1] + timedelta(days=1))
    promised = (
        select(orders.c.order_no, matter.c.promised_at)
        .select_from(WHOLE)
        .where(
            _COUNTS_DAYS,
            orders.c.ending.is_(None),
            matter.c.promised_at > after,
            orders.c.received_at < before,
        )
    )
    due = (
        select(task.c.matter_no, task.c.kind, task.c.unit, task.c.due_at)
        .join(WHOLE, matter.c.matter_no == task.c.matter_no)
        .where(_COUNTS_DAYS, task.c.state == TaskState.OPEN, task.c.due_at > after, task.c.opened_at < before)
    )
    found = [
        Resting(order_no=order_no, what=_PROMISE, whose=REQUESTER, at=at)
        for order_no, at in connection.execute(promised)
    ]
    found += [
        Resting(order_no=order_no, what=kind, whose=unit, at=at)
        for order_no, kind, unit, at in connection.execute(due)
    ]
    return sorted(found, key=lambda each: (each.order_no, each.what != _PROMISE, each.at))


def provisional_orders(connection: Connection) -> list[str]:
    """List open orders with an instant that rests on a year not announced, in sequence."""
    open_ = orders.c.is_provisional.is_(True) & (matter.c.stage != Stage.ARCHIVED)
    return list(
        connection.scalars(
            select(orders.c.order_no).select_from(WHOLE).where(open_).order_by(orders.c.order_no)
        )
    )
