"""The office's calendar: announced years, each with its notice, and the office's hours.

Assumes whole years: each loading is a new version, the newest is in force, and nothing of an older one counts.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from pydantic import TypeAdapter
from sqlalchemy import Connection, bindparam, func, insert, literal_column, select, union_all

from domain.calendar.workdays import USUAL_HOURS, CalendarYear, DayKind, NamedDay, OfficeHours, WorkCalendar
from store.calendar.tables import calendar_year, office_hours

_HOURS = TypeAdapter(OfficeHours)
_NEWEST_HOURS = select(office_hours.c.hours).order_by(office_hours.c.version.desc()).limit(1)


@dataclass(frozen=True, kw_only=True, slots=True)
class LoadedYear:
    """A year as it was loaded: its named days by date, and when it was loaded."""

    year: int
    version: int
    source: str
    days: tuple[NamedDay, ...]
    loaded_at: datetime


def put_year(
    connection: Connection, year: int, days: Sequence[NamedDay], *, source: str, now: datetime
) -> LoadedYear | None:
    """Load a year as its next version, or return `None` if these very days are in force already."""
    known = find_year(connection, year)
    ordered = tuple(sorted(days, key=lambda each: each.day))
    if known is not None and known.days == ordered:
        return None
    loaded = LoadedYear(
        year=year, version=known.version + 1 if known else 1, source=source, days=ordered, loaded_at=now
    )
    connection.execute(
        insert(calendar_year),
        {
            "year": year,
            "version": loaded.version,
            "source": source,
            "days": [[each.day.isoformat(), each.kind, each.name] for each in ordered],
            "loaded_at": now,
        },
    )
    return loaded


def find_year(connection: Connection, year: int) -> LoadedYear | None:
    """Find the version of a year that is in force."""
    return next((each for each in all_years(connection, since=year) if each.year == year), None)


def all_years(connection: Connection, *, since: int = 0) -> list[LoadedYear]:
    """List the years in force, in sequence."""
    rows = connection.execute(
        select(calendar_year)
        .where(calendar_year.c.year >= since)
        .order_by(calendar_year.c.year, calendar_year.c.version)
    )
    newest = {
        row.year: LoadedYear(
            year=row.year,
            version=row.version,
            source=row.source,
            days=tuple(
                NamedDay(day=date.fromisoformat(day), kind=DayKind(kind), name=name)
                for day, kind, name in row.days
            ),
            loaded_at=row.loaded_at,
        )
        for row in rows
    }
    return list(newest.values())


def calendar_since(connection: Connection, since: datetime) -> WorkCalendar:
    """Return the calendar in force from an instant's year on; a process reads each version once."""
    # A year's last hours in UTC are the next year's first at the office, never the other way round.
    in_force = connection.execute(_IN_FORCE, {"since": since.year}).all()
    key = connection.engine.url, *map(tuple, in_force)
    known = _read.get(key)
    if known is None:
        years = all_years(connection, since=since.year)
        known = WorkCalendar({each.year: _for_reckoning(each) for each in years}, hours(connection))
        if len(_read) == _MOST_READ:
            _read.clear()
        _read[key] = known
    return known


_YEARS, _HOURS_VERSIONS = calendar_year.c, office_hours.c
_IN_FORCE = union_all(
    select(_YEARS.year, func.max(_YEARS.version), func.max(_YEARS.loaded_at))
    .where(_YEARS.year >= bindparam("since"))
    .group_by(_YEARS.year),
    select(literal_column("0"), func.max(_HOURS_VERSIONS.version), func.max(_HOURS_VERSIONS.loaded_at)),
)
"""Lists the versions in force: a row for each year and one, numbered 0, for the hours; far less than what they hold."""
_MOST_READ = 64
_read: dict[tuple[Any, ...], WorkCalendar] = {}
"""Calendars that this process has read, by database and versions."""


def hours(connection: Connection) -> OfficeHours:
    """Return the office's hours in force: the usual ones until the office sets its own."""
    found = connection.scalar(_NEWEST_HOURS)
    return _HOURS.validate_python(found) if found is not None else USUAL_HOURS


def put_hours(connection: Connection, given: OfficeHours, *, source: str, now: datetime) -> int | None:
    """Put hours in force as the next version, and return its number; `None` if they are in force already.

    Limits computed before stay: clocks hold instants.
    """
    if given == hours(connection):
        return None
    version = (connection.scalar(select(func.max(office_hours.c.version))) or 0) + 1
    values = {"version": version, "source": source, "loaded_at": now}
    connection.execute(insert(office_hours).values(hours=_HOURS.dump_python(given, mode="json"), **values))
    return version


def _for_reckoning(loaded: LoadedYear) -> CalendarYear:
    return CalendarYear(
        year=loaded.year,
        version=loaded.version,
        source=loaded.source,
        days_off=frozenset(each.day for each in loaded.days if each.kind is DayKind.OFF),
        make_up_days=frozenset(each.day for each in loaded.days if each.kind is DayKind.WORK),
    )
