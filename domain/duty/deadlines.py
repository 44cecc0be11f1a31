"""When a duty's clocks are due.

Assumes aware instants; answers in UTC. Half-open: an instant equal to the due time is late. A rest, which is
a hold of the office, moves every clock by its length; the name of the period stays.
"""

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from enum import StrEnum

from domain.calendar.instants import local, utc
from domain.calendar.workdays import (
    OFFICE_ZONE,
    DueTime,
    Limit,
    NeverOpen,
    Wall,
    WorkCalendar,
    Workdays,
    reckon,
)
from domain.duty.policy import Before, DayOfMonth, DutyBook
from domain.matter.clocks import Clock, Rested, after_rest, after_rests

_LONGEST_SEARCH = 366
_MOST_DOUBLINGS = 8
_LEAST = timedelta(microseconds=1)
"""The last instant of a period is this much before its half-open end."""


class DutyBasis(StrEnum):
    """The reason behind a due time of a duty."""

    PERIOD = "period"
    SHORTAGE = "shortage"
    REVIEW = "duty_review"
    FREE_ENTRY = "free_entry"
    LAST_ENTRY = "last_entry"
    SUPERVISION = "duty_supervision"


@dataclass(frozen=True, kw_only=True, slots=True)
class DutyClock:
    """The facts that a clock is computed from.

    `since`: the end of the period for what is owed in it and for late entries, otherwise when the clock
    began. `rests`: when the clock stood still after that. `repetition`: how often in a row a leader is asked.
    """

    basis: DutyBasis
    since: datetime
    rests: tuple[Rested, ...] = ()
    repetition: int = 1


def duty_clock(facts: DutyClock, book: DutyBook, calendar: WorkCalendar) -> Clock:
    """Compute one clock of a duty.

    Raises:
        NaiveDatetime: an instant has no zone.
    """
    since = utc(facts.since)
    match facts.basis:
        case DutyBasis.PERIOD:
            due = _moved(DueTime(since), facts.rests, calendar)
            remind = _moved(reminder_of(since, book, calendar), facts.rests, calendar)
            return _clock(due, min(remind.at, due.at))
        case DutyBasis.SHORTAGE:
            due = _moved(_before(since, book.shortage, calendar), facts.rests, calendar)
        case DutyBasis.REVIEW:
            due = _due(since, book.review, facts.rests, calendar)
        case DutyBasis.FREE_ENTRY:
            due = _due(_from_the_end(since, book.free_entry), book.free_entry, facts.rests, calendar)
        case DutyBasis.LAST_ENTRY:
            due = _due(since, book.last_entry, facts.rests, calendar)
        case DutyBasis.SUPERVISION:
            doubled = book.supervision_first.times(1 << min(facts.repetition - 1, _MOST_DOUBLINGS))
            limits = (doubled, book.supervision_longest)
            due = min((_due(since, each, facts.rests, calendar) for each in limits), key=lambda each: each.at)
    return _clock(due, due.at)


def _clock(due: DueTime, remind_at: datetime) -> Clock:
    return Clock(due_at=due.at, remind_at=remind_at, is_provisional=due.is_provisional)


def _due(since: datetime, limit: Limit, rests: tuple[Rested, ...], calendar: WorkCalendar) -> DueTime:
    return after_rests(reckon(since, limit, calendar), rests, limit, calendar)


def _from_the_end(ends: datetime, limit: Limit) -> datetime:
    """Return when a limit after a period begins.

    A limit in working days begins on the last day of the period, so that the next day is the first to count.
    """
    return ends - _LEAST if isinstance(limit, Workdays) else ends


def _moved(due: DueTime, rests: tuple[Rested, ...], calendar: WorkCalendar) -> DueTime:
    """Move an instant of the period by the full length of its rests, since a period is made of calendar days.

    A rest counts if it begins before the instant, after the earlier rests have moved that.
    """
    for rest in rests:
        if utc(rest.began) < due.at:
            due = after_rest(due, rest.began, rest.ended, _BY_THE_WALL, calendar)
    return due


_BY_THE_WALL = Wall(timedelta(0))


def reminder_of(ends: datetime, book: DutyBook, calendar: WorkCalendar) -> DueTime:
    """Compute when the team is reminded in the period that ends at `ends`."""
    match book.reminder:
        case DayOfMonth(day, at):
            last = local(ends - _LEAST)
            return DueTime(utc(datetime.combine(last.date().replace(day=day), at, OFFICE_ZONE)))
        case Before():
            return _before(ends, book.reminder, calendar)


def _before(ends: datetime, before: Before, calendar: WorkCalendar) -> DueTime:
    """Compute an instant before an end; for n working days, the beginning of the n-th last working day.

    Raises:
        NeverOpen: the year before the end has fewer working days than that.
    """
    match before.limit:
        case Wall(span):
            return DueTime(ends - span)
        case Workdays(days):
            return _workdays_before(ends, days, calendar)


def _workdays_before(ends: datetime, days: int, calendar: WorkCalendar) -> DueTime:
    day = local(ends - _LEAST).date()
    is_provisional, left = False, days
    for _ in range(_LONGEST_SEARCH):
        is_provisional |= not calendar.is_announced(day)
        left -= calendar.is_workday(day)
        if not left:
            return DueTime(utc(datetime.combine(day, time(0), OFFICE_ZONE)), is_provisional)
        day -= timedelta(days=1)
    raise NeverOpen("the calendar has not so many working days in a year")
