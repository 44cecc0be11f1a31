"""Reading a year's days from a table: `date,kind,name`, one line a day, as the notice lists them.

Assumes comma-separated UTF-8 text with a heading. A file is right as a whole or refused as a whole, and
then every line that is wrong is named.
"""

import csv
import io
from collections.abc import Iterator
from datetime import date

from domain.errors import DomainError
from domain.workdays import DayKind, NamedDay, wrong_day

_HEADING = ["date", "kind", "name"]
_MOST_SHOWN = 20


class WrongCalendarFile(DomainError):
    """The file cannot be loaded; the text names lines and reasons."""

    code = "wrong_calendar_file"


def read_year(text: str, *, year: int) -> list[NamedDay]:
    """Read the days of a year.

    Raises:
        WrongCalendarFile: heading or lines are wrong; nothing of it may be used.
    """
    rows = csv.reader(io.StringIO(text.removeprefix("\ufeff")), strict=True)
    days: dict[date, NamedDay] = {}
    wrong: list[str] = []
    try:
        heading = [each.strip() for each in next(rows, [])]
        if heading != _HEADING:
            raise WrongCalendarFile(f"line 1: the heading must be {','.join(_HEADING)}")
        for cells in rows:
            if not any(cells):
                continue
            named, reason = _read(cells, year)
            if named is not None and named.day in days:
                reason = f"{named.day} stands here twice"
            if reason:
                wrong.append(f"line {rows.line_num}: {reason}")
            elif named is not None:
                days[named.day] = named
    except csv.Error as error:
        wrong.append(f"line {rows.line_num}: {error}")
    wrong += [] if wrong else _missing(days, year)
    if wrong:
        more = f"; and {len(wrong) - _MOST_SHOWN} more" if len(wrong) > _MOST_SHOWN else ""
        raise WrongCalendarFile("; ".join(wrong[:_MOST_SHOWN]) + more)
    return list(days.values())


def _read(cells: list[str], year: int) -> tuple[NamedDay | None, str | None]:
    if len(cells) != len(_HEADING):
        return None, f"it has {len(cells)} cells instead of {len(_HEADING)}"
    day, kind, name = (each.strip() for each in cells)
    try:
        named = NamedDay(day=date.fromisoformat(day), kind=DayKind(kind), name=name)
    except ValueError:
        kinds = " or ".join(DayKind)
        return None, f"date must be like {year}-01-01 and kind {kinds}, not {day[:20]!r} and {kind[:20]!r}"
    if not name:
        return None, "the name of the holiday is missing"
    return named, wrong_day(named, year=year)


def _missing(days: dict[date, NamedDay], year: int) -> Iterator[str]:
    """Notice a file that cannot be a whole year: every notice since 2008 names these days."""
    for month, day, name in ((1, 1, "元旦"), (5, 1, "劳动节"), (10, 1, "国庆节")):
        named = days.get(date(year, month, day))
        if named is None or named.kind is not DayKind.OFF:
            yield f"{year}-{month:02}-{day:02} ({name}) is not off: is this the whole notice of {year}?"
