"""When things are due.

Assumes aware instants; answers in UTC. Intervals are half-open: an instant equal to the due time
is late. How a limit runs, by the wall, in office hours or in working days, is said by its row of the
policy book; the calendar is the one in force when somebody asks.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum

from domain.errors import DomainError
from domain.orders import OrderClass
from domain.policy import PolicyBook
from domain.workdays import OFFICE_ZONE, DueTime, Limit, OfficeTime, Wall, WorkCalendar, office_time, reckon

_MOST_DOUBLINGS = 8
_FIRST_YEAR, _LAST_YEAR = 2000, 2199


class NaiveDatetime(DomainError):
    """An instant came without a zone."""

    code = "naive_datetime"


class Basis(StrEnum):
    """What a clock is reckoned from: the reason behind a due time."""

    FIRST_CONTACT = "first_contact"
    DESK = "desk"
    ACKNOWLEDGE = "acknowledge"
    PROMISE = "promise"
    ESCALATED = "escalated"
    EXPLAIN = "explain"
    FOLLOW_UP = "follow_up"
    SUPERVISION = "supervision"
    GIVEN = "given"
    REVIEW = "review"
    ASSIST = "assist"
    ASK_RESIDENT = "ask_resident"
    WINDOW = "window"


@dataclass(frozen=True, kw_only=True, slots=True)
class Clock:
    """When something is due and when its owner is reminded, both UTC; reminded before due."""

    due_at: datetime
    remind_at: datetime
    is_provisional: bool = False


@dataclass(frozen=True, slots=True)
class Rested:
    """A time for which a clock stood still, half-open."""

    began: datetime
    ended: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class ClockFacts:
    """What a clock is reckoned from; `repetition` counts from 1, `promised` is the order's.

    `order_class` is the class, or until there is one the class suggested. `rests` are the times for which the clock
    stood still since then, the earliest first, none over another. `floor_from`: from there on the unit has the minimum
    remainder in any case. So a clock is its origin and its rests: reckoned again, on another calendar or from another
    promise, nothing is lost and nothing counted twice.
    """

    basis: Basis
    since: datetime
    order_class: OrderClass | None = None
    promised: DueTime | None = None
    repetition: int = 1
    given: datetime | None = None
    rests: tuple[Rested, ...] = ()
    floor_from: datetime | None = None


def promise(
    received_at: datetime, order_class: OrderClass, book: PolicyBook, calendar: WorkCalendar
) -> DueTime:
    """Reckon the instant promised to the resident when the order is classed.

    Source: the published class limits, counted from receipt (our decision, ADR-0006).
    """
    return reckon(_utc(received_at), book.class_limits[order_class], calendar)


def round_promise(started_at: datetime, book: PolicyBook, calendar: WorkCalendar) -> DueTime:
    """Reckon the promise of a later round, after a call-back that said no or a reopening."""
    return reckon(_utc(started_at), book.rework, calendar)


def after_rest(
    was_due: DueTime, began: datetime, ended: datetime, limit: Limit, calendar: WorkCalendar
) -> DueTime:
    """Move an instant by the length of a rest, in the time by which the limit runs; never to before the rest's end.

    By the wall the length itself; in working time what was left at the beginning is left at the end.
    Source: our decision, ADR-0017.
    """
    began, ended = _utc(began), _utc(ended)
    by_the_wall = DueTime(was_due.at + (ended - began), was_due.is_provisional)
    if isinstance(limit, Wall) or was_due.at <= began:
        return by_the_wall
    left = office_time(began, was_due.at, calendar)
    if not left:
        # The office was to be closed until then: only the wall can tell how much was left.
        return by_the_wall
    moved = reckon(ended, OfficeTime(left), calendar)
    return DueTime(max(moved.at, was_due.at), moved.is_provisional or was_due.is_provisional)


def after_rests(due: DueTime, rests: Iterable[Rested], limit: Limit, calendar: WorkCalendar) -> DueTime:
    """Move an instant by one rest after the other."""
    for rest in rests:
        due = after_rest(due, rest.began, rest.ended, limit, calendar)
    return due


def clock(facts: ClockFacts, book: PolicyBook, calendar: WorkCalendar) -> Clock:
    """Reckon due time and reminder of one clock.

    Raises:
        NaiveDatetime: an instant has no zone.
    """
    since, limit = _utc(facts.since), _limit(facts, book)
    due = after_rests(_due(facts, since, book, calendar), facts.rests, limit, calendar)
    if facts.rests:
        since = max(since, _utc(facts.rests[-1].ended))
        due = max(due, DueTime(since), key=_at)
    if facts.floor_from is not None:
        due = max(due, reckon(_utc(facts.floor_from), _remainder(facts, book), calendar), key=_at)
    remind_at = _reminder(since, due.at, limit, book, calendar)
    return Clock(due_at=due.at, remind_at=min(remind_at, due.at), is_provisional=due.is_provisional)


def _due(facts: ClockFacts, since: datetime, book: PolicyBook, calendar: WorkCalendar) -> DueTime:
    match facts.basis:
        case Basis.PROMISE:
            return _handling_due(facts, since, book, calendar)
        case Basis.GIVEN:
            # A date that has passed by the time it is taken up means "now", never a negative wait.
            return DueTime(max(_utc(facts.given), since) if facts.given else since)
        case Basis.SUPERVISION:
            return _supervision_due(facts.repetition, since, book, calendar)
        case _:
            return reckon(since, _limit(facts, book), calendar)


def _handling_due(facts: ClockFacts, since: datetime, book: PolicyBook, calendar: WorkCalendar) -> DueTime:
    """A late desk is the desk's breach: the unit has at least the minimum remainder of the class.

    In a later round (`repetition`) never more than the rework limit, which is the promise itself.
    """
    floor = reckon(since, _remainder(facts, book), calendar)
    if facts.repetition > 1:
        floor = min(floor, reckon(since, book.rework, calendar), key=_at)
    return max(facts.promised, floor, key=_at) if facts.promised else floor


def _remainder(facts: ClockFacts, book: PolicyBook) -> Limit:
    return book.minimum_remainder[facts.order_class or OrderClass.GENERAL]


def _supervision_due(repetition: int, since: datetime, book: PolicyBook, calendar: WorkCalendar) -> DueTime:
    """Give a leader twice the time at each supervision in a row, up to the longest.

    Source: our decision, ADR-0006 ("again after twice the time, up to a week").
    """
    doubled = book.supervision_first.times(1 << min(repetition - 1, _MOST_DOUBLINGS))
    limits = (doubled, book.supervision_longest)
    return min((reckon(since, limit, calendar) for limit in limits), key=_at)


def _limit(facts: ClockFacts, book: PolicyBook) -> Limit:
    """Find the row that a clock runs by; an urgent order's desks do not wait for the office to open.

    Source: our decision, ADR-0016.
    """
    limit = _LIMITS[facts.basis](facts, book)
    if isinstance(limit, OfficeTime) and facts.order_class is OrderClass.URGENT:
        return Wall(limit.time)
    return limit


def _reminder(
    since: datetime, due_at: datetime, limit: Limit, book: PolicyBook, calendar: WorkCalendar
) -> datetime:
    """Give the instant at which the policy's share of a clock has gone, in the time by which it runs."""
    if isinstance(limit, Wall):
        return since + (due_at - since) * book.reminder_percent / 100
    share = office_time(since, due_at, calendar) * book.reminder_percent / 100
    return reckon(since, OfficeTime(share), calendar).at


def _at(due: DueTime) -> datetime:
    return due.at


def _utc(instant: datetime) -> datetime:
    if instant.tzinfo is None:
        raise NaiveDatetime("an instant without a zone cannot be reckoned with; give it an offset")
    return instant.astimezone(UTC)


def is_reckonable(instant: datetime) -> bool:
    """Tell whether an instant has a zone and lies where every database and calendar can reckon with it."""
    return instant.tzinfo is not None and _FIRST_YEAR <= instant.year <= _LAST_YEAR


def local(instant: datetime) -> datetime:
    """Give an instant as the office's clocks show it."""
    return instant.astimezone(OFFICE_ZONE)


_LIMITS: Mapping[Basis, Callable[[ClockFacts, PolicyBook], Limit]] = {
    Basis.FIRST_CONTACT: lambda _, book: book.first_contact,
    Basis.DESK: lambda _, book: book.desk,
    Basis.ACKNOWLEDGE: lambda _, book: book.acknowledge,
    Basis.PROMISE: lambda facts, book: book.class_limits[facts.order_class or OrderClass.GENERAL],
    Basis.ESCALATED: lambda facts, book: book.escalated[facts.order_class or OrderClass.GENERAL],
    Basis.EXPLAIN: lambda _, book: book.explain,
    Basis.FOLLOW_UP: lambda _, book: book.follow_up,
    Basis.SUPERVISION: lambda _, book: book.supervision_first,
    Basis.GIVEN: lambda facts, book: book.class_limits[facts.order_class or OrderClass.GENERAL],
    Basis.REVIEW: lambda _, book: book.review,
    Basis.ASSIST: lambda _, book: book.assist,
    Basis.ASK_RESIDENT: lambda _, book: book.ask_resident,
    Basis.WINDOW: lambda _, book: book.reopening_window,
}
"""The row behind each clock: how it runs and, for most, how long."""
