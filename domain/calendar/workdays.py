"""Which days and hours the office works (工作日、调休), and what a limit means on that calendar.

Assumes aware instants; answers in UTC. Opening hours are half-open and in the office's zone. The days are
rows of the store, each year with its notice; the caller passes in the calendar in force.

Determinism: pure, but called only in transactions, never in a workflow: a year may be announced before a
replay.
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from domain.errors import DomainError

OFFICE_ZONE = ZoneInfo("Asia/Shanghai")
_SATURDAY = 5
_NOVEMBER = 11
_LONGEST_SEARCH = timedelta(days=3_660)
Opening = tuple[time, time]
END_OF_DAY = time(0)
"""As a closing time it means 24:00, since no opening closes at the start of its day."""


class NeverOpen(DomainError):
    """The calendar has no opening hour within ten years."""

    code = "never_open"


@dataclass(frozen=True, slots=True)
class Wall:
    """A limit that runs day and night."""

    time: timedelta

    def __str__(self) -> str:
        """Write the time alone."""
        return str(self.time)

    def times(self, count: int) -> "Wall":
        """Multiply the limit by `count`."""
        return Wall(self.time * count)


@dataclass(frozen=True, slots=True)
class OfficeTime:
    """A limit that runs while the office is open."""

    time: timedelta

    def times(self, count: int) -> "OfficeTime":
        """Multiply the limit by `count`."""
        return OfficeTime(self.time * count)


@dataclass(frozen=True, slots=True)
class Workdays:
    """A limit in working days: counted from the next day, it ends when the office closes on the last."""

    days: int

    def times(self, count: int) -> "Workdays":
        """Multiply the limit by `count`."""
        return Workdays(self.days * count)


Limit = Wall | OfficeTime | Workdays


def wall_time(limit: Limit) -> timedelta:
    """Return the length of a limit that runs by the wall clock.

    Raises:
        TypeError: the limit does not.
    """
    if not isinstance(limit, Wall):
        raise TypeError(f"{limit} does not run by the wall clock")
    return limit.time


class DayKind(StrEnum):
    """How a day differs from its weekday."""

    OFF = "off"
    WORK = "work"


@dataclass(frozen=True, kw_only=True, slots=True)
class NamedDay:
    """A day as the notice names it: a holiday, a day exchanged for one, or a make-up workday."""

    day: date
    kind: DayKind
    name: str


def wrong_day(named: NamedDay, *, year: int) -> str | None:
    """Say why a day cannot stand in the calendar of a year; `None` if it can."""
    if (other := named.day.year) != year:
        return f"{named.day} is not a day of {year}{_where_to(other, year)}"
    if named.kind is DayKind.WORK and named.day.weekday() < _SATURDAY:
        return (
            f"{named.day} is a {named.day:%A} and worked anyway; make-up workdays are Saturdays and Sundays"
        )
    return None


def _where_to(other: int, year: int) -> str:
    """Say which table takes a line of the year before or after; return an empty text for any other year."""
    load = f"dingdan calendar load FILE --year {other} --source …"
    match other - year:
        case -1:
            return (
                f": move the line to the table of {other} (dingdan calendar export {other} FILE) and load that: "
                f"{load}"
            )
        case 1:
            return f": keep the line for the table of {other}, to be loaded with that year's notice: {load}"
        case _:
            return ""


@dataclass(frozen=True, kw_only=True, slots=True)
class CalendarYear:
    """One announced year: where it differs from Monday to Friday.

    `days_off` are statutory holidays and the days exchanged for them, `make_up_days` the weekend days
    that are worked instead (调休上班日).
    """

    year: int
    version: int
    source: str
    days_off: frozenset[date]
    make_up_days: frozenset[date]


@dataclass(frozen=True, kw_only=True, slots=True)
class OfficeHours:
    """When the office is open on each weekday, Monday first, and on a make-up workday.

    The openings of a day are sorted and do not overlap.
    """

    week: tuple[tuple[Opening, ...], ...]
    make_up: tuple[Opening, ...]


_USUAL = ((time(9), time(12)), (time(14), time(18)))
USUAL_HOURS = OfficeHours(week=(_USUAL,) * 5 + ((),) * 2, make_up=_USUAL)
"""Nine to six with two hours off at noon, until the office loads its own. Source: our decision, ADR-0016."""


@dataclass(frozen=True, slots=True)
class WorkCalendar:
    """The announced years, and the office hours; any other year is worked from Monday to Friday."""

    years: Mapping[int, CalendarYear]
    hours: OfficeHours = USUAL_HOURS

    def is_announced(self, day: date) -> bool:
        """Tell whether the calendar of the day's year has been announced."""
        return day.year in self.years

    def is_workday(self, day: date) -> bool:
        """Tell whether the office works on a day, by the years announced so far."""
        year = self.years.get(day.year)
        if year is not None and day in year.make_up_days:
            return True
        return day.weekday() < _SATURDAY and not (year is not None and day in year.days_off)

    def openings(self, day: date) -> Iterator[tuple[datetime, datetime]]:
        """Yield the opening hours of a day, in UTC, half-open; none on a day off."""
        if not self.is_workday(day):
            return
        by_hand = self.hours.make_up if day.weekday() >= _SATURDAY else self.hours.week[day.weekday()]
        for begin, end in by_hand:
            closes_on = day + timedelta(days=end == END_OF_DAY)
            yield _at(day, begin), _at(closes_on, end)


def missing_year(years: Collection[int], *, today: datetime) -> int | None:
    """Return the first year that should be loaded by now but is not; `None` if there is none.

    The present year is due, and from November on the next one too. Source: the State Council announces a year
    in the November before; libraries of dates follow later.
    """
    now = today.astimezone(OFFICE_ZONE)
    due = [now.year] if now.month < _NOVEMBER else [now.year, now.year + 1]
    return next((year for year in due if year not in years), None)


@dataclass(frozen=True, slots=True)
class DueTime:
    """When a limit ends, in UTC; provisional if it counts over a year that is not announced yet."""

    at: datetime
    is_provisional: bool = False


def reckon(since: datetime, limit: Limit, calendar: WorkCalendar) -> DueTime:
    """Reckon the first instant that is too late.

    Raises:
        NeverOpen: the calendar has no hour to count.

    Source: 民法典 arts. 201 and 203 (the first day is not counted; the last ends with business hours),
    by our decision, ADR-0016.
    """
    match limit:
        case Wall(span):
            return DueTime(since.astimezone(UTC) + span)
        case OfficeTime(span):
            return _after_office_time(since, span, calendar)
        case Workdays(days):
            return _after_workdays(since, days, calendar)


def office_time(since: datetime, until: datetime, calendar: WorkCalendar) -> timedelta:
    """Return how long the office is open between two instants; zero if the second is not later."""
    total = timedelta(0)
    day, last = _local_day(since), _local_day(until)
    while day <= last:
        for begin, end in calendar.openings(day):
            total += max(min(end, until) - max(begin, since), timedelta(0))
        day += timedelta(days=1)
    return total


def _after_office_time(since: datetime, span: timedelta, calendar: WorkCalendar) -> DueTime:
    is_provisional = False
    for day in _days_from(_local_day(since)):
        is_provisional |= not calendar.is_announced(day)
        for begin, end in calendar.openings(day):
            start = max(begin, since.astimezone(UTC))
            if start >= end:
                continue
            if span <= end - start:
                return DueTime(start + span, is_provisional)
            span -= end - start
    raise NeverOpen("the calendar has no opening hour within ten years")


def _after_workdays(since: datetime, days: int, calendar: WorkCalendar) -> DueTime:
    is_provisional = False
    for day in _days_from(_local_day(since) + timedelta(days=1)):
        is_provisional |= not calendar.is_announced(day)
        openings = list(calendar.openings(day))
        days -= bool(openings)
        if not days:
            return DueTime(openings[-1][1], is_provisional)
    raise NeverOpen("the calendar has no working day within ten years")


def _days_from(day: date) -> Iterator[date]:
    last = day + _LONGEST_SEARCH
    while day <= last:
        yield day
        day += timedelta(days=1)


def _local_day(instant: datetime) -> date:
    return instant.astimezone(OFFICE_ZONE).date()


def _at(day: date, clock: time) -> datetime:
    return datetime.combine(day, clock, OFFICE_ZONE).astimezone(UTC)
