"""What every clock of a matter is computed with: its times at rest, and the dates that people were given.

Assumes aware instants; answers in UTC.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from domain.calendar.instants import utc
from domain.calendar.workdays import DueTime, Limit, OfficeTime, Wall, WorkCalendar, office_time, reckon


@dataclass(frozen=True, kw_only=True, slots=True)
class Clock:
    """When something is due and when its owner is reminded, both in UTC; the reminder is never later."""

    due_at: datetime
    remind_at: datetime
    is_provisional: bool = False


@dataclass(frozen=True, slots=True)
class Rested:
    """A time during which a clock stood still, half-open."""

    began: datetime
    ended: datetime


@dataclass(frozen=True, slots=True)
class Given:
    """An instant that a person was given, and when; every rest since then moves it."""

    at: datetime
    said_at: datetime


def after_rest(
    was_due: DueTime, began: datetime, ended: datetime, limit: Limit, calendar: WorkCalendar
) -> DueTime:
    """Move an instant by the length of a rest.

    A limit by the wall clock moves by that length. A limit in working time has as much office time left at
    the end of the rest as at its beginning; if none was left, it moves by the wall clock. Source: our
    decision, ADR-0017.
    """
    began, ended = utc(began), utc(ended)
    by_the_wall = DueTime(was_due.at + (ended - began), was_due.is_provisional)
    if isinstance(limit, Wall) or was_due.at <= began:
        return by_the_wall
    left = office_time(began, was_due.at, calendar)
    if not left:
        # The office would have been closed until then: only the wall clock tells how much was left.
        return by_the_wall
    moved = reckon(ended, OfficeTime(left), calendar)
    return DueTime(max(moved.at, was_due.at), moved.is_provisional or was_due.is_provisional)


def after_rests(due: DueTime, rests: Iterable[Rested], limit: Limit, calendar: WorkCalendar) -> DueTime:
    """Move an instant by each rest in turn."""
    for rest in rests:
        due = after_rest(due, rest.began, rest.ended, limit, calendar)
    return due


def in_sequence(rests: Iterable[Rested]) -> tuple[Rested, ...]:
    """Sort rests and cut their overlaps, so that shared time counts once."""
    found: list[Rested] = []
    for rest in sorted(rests, key=lambda each: each.began):
        began = max(rest.began, found[-1].ended) if found else rest.began
        if began < rest.ended:
            found.append(Rested(began, rest.ended))
    return tuple(found)


def moved_on(given: Given, rests: Iterable[Rested], limit: Limit, calendar: WorkCalendar) -> DueTime:
    """Move a given instant by the rests since it was given."""
    said_at = utc(given.said_at)
    since = [Rested(max(utc(rest.began), said_at), rest.ended) for rest in rests if rest.ended > said_at]
    return after_rests(DueTime(utc(given.at)), since, limit, calendar)
