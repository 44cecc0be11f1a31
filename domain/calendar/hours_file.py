"""Read the office's hours from a table: `day,opens,closes`, one line an opening, so that noon can stay free.

Assumes comma-separated text with a heading. Days are those of `WORKED` and `make_up`; times may be written as
in spreadsheets, 9:00; the end of a day is 24:00. A file is accepted or refused as a whole; a refusal names
every wrong line.
"""

import csv
import io
import re
from collections.abc import Iterable
from datetime import time
from itertools import pairwise

from domain.calendar.workdays import END_OF_DAY, OfficeHours, Opening
from domain.errors import DomainError
from domain.text import line

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
WORKED = WEEKDAYS[:5]
"""Weekends are worked only where the State Council says so, since limits count its working days."""
MAKE_UP = "make_up"
"""The hours of a weekend day that is worked instead of another one (调休上班日)."""
_TIME = re.compile(r"(\d{1,2}):(\d\d)(?::00)?", re.ASCII)
_MIDNIGHT = "24:00"
_HEADING = ["day", "opens", "closes"]


class WrongHoursFile(DomainError):
    """The file cannot be loaded; the text names lines and reasons."""

    code = "wrong_hours_file"


def read_hours(text: str, *, file: str = "the table") -> OfficeHours:
    """Read the hours of a week; faults are reported under the name `file`.

    Raises:
        WrongHoursFile: heading or lines are wrong; use nothing of the file.
    """
    rows = csv.reader(io.StringIO(text.removeprefix("\ufeff")), strict=True)
    found: dict[str, list[Opening]] = {day: [] for day in (*WORKED, MAKE_UP)}
    wrong: list[str] = []
    try:
        if [line(each) for each in next(rows, [])] != _HEADING:
            raise WrongHoursFile(f"{file} line 1: the heading must be {','.join(_HEADING)}")
        wrong.extend(
            f"{file} line {rows.line_num}: {reason}"
            for cells in rows
            if any(cells) and (reason := _read([line(each) for each in cells], found))
        )
    except csv.Error as error:
        wrong.append(f"{file} line {rows.line_num}: {error}")
    wrong += [] if wrong else [f"{file}: {reason}" for reason in _faults(found)]
    if wrong:
        raise WrongHoursFile("\n".join(wrong))
    return OfficeHours(
        week=tuple(tuple(sorted(found.get(day, ()))) for day in WEEKDAYS),
        make_up=tuple(sorted(found[MAKE_UP])),
    )


def write_hours(hours: OfficeHours) -> str:
    """Write the hours in the format that `read_hours` reads."""
    lines = [",".join(_HEADING)]
    for day, openings in zip((*WEEKDAYS, MAKE_UP), (*hours.week, hours.make_up), strict=True):
        lines += [
            f"{day},{opens:%H:%M},{_MIDNIGHT if closes == END_OF_DAY else f'{closes:%H:%M}'}"
            for opens, closes in openings
        ]
    return "\n".join(lines) + "\n"


def differing_hours(before: OfficeHours, after: OfficeHours) -> list[str]:
    """List the openings that differ between two weeks: `-` was removed, `+` was added."""
    old, new = (write_hours(each).splitlines() for each in (before, after))
    gone, come = (
        (f"- {line}" for line in old if line not in new),
        (f"+ {line}" for line in new if line not in old),
    )
    return [*gone, *come]


def _read(cells: list[str], found: dict[str, list[Opening]]) -> str | None:
    if len(cells) != len(_HEADING):
        return f"it has {len(cells)} cells instead of {len(_HEADING)}"
    day, opens, closes = cells
    if day not in found:
        return f"day must be one of: {', '.join(found)}"
    ends_the_day = closes in {_MIDNIGHT, f"{_MIDNIGHT}:00"}
    opening = _time(opens), END_OF_DAY if ends_the_day else _time(closes)
    if opening[0] is None or opening[1] is None:
        wrong = [
            f"{column} must be like 09:00, not {written[:20]!r}"
            for column, written, read in zip(("opens", "closes"), (opens, closes), opening, strict=True)
            if read is None
        ]
        return ", and ".join(wrong)
    if opening[0] >= opening[1] and not ends_the_day:
        return f"it must close later than it opens; the day ends at {_MIDNIGHT}"
    found[day].append((opening[0], opening[1]))
    return None


def _time(written: str) -> time | None:
    found = _TIME.fullmatch(written)
    try:
        return time(int(found[1]), int(found[2])) if found else None
    except ValueError:
        return None


def _faults(found: dict[str, list[Opening]]) -> Iterable[str]:
    for day, openings in found.items():
        apart = pairwise(sorted(openings))
        if any(before[1] == END_OF_DAY or before[1] > after[0] for before, after in apart):
            yield f"the openings of {day} overlap"
    if not any(found[day] for day in WORKED):
        yield "the office is never open"
    if not found[MAKE_UP]:
        yield f"there is no line for {MAKE_UP}: the hours of a weekend day that is worked instead"
