"""Read a year's days from a table: `date,kind,name`, one line a day, as the notice lists them.

Assumes comma-separated text with a heading. Dates may be written as in spreadsheets, 2027/1/1. A file is
accepted or refused as a whole; a refusal names the wrong lines, at most 20 of them.
"""

import csv
import io
import re
from collections.abc import Iterator, Sequence
from datetime import date, timedelta

from domain.calendar.workdays import CalendarYear, DayKind, NamedDay, WorkCalendar, wrong_day
from domain.errors import DomainError
from domain.text import line

_HEADING = ["date", "kind", "name"]
_MOST_SHOWN = 20
_LONGEST_NAME = 50
_DATE = re.compile(r"(\d{4})([-/])(\d{1,2})\2(\d{1,2})", re.ASCII)

_FEWEST_OFF, _MOST_OFF = 15, 45
"""Since 2008 notices have named 23 to 33 days off, 16 to 23 of them weekdays; some leave weekends out."""
_LONGEST_RUN = 12
"""The most days off in a row; since 2008 there have been at most ten."""
_NAMES = ("元旦", "春节", "清明", "劳动", "端午", "中秋", "国庆")
"""Words in the names of a year's holidays. Source: 全国年节及纪念日放假办法, since 2008."""
_GOLDEN_WEEK = 8
"""With this many days off from 1 October on, mid-autumn may fall among them and not be named (2020)."""


class WrongCalendarFile(DomainError):
    """The file cannot be loaded; the text names lines and reasons."""

    code = "wrong_calendar_file"


def read_year(text: str, *, year: int, file: str = "the table") -> list[NamedDay]:
    """Read the days of a year; faults are reported under the name `file`.

    Raises:
        WrongCalendarFile: heading or lines are wrong; use nothing of the file.
    """
    rows = csv.reader(io.StringIO(text.removeprefix("\ufeff")), strict=True)
    days: dict[date, NamedDay] = {}
    wrong: list[str] = []
    try:
        heading = [line(each) for each in next(rows, [])]
        if heading != _HEADING:
            raise WrongCalendarFile(f"{file} line 1: the heading must be {','.join(_HEADING)}")
        for cells in rows:
            if not any(cells):
                continue
            named, reason = _read(cells, year)
            if named is not None and named.day in days:
                reason = f"{named.day} is here twice"
            if reason:
                wrong.append(f"{file} line {rows.line_num}: {reason}")
            elif named is not None:
                days[named.day] = named
    except csv.Error as error:
        wrong.append(f"{file} line {rows.line_num}: {error}")
    wrong += [] if wrong else [f"{file}: {reason}" for reason in _missing(days, year)]
    if wrong:
        more = [f"and {len(wrong) - _MOST_SHOWN} more"] if len(wrong) > _MOST_SHOWN else []
        raise WrongCalendarFile("\n".join([*wrong[:_MOST_SHOWN], *more]))
    return list(days.values())


def write_year(days: Sequence[NamedDay]) -> str:
    """Write the days of a year, by date, in the format that `read_year` reads."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(_HEADING)
    writer.writerows([each.day, each.kind, each.name] for each in sorted(days, key=lambda each: each.day))
    return text.getvalue()


def differing_days(before: Sequence[NamedDay], after: Sequence[NamedDay]) -> list[str]:
    """List the days that differ between two tables of a year: `-` was removed, `+` was added."""
    changed = [("-", each) for each in before if each not in after]
    changed += [("+", each) for each in after if each not in before]
    ordered = sorted(changed, key=lambda change: (change[1].day, change[0] == "+"))
    return [f"{sign} {each.day},{each.kind},{each.name}" for sign, each in ordered]


def refuse_implausible(days: Sequence[NamedDay], *, year: int, file: str = "the table") -> None:
    """Refuse a year unlike every year before it: half a notice, or the wrong table.

    Raises:
        WrongCalendarFile: it is unlike them; `--unusual` loads what the notice really says.
    """
    reasons = [f"{file}: {reason}" for reason in _implausible(days, year)]
    if reasons:
        raise WrongCalendarFile("\n".join([*reasons, "if the notice really says so, load it with --unusual"]))


def _implausible(days: Sequence[NamedDay], year: int) -> Iterator[str]:
    off = frozenset(each.day for each in days if each.kind is DayKind.OFF)
    worked = frozenset(each.day for each in days if each.kind is DayKind.WORK)
    if not _FEWEST_OFF <= len(off) <= _MOST_OFF:
        yield f"{len(off)} days off; notices have {_FEWEST_OFF} to {_MOST_OFF}"
    if not worked:
        yield "there is no make-up workday (调休上班日); every notice has some"
    names = {each.name for each in days if each.kind is DayKind.OFF}
    announced = CalendarYear(year=year, version=1, source="", days_off=off, make_up_days=worked)
    calendar = WorkCalendar({year: announced})
    golden_week = not any(calendar.is_workday(date(year, 10, day + 1)) for day in range(_GOLDEN_WEEK))
    for holiday in _NAMES:
        if not any(holiday in name for name in names) and not (holiday == "中秋" and golden_week):
            yield f"{holiday} is missing among the names of the days off"
    for first, last in _runs(calendar, year):
        if (last - first).days >= _LONGEST_RUN:
            yield f"nobody works from {first} to {last}: that is longer than {_LONGEST_RUN} days"


def _runs(calendar: WorkCalendar, year: int) -> Iterator[tuple[date, date]]:
    """Yield the first and last day of each run of days off in the year."""
    first: date | None = None
    for number in range((date(year + 1, 1, 1) - date(year, 1, 1)).days):
        day = date(year, 1, 1) + timedelta(days=number)
        if not calendar.is_workday(day):
            first = first or day
        elif first is not None:
            yield first, day - timedelta(days=1)
            first = None
    if first is not None:
        yield first, date(year, 12, 31)


def _read(cells: list[str], year: int) -> tuple[NamedDay | None, str | None]:
    if len(cells) != len(_HEADING):
        return None, f"it has {len(cells)} cells instead of {len(_HEADING)}"
    written, kind, name = (line(each) for each in cells)
    day = _date(written)
    wrong = [
        *([f"date must be like {year}-01-01, not {written[:20]!r}"] if day is None else []),
        *([f"kind must be {' or '.join(DayKind)}, not {kind[:20]!r}"] if kind not in list(DayKind) else []),
    ]
    if day is None or wrong:
        return None, ", and ".join(wrong)
    if not 0 < len(name) <= _LONGEST_NAME:
        return None, f"the name of the holiday must be a text of at most {_LONGEST_NAME} characters"
    named = NamedDay(day=day, kind=DayKind(kind), name=name)
    return named, wrong_day(named, year=year)


def _date(written: str) -> date | None:
    found = _DATE.fullmatch(written)
    try:
        return date(int(found[1]), int(found[3]), int(found[4])) if found else None
    except ValueError:
        return None


def _missing(days: dict[date, NamedDay], year: int) -> Iterator[str]:
    """Report the days that are missing here but off in every notice since 2008."""
    for month, day, name in ((1, 1, "元旦"), (5, 1, "劳动节"), (10, 1, "国庆节")):
        named = days.get(date(year, month, day))
        if named is None or named.kind is not DayKind.OFF:
            yield f"{year}-{month:02}-{day:02} ({name}) is not off: is this the whole notice of {year}?"
