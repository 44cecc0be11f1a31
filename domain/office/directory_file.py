"""The directory as tables that an office edits: `units.csv`, `categories.csv`, `routes.csv` and `teams.csv`.

Assumes comma-separated text with a heading. Dates may be written as in spreadsheets, 2027/1/1. The tables are
accepted or refused as a whole; a refusal names the wrong lines, at most 20 of them.
"""

import csv
import io
import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import TypeVar

from domain.errors import DomainError
from domain.office.directory import MAX_CODE, Category, Directory, DirectoryFault, Route, Unit, faults
from domain.office.teams import Team
from domain.office.words import OrderClass, Tier
from domain.text import line

HEADINGS: Mapping[str, tuple[str, ...]] = {
    "units": ("code", "name", "tier", "parent", "liaison", "successor"),
    "categories": ("code", "label", "parent", "class", "starts_at", "evidence", "closed"),
    "routes": ("rule", "tier", "category", "community", "unit", "why"),
    "teams": ("code", "leader", "deputy", "department", "communities", "valid_from", "valid_to"),
}
"""The tables and their columns; the first is the key of a row."""
MAY_BE_ABSENT = frozenset({"teams"})
"""Tables that a load may lack; their rows in force then stay."""
VERSION_FILE = "version.txt"
"""The file beside the tables that holds the number of the version they were made from."""
_MOST_SHOWN = 20
_MAX_NAME = 200
_YES = "yes"
_NUMBER = re.compile(r"[0-9]{1,3}")
_VERSION = re.compile(r"[0-9]{1,9}")
_DAY = re.compile(r"(\d{4})([-/])(\d{1,2})\2(\d{1,2})", re.ASCII)
_FIRST_YEAR, _LAST_YEAR = 2000, 2199
_BETWEEN_CODES = re.compile(r"[\s;；]+")
"""Separates the communities of a team."""
_CODE = re.compile(rf"[A-Za-z0-9][A-Za-z0-9_.-]{{0,{MAX_CODE - 1}}}")

E = TypeVar("E", bound=StrEnum)
R = TypeVar("R", Unit, Category, Route, Team)


class WrongDirectoryFiles(DomainError):
    """The tables cannot be loaded; the text names files, lines and reasons."""

    code = "wrong_directory_files"


class StaleDirectory(DomainError):
    """The tables were made from a version that is not the one in force."""

    code = "stale_directory"


@dataclass(slots=True)
class _Reading:
    """The state of a reading: the faults found so far, and the line of each row."""

    wrong: list[str] = field(default_factory=list)
    lines: dict[tuple[str, str], int] = field(default_factory=dict)


class _WrongCell(Exception):
    """A cell holds a value that it must not."""


def read_directory(tables: Mapping[str, str], *, before: Directory) -> Directory:
    """Read the tables, keyed by name without `.csv`; `before` is the directory in force.

    No unit or category of `before` may be missing. Without the table of teams the teams of `before` stay;
    with only its heading there are none.

    Raises:
        WrongDirectoryFiles: something is wrong; use nothing of the tables.
    """
    reading = _Reading()
    read = Directory(
        version=before.version + 1,
        units={each.code: each for each in _rows("units", tables, reading, _unit)},
        categories={each.code: each for each in _rows("categories", tables, reading, _category)},
        routes=tuple(_rows("routes", tables, reading, _route)),
        teams=tuple(_rows("teams", tables, reading, _team)) if "teams" in tables else before.teams,
    )
    if not reading.wrong:
        reading.wrong += [_located(fault, reading) for fault in faults(read, before=before)]
    if reading.wrong:
        more = f"\nand {len(reading.wrong) - _MOST_SHOWN} more" if len(reading.wrong) > _MOST_SHOWN else ""
        raise WrongDirectoryFiles("\n".join(reading.wrong[:_MOST_SHOWN]) + more)
    return read


def write_directory(directory: Directory) -> dict[str, str]:
    """Write the tables, keyed by name without `.csv`, in the format that `read_directory` reads."""
    return {table: _written(table, rows) for table, rows in _tables(directory).items()}


def why_stale(version: str | None, *, in_force: int) -> str | None:
    """Say why tables may not replace the version in force; return `None` if they were made from it.

    `version` is the text of their `VERSION_FILE`, if there is one.
    """
    if version is None:
        return f"{VERSION_FILE} is missing, which names the version that the tables were made from"
    if not _VERSION.fullmatch(line(version)):
        return f"{VERSION_FILE} holds no version number"
    if int(version) != in_force:
        return (
            f"the directory was made from version {int(version)}, but version {in_force} is in force: "
            "loading it would undo the changes since"
        )
    return None


@dataclass(frozen=True, kw_only=True, slots=True)
class RowChange:
    """A row that differs between two directories: what happened to it, and which cells changed."""

    table: str
    key: str
    what: str
    cells: tuple[str, ...] = ()

    def __str__(self) -> str:
        """Write it as a line: the table's file, the key, what happened, and the cells."""
        return "\t".join(
            [f"{self.table}.csv", self.key, self.what, *(["; ".join(self.cells)] * bool(self.cells))]
        )


def changed_rows(before: Directory, after: Directory) -> list[RowChange]:
    """Compare two directories row by row, in the sequence of tables and rows."""
    found = []
    old, new = _tables(before), _tables(after)
    for table in HEADINGS:
        rows = [{row[0]: row for row in tables[table]} for tables in (old, new)]
        for key in dict.fromkeys([*rows[0], *rows[1]]):
            was, now = (each.get(key) for each in rows)
            if was != now:
                found.append(_changed(table, key, was, now))
    return found


def look_alikes(directory: Directory) -> list[str]:
    """Warn of rows that people may confuse: open ones with one name, and codes that differ by case alone."""
    units = {each.code: each.name for each in directory.units.values() if each.is_open}
    labels = {each.code: each.label for each in directory.categories.values() if not each.closed}
    found = []
    for table, column, named in (("units", "name", units), ("categories", "label", labels)):
        found += [
            f"{table}.csv: {', '.join(codes)} have the same {column}, {named[codes[0]]!r}: "
            "people cannot tell them apart"
            for codes in _alike(named)
        ]
    keys = {table: [row[0] for row in rows] for table, rows in _tables(directory).items()}
    for table, codes in keys.items():
        found += [
            f"{table}.csv: {', '.join(each)} differ by capital letters only: they are {len(each)} {table}"
            for each in _alike({code: code for code in codes})
        ]
    return found


def _alike(named: Mapping[str, str]) -> list[list[str]]:
    """Group the codes by names that read alike, whatever their case, width and blanks."""
    groups: dict[str, list[str]] = {}
    for code, name in named.items():
        groups.setdefault("".join(unicodedata.normalize("NFKC", name).casefold().split()), []).append(code)
    return [codes for codes in groups.values() if len(codes) > 1]


_CLOSES = frozenset({"successor", "closed"})
"""The columns that close a row when they are filled."""


def _changed(table: str, key: str, was: tuple[str, ...] | None, now: tuple[str, ...] | None) -> RowChange:
    if was is None or now is None:
        return RowChange(table=table, key=key, what="removed" if now is None else "added")
    differs = {
        column: (old, new) for column, old, new in zip(HEADINGS[table], was, now, strict=True) if old != new
    }
    what = "changed"
    for old, new in (differs[column] for column in _CLOSES & set(differs)):
        what = "changed" if old and new else "closed" if new else "reopened"
    cells = (
        f"{column}: {old or '-'} -> {new or '-'}"
        for column, (old, new) in differs.items()
        if column != "closed"
    )
    return RowChange(table=table, key=key, what=what, cells=tuple(cells))


def _tables(directory: Directory) -> dict[str, list[tuple[str, ...]]]:
    """Return the rows of the tables as cells."""
    units = (
        (each.code, each.name, each.tier, each.parent, _YES if each.by_liaison else "", each.successor)
        for each in directory.units.values()
    )
    categories = (
        (
            each.code,
            each.label,
            each.parent,
            each.usual_class,
            each.starts_at,
            each.evidence,
            _YES if each.closed else "",
        )
        for each in directory.categories.values()
    )
    routes = (
        (each.rule, each.tier, each.category, each.community, each.unit, each.why)
        for each in directory.routes
    )
    teams = (
        (
            each.code,
            each.leader,
            each.deputy,
            each.department,
            " ".join(each.communities),
            each.valid_from,
            each.valid_to,
        )
        for each in directory.teams
    )
    rows = {"units": units, "categories": categories, "routes": routes, "teams": teams}
    return {table: _cells(each) for table, each in rows.items()}


def _cells(rows: Iterable[Iterable[object]]) -> list[tuple[str, ...]]:
    return [tuple("" if cell is None else str(cell) for cell in row) for row in rows]


def _written(table: str, rows: Iterable[Iterable[str]]) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(HEADINGS[table])
    writer.writerows(rows)
    return text.getvalue()


def _located(fault: DirectoryFault, reading: _Reading) -> str:
    line = reading.lines.get((fault.table, fault.key))
    where = f"{fault.table}.csv line {line}" if line else f"{fault.table}.csv"
    return f"{where}: {fault.key} {fault.reason}" if fault.key else f"{where}: {fault.reason}"


def _rows(
    table: str, tables: Mapping[str, str], reading: _Reading, build: Callable[[dict[str, str]], R]
) -> list[R]:
    heading = list(HEADINGS[table])
    lines = csv.reader(io.StringIO(tables[table].removeprefix("\ufeff")), strict=True)
    found: list[R] = []
    try:
        if [line(each) for each in next(lines, [])] != heading:
            reading.wrong.append(f"{table}.csv line 1: the heading must be {','.join(heading)}")
            return []
        for cells in lines:
            if not any(cells):
                continue
            try:
                found.append(_row(table, [line(each) for each in cells], lines.line_num, reading, build))
            except _WrongCell as wrong:
                reading.wrong.append(f"{table}.csv line {lines.line_num}: {wrong}")
    except csv.Error as error:
        reading.wrong.append(f"{table}.csv line {lines.line_num}: {error}")
    return found


def _row(
    table: str, cells: list[str], line: int, reading: _Reading, build: Callable[[dict[str, str]], R]
) -> R:
    heading = HEADINGS[table]
    if len(cells) != len(heading):
        raise _WrongCell(f"it has {len(cells)} cells instead of {len(heading)}")
    if not _CODE.fullmatch(cells[0]):
        raise _WrongCell(f"{heading[0]} must be letters, digits, '-', '_' and '.', at most {MAX_CODE}")
    before = reading.lines.setdefault((table, cells[0]), line)
    if before != line:
        raise _WrongCell(f"{cells[0]} is on line {before} already")
    return build(dict(zip(heading, cells, strict=True)))


def _unit(row: dict[str, str]) -> Unit:
    return Unit(
        code=row["code"],
        name=_name("name", row),
        tier=_one_of(Tier, "tier", row),
        parent=row["parent"] or None,
        by_liaison=_yes("liaison", row),
        successor=row["successor"] or None,
    )


def _category(row: dict[str, str]) -> Category:
    if row["evidence"] and not _NUMBER.fullmatch(row["evidence"]):
        raise _WrongCell("evidence must be a number of attachments, or empty")
    return Category(
        code=row["code"],
        label=_name("label", row),
        parent=row["parent"] or None,
        usual_class=_one_of(OrderClass, "class", row) if row["class"] else None,
        starts_at=_one_of(Tier, "starts_at", row) if row["starts_at"] else None,
        evidence=int(row["evidence"]) if row["evidence"] else None,
        closed=_yes("closed", row),
    )


def _route(row: dict[str, str]) -> Route:
    if len(row["why"]) > _MAX_NAME:
        raise _WrongCell(f"why is longer than {_MAX_NAME} characters")
    return Route(
        rule=row["rule"],
        tier=_one_of(Tier, "tier", row),
        category=row["category"] or None,
        community=row["community"] or None,
        unit=row["unit"] or None,
        why=row["why"],
    )


def _team(row: dict[str, str]) -> Team:
    valid_from = _day("valid_from", row)
    if valid_from is None:
        raise _WrongCell(f"{row['code']} has no valid_from: name its first day, like 2026-12-01")
    return Team(
        code=row["code"],
        leader=row["leader"],
        deputy=row["deputy"] or None,
        department=row["department"],
        communities=tuple(filter(None, _BETWEEN_CODES.split(row["communities"]))),
        valid_from=valid_from,
        valid_to=_day("valid_to", row),
    )


def _day(column: str, row: dict[str, str]) -> date | None:
    if not row[column]:
        return None
    wrong = _WrongCell(f"{column} must be a day like 2026-12-01, of the years {_FIRST_YEAR} to {_LAST_YEAR}")
    found = _DAY.fullmatch(row[column])
    if found is None or not _FIRST_YEAR <= int(found[1]) <= _LAST_YEAR:
        raise wrong
    try:
        return date(int(found[1]), int(found[3]), int(found[4]))
    except ValueError:
        raise wrong from None


def _name(column: str, row: dict[str, str]) -> str:
    if not row[column] or len(row[column]) > _MAX_NAME:
        raise _WrongCell(f"{column} must be a text of at most {_MAX_NAME} characters")
    return row[column]


def _yes(column: str, row: dict[str, str]) -> bool:
    if row[column] not in {"", _YES}:
        raise _WrongCell(f"{column} must be {_YES} or empty")
    return row[column] == _YES


def _one_of(kind: type[E], column: str, row: dict[str, str]) -> E:
    try:
        return kind(row[column])
    except ValueError:
        raise _WrongCell(f"{column} must be one of: {', '.join(kind)}") from None
