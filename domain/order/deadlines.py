"""When things are due.

Assumes aware instants; answers in UTC. Intervals are half-open: an instant equal to the due time
is late. How a limit runs, by the wall, in office hours or in working days, is said by its row of the
policy book; the calendar is the one in force when somebody asks.

An instant is its origin, moved by its rests; not earlier than a word that was given, and not later than one that was
given to somebody else (ADR-0026).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from domain.calendar.instants import utc
from domain.calendar.workdays import DueTime, Limit, OfficeTime, Wall, WorkCalendar, office_time, reckon
from domain.matter.clocks import Clock, Given, Rested, after_rests, moved_on
from domain.office.words import OrderClass
from domain.order.policy import PolicyBook

_MOST_DOUBLINGS = 8


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
class Facts:
    """What every instant is reckoned from.

    `rests` are the times for which it stood still, the earliest first, none over another. `word` is what was shown:
    never earlier. `joined`: what orders that joined were promised: never later. `cap`: a limit that a superior
    platform set. `floor_from`: from there on the unit has the minimum remainder. So nothing is lost and nothing counted
    twice, however often it is reckoned again, on whatever calendar.
    """

    since: datetime
    order_class: OrderClass | None = None
    rests: tuple[Rested, ...] = ()
    word: Given | None = None
    joined: tuple[Given, ...] = ()
    cap: datetime | None = None
    floor_from: datetime | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class PromiseFacts(Facts):
    """What a promise is reckoned from; in a later round without a class.

    `granted`: by an extension. `was`: what the class before promised.
    """

    granted: Given | None = None
    was: datetime | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class ClockFacts(Facts):
    """What a clock is reckoned from; `repetition` counts from 1, for work the rounds; `promised` is the order's.

    `order_class` is the class, or until there is one the class suggested.
    """

    basis: Basis
    promised: DueTime | None = None
    repetition: int = 1
    given: datetime | None = None


def promised(facts: PromiseFacts, book: PolicyBook, calendar: WorkCalendar) -> DueTime:
    """Reckon what the resident is promised.

    A new class counts from receipt; what it would promise for a time too near or past is promised for the minimum
    remainder, and not later than it was. Source: our decision, ADR-0026.
    """
    if facts.order_class is None:
        origin, limit = round_promise(facts.since, book, calendar), book.rework
    else:
        origin = promise(facts.since, facts.order_class, book, calendar)
        limit = book.class_limits[facts.order_class]
    due = after_rests(origin, facts.rests, limit, calendar)
    if facts.granted is not None:
        due = max(due, moved_on(facts.granted, facts.rests, limit, calendar), key=_at)
    if facts.floor_from is not None:
        floor = reckon(utc(facts.floor_from), _remainder(facts, book), calendar)
        due = max(due, min(floor, DueTime(utc(facts.was or floor.at)), key=_at), key=_at)
    due = _between(due, facts, limit, calendar)
    return min(due, DueTime(utc(facts.cap)), key=_at) if facts.cap else due


def kept_promise(
    promised_at: datetime,
    joined_at: datetime,
    order_class: OrderClass,
    book: PolicyBook,
    calendar: WorkCalendar,
) -> datetime:
    """Say until when an order is answered that joins another one: when it was promised, if that can still be kept.

    Otherwise after the minimum remainder of its class: the leading unit hears of it only now. Source: our decision,
    ADR-0026.
    """
    return max(utc(promised_at), reckon(utc(joined_at), book.minimum_remainder[order_class], calendar).at)


def promise(
    received_at: datetime, order_class: OrderClass, book: PolicyBook, calendar: WorkCalendar
) -> DueTime:
    """Reckon the instant promised to the resident when the order is classed.

    Source: the published class limits, counted from receipt (our decision, ADR-0006).
    """
    return reckon(utc(received_at), book.class_limits[order_class], calendar)


def round_promise(started_at: datetime, book: PolicyBook, calendar: WorkCalendar) -> DueTime:
    """Reckon the promise of a later round, after a call-back that said no or a reopening."""
    return reckon(utc(started_at), book.rework, calendar)


def _between(due: DueTime, facts: Facts, limit: Limit, calendar: WorkCalendar) -> DueTime:
    """Keep an instant not earlier than the word given, and not later than what anybody who joined was promised.

    Whichever was said last goes before the others.
    """
    said = [(each, False) for each in facts.joined]
    said += [(facts.word, True)] if facts.word is not None else []
    for given, is_word in sorted(said, key=lambda each: each[0].said_at):
        moved = moved_on(given, facts.rests, limit, calendar)
        due = max(due, moved, key=_at) if is_word else min(due, moved, key=_at)
    return due


def clock(facts: ClockFacts, book: PolicyBook, calendar: WorkCalendar) -> Clock:
    """Reckon due time and reminder of one clock.

    Raises:
        NaiveDatetime: an instant has no zone.
    """
    since, limit = utc(facts.since), _limit(facts, book)
    due = after_rests(_due(facts, since, book, calendar), facts.rests, limit, calendar)
    if facts.rests:
        since = max(since, utc(facts.rests[-1].ended))
        due = max(due, DueTime(since), key=_at)
    due = _between(due, facts, limit, calendar)
    if facts.floor_from is not None:
        due = max(due, _floor(facts, utc(facts.floor_from), book, calendar), key=_at)
    due = max(due, DueTime(utc(facts.since)), key=_at)
    remind_at = _reminder(since, due.at, limit, book, calendar)
    return Clock(due_at=due.at, remind_at=min(remind_at, due.at), is_provisional=due.is_provisional)


def _due(facts: ClockFacts, since: datetime, book: PolicyBook, calendar: WorkCalendar) -> DueTime:
    match facts.basis:
        case Basis.PROMISE:
            return _handling_due(facts, since, book, calendar)
        case Basis.GIVEN:
            # A date that has passed by the time it is taken up means "now", never a negative wait.
            dates = [utc(date) for date in (facts.given, facts.cap) if date is not None]
            return DueTime(max(min(dates, default=since), since))
        case Basis.SUPERVISION:
            return _supervision_due(facts.repetition, since, book, calendar)
        case _:
            return reckon(since, _limit(facts, book), calendar)


def _handling_due(facts: ClockFacts, since: datetime, book: PolicyBook, calendar: WorkCalendar) -> DueTime:
    """A late desk is the desk's breach: the unit has at least the minimum remainder of the class."""
    floor = _floor(facts, since, book, calendar)
    return max(facts.promised, floor, key=_at) if facts.promised else floor


def _floor(facts: ClockFacts, since: datetime, book: PolicyBook, calendar: WorkCalendar) -> DueTime:
    """Give the minimum remainder; in a later round never more than the rework limit, which is the promise itself."""
    floor = reckon(since, _remainder(facts, book), calendar)
    return min(floor, reckon(since, book.rework, calendar), key=_at) if facts.repetition > 1 else floor


def _remainder(facts: Facts, book: PolicyBook) -> Limit:
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


def _work_limit(facts: ClockFacts, book: PolicyBook) -> Limit:
    """Find the row of the promise that work serves: in a later round the rework limit, whatever the class."""
    return book.rework if facts.repetition > 1 else book.class_limits[facts.order_class or OrderClass.GENERAL]


_LIMITS: Mapping[Basis, Callable[[ClockFacts, PolicyBook], Limit]] = {
    Basis.FIRST_CONTACT: lambda _, book: book.first_contact,
    Basis.DESK: lambda _, book: book.desk,
    Basis.ACKNOWLEDGE: lambda _, book: book.acknowledge,
    Basis.PROMISE: _work_limit,
    Basis.ESCALATED: lambda facts, book: book.escalated[facts.order_class or OrderClass.GENERAL],
    Basis.EXPLAIN: lambda _, book: book.explain,
    Basis.FOLLOW_UP: lambda _, book: book.follow_up,
    Basis.SUPERVISION: lambda _, book: book.supervision_first,
    Basis.GIVEN: _work_limit,
    Basis.REVIEW: lambda _, book: book.review,
    Basis.ASSIST: lambda _, book: book.assist,
    Basis.ASK_RESIDENT: lambda _, book: book.ask_resident,
    Basis.WINDOW: lambda _, book: book.reopening_window,
}
"""The row behind each clock: how it runs and, for most, how long."""
