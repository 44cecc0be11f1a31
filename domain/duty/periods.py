"""Periods: the stretch of time in which something is owed, each with a name that sorts by time.

Assumes aware instants; answers in UTC. Half-open: the instant of the end belongs to the next period.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta

from domain.calendar.instants import local, utc
from domain.calendar.workdays import OFFICE_ZONE

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Monthly:
    """A period is a calendar month of the office's zone."""


@dataclass(frozen=True, slots=True)
class Every:
    """A period has a fixed length, counted from the beginning of 1970, UTC, as Temporal does; for trials."""

    length: timedelta


Rhythm = Monthly | Every


@dataclass(frozen=True, kw_only=True, slots=True)
class Period:
    """A period: its name, and the instants at which it begins and ends."""

    name: str
    began: datetime
    ends: datetime


def period_at(instant: datetime, rhythm: Rhythm) -> Period:
    """Return the period that an instant belongs to.

    Raises:
        NaiveDatetime: the instant has no zone.
    """
    match rhythm:
        case Monthly():
            began = _first_of_month(local(utc(instant)))
            return Period(
                name=f"{began:%Y-%m}", began=utc(began), ends=utc(_first_of_month(began + _A_MONTH))
            )
        case Every(length):
            began = _EPOCH + (utc(instant) - _EPOCH) // length * length
            return Period(name=f"{began:%Y%m%dT%H%M%SZ}", began=began, ends=began + length)


def next_period(period: Period, rhythm: Rhythm) -> Period:
    """Return the period that follows another."""
    return period_at(period.ends, rhythm)


_A_MONTH = timedelta(days=32)


def _first_of_month(day: datetime) -> datetime:
    return datetime.combine(day.date().replace(day=1), time(0), OFFICE_ZONE)
