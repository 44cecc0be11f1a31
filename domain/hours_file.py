"""Reading the office's hours from a table: `day,opens,closes`, one line an opening, so that noon stays free.

Assumes comma-separated UTF-8 text with a heading; days are those of `WORKED` and `make_up`. A file is right as a
whole or refused as a whole, and then every line that is wrong is named.
"""

import csv
import io
from collections.abc import Iterable
from datetime import time
from itertools import pairwise

from domain.errors import DomainError
from domain.workdays import OfficeHours, Opening

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
WORKED = WEEKDAYS[:5]
"""Weekends are worked only where the State Council says so: limits count its working days."""
MAKE_UP = "make_up"
"""The hours of a weekend day that is worked instead of another one (调休上班日)."""
_HEADING = ["day", "opens", "closes"]


class WrongHoursFile(DomainError):
    """The file cannot be loaded; the text names lines and reasons."""

    code = "wrong_hours_file"


def read_hours(text: str) -> OfficeHours:
    """Read the hours of a week.

    Raises:
        WrongHoursFile: heading or lines are wrong; nothing of it may be used.
    """
    rows = csv.reader(io.StringIO(text.removeprefix("\ufeff")), strict=True)
    found: dict[str, list[Opening]] = {day: [] for day in (*WORKED, MAKE_UP)}
    wrong: list[str] = []
    try:
        if [each.strip() for each in next(rows, [])] != _HEADING:
            raise WrongHoursFile(f"line 1: the heading must be {','.join(_HEADING)}")
        wrong.extend(
            f"line {rows.line_num}: {reason}"
            for cells in rows
            if any(cells) and (reason := _read([each.strip() for each in cells], found))
        )
    except csv.Error as error:
        wrong.append(f"line {rows.line_num}: {error}")
    wrong += [] if wrong else _faults(found)
    if wrong:
        raise WrongHoursFile("; ".join(wrong))
    return OfficeHours(
        week=tuple(tuple(sorted(found.get(day, ()))) for day in WEEKDAYS),
        make_up=tuple(sorted(found[MAKE_UP])),
    )


def write_hours(hours: OfficeHours) -> str:
    """Write the hours as `read_hours` reads them."""
    lines = [",".join(_HEADING)]
    for day, openings in zip((*WEEKDAYS, MAKE_UP), (*hours.week, hours.make_up), strict=True):
        lines += [f"{day},{opens:%H:%M},{closes:%H:%M}" for opens, closes in openings]
    return "\n".join(lines) + "\n"


def _read(cells: list[str], found: dict[str, list[Opening]]) -> str | None:
    if len(cells) != len(_HEADING):
        return f"it has {len(cells)} cells instead of {len(_HEADING)}"
    day, opens, closes = cells
    if day not in found:
        return f"day must be one of: {', '.join(found)}"
    try:
        opening = time.fromisoformat(opens), time.fromisoformat(closes)
    except ValueError:
        return "opens and closes must be like 09:00"
    if any(each.tzinfo or each.second or each.microsecond for each in opening):
        return "opens and closes must be like 09:00"
    if opening[0] >= opening[1]:
        return "it must close later than it opens"
    found[day].append(opening)
    return None


def _faults(found: dict[str, list[Opening]]) -> Iterable[str]:
    for day, openings in found.items():
        if any(before[1] > after[0] for before, after in pairwise(sorted(openings))):
            yield f"the openings of {day} overlap"
    if not any(found[day] for day in WORKED):
        yield "the office is never open"
    if not found[MAKE_UP]:
        yield f"there is no line for {MAKE_UP}: the hours of a weekend day that is worked instead"
