"""When the clocks and promises of orders are due.

Assumes aware instants; answers in UTC. Intervals are half-open: an instant equal to the due time is late. The
row of the policy book says how a limit runs: by the wall clock, in office hours or in working days. The
calendar is the one in force at the moment of asking.

An instant is its origin, moved by its rests. It is not earlier than the word that a person was given, and not
later than the word given to the resident of an order that joined (ADR-0026).
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
    """The reason behind a due time, from which its clock runs."""

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
    """The facts that every instant is computed from.

    `rests`: when the clock stood still, the earliest first, without overlaps. `word`: the instant that was
    shown; the result is never earlier. `joined`: what orders that joined were promised; the result is never
    later. `cap`: a limit that a superior platform set. `floor_from`: from there on the unit has the minimum
    remainder. Computing an instant again from these facts, on whatever calendar, loses nothing and counts
    nothing twice.
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
    """The facts that a promise is computed from; in a later round without a class.

    `granted`: the instant that an extension granted. `was`: the promise of the class before.
    """

    granted: Given | None = None
    was: datetime | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class ClockFacts(Facts):
    """The facts that a clock is computed from.

    `order_class`: the order's class, or the suggested class until there is one. `promised`: the order's
    promise. `repetition` counts from 1; for work it counts the rounds.
    """

    basis: Basis
    promised: DueTime | None = None
    repetition: int = 1
    given: datetime | None = None


def promised(facts: PromiseFacts, book: PolicyBook, calendar: WorkCalendar) -> DueTime:
    """Compute the instant promised to the resident.

    A new class counts from receipt. If its promise would be past or too near, the promise is the end of the
    minimum remainder, but not later than it was before. Source: our decision, ADR-0026.
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
    """Return when an order that joins another must be answered: as promised, if that can still be kept.

    Otherwise it is the end of the minimum remainder of its class, since the leading unit hears of it only
    now. Source: our decision, ADR-0026.
    """
    return max(utc(promised_at), reckon(utc(joined_at), book.minimum_remainder[order_class], calendar).at)


def promise(
    received_at: datetime, order_class: OrderClass, book: PolicyBook, calendar: WorkCalendar
) -> DueTime:
    """Compute the instant promised to the resident when the order is classified.

    Source: the published class limits, counted from receipt (our decision, ADR-0006).
    """
    return reckon(utc(received_at), book.class_limits[order_class], calendar)


def round_promise(started_at: datetime, book: PolicyBook, calendar: WorkCalendar) -> DueTime:
    """Compute the promise of a later round, after a call-back that said no or a reopening."""
    return reckon(utc(started_at), book.rework, calendar)


def _between(due: DueTime, facts: Facts, limit: Limit, calendar: WorkCalendar) -> DueTime:
    """Keep an instant not before the word given, and not after the promise of any order that joined.

    If these contradict each other, the one that was given last wins.
    """
    said = [(each, False) for each in facts.joined]
    said += [(facts.word, True)] if facts.word is not None else []
    for given, is_word in sorted(said, key=lambda each: each[0].said_at):
        moved = moved_on(given, facts.rests, limit, calendar)
        due = max(due, moved, key=_at) if is_word else min(due, moved, key=_at)
    return due


def clock(facts: ClockFacts, book: PolicyBook, calendar: WorkCalendar) -> Clock:
    """Compute due time and reminder of one clock.

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
    """Return the promise, but leave the unit at least the minimum remainder of the class.

    A late desk is the desk's breach, not the unit's.
    """
    floor = _floor(facts, since, book, calendar)
    return max(facts.promised, floor, key=_at) if facts.promised else floor


def _floor(facts: ClockFacts, since: datetime, book: PolicyBook, calendar: WorkCalendar) -> DueTime:
    """Return the end of the minimum remainder; in a later round not after the rework limit, the promise."""
    floor = reckon(since, _remainder(facts, book), calendar)
    return min(floor, reckon(since, book.rework, calendar), key=_at) if facts.repetition > 1 else floor


def _remainder(facts: Facts, book: PolicyBook) -> Limit:
    return book.minimum_remainder[facts.order_class or OrderClass.GENERAL]


def _supervision_due(repetition: int, since: datetime, book: PolicyBook, calendar: WorkCalendar) -> DueTime:
    """Double a leader's time with each supervision in a row, up to the longest.

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
    """Return when the policy's share of a clock has passed, in the time by which the clock runs."""
    if isinstance(limit, Wall):
        return since + (due_at - since) * book.reminder_percent / 100
    share = office_time(since, due_at, calendar) * book.reminder_percent / 100
    return reckon(since, OfficeTime(share), calendar).at


def _at(due: DueTime) -> datetime:
    return due.at


def _work_limit(facts: ClockFacts, book: PolicyBook) -> Limit:
    """Return the limit of the promise that the work serves: in a later round always the rework limit."""
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
