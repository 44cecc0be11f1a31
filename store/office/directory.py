"""The office's directory, version after version: the newest is in force, or `FIRST` until one is loaded.

Assumes that a version is never changed: a process reads it once and keeps it by its digest. Units stand in the
table `unit` too, since staff belong to them; loading a version updates that table.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from pydantic import TypeAdapter
from sqlalchemy import Connection, insert, select, true, update

from domain.calendar.instants import local
from domain.doors import Via
from domain.errors import DomainError
from domain.office.directory import OFFICE, Category, Directory, DirectoryFault, Route, Unit, faults
from domain.office.first_directory import FIRST
from domain.office.responsibility import entitled_roles, handler
from domain.office.teams import Team
from domain.office.words import Role
from messages.office.directory import LookUp, Routing, Vouched
from store.auditing import audited
from store.inserting import insert_ignore
from store.office.people import StaffEntry, posts, staff_entries
from store.office.tables import directory, unit

_UNITS = TypeAdapter(tuple[Unit, ...])
_CATEGORIES = TypeAdapter(tuple[Category, ...])
_ROUTES = TypeAdapter(tuple[Route, ...])
_TEAMS = TypeAdapter(tuple[Team, ...])
NEWEST = select(directory.c.version, directory.c.digest).order_by(directory.c.version.desc()).limit(1)
"""The version in force and its digest; no row before one is loaded."""


class UnknownVersion(DomainError):
    """There is no directory of that version."""

    code = "unknown_version"


class FaultyDirectory(DomainError):
    """The directory cannot be loaded; `faults` says what is wrong, row by row."""

    code = "faulty_directory"

    def __init__(self, found: list[DirectoryFault]) -> None:
        """Keep the faults."""
        super().__init__("; ".join(f"{each.table} {each.key}: {each.reason}" for each in found))
        self.faults = found


@dataclass(frozen=True, kw_only=True, slots=True)
class LoadedVersion:
    """A version as it was loaded: its source, the person who loaded it, and when."""

    version: int
    source: str
    loaded_by: str
    loaded_at: datetime


def current(connection: Connection) -> Directory:
    """Return the directory in force."""
    newest = connection.execute(NEWEST).one_or_none()
    return _kept(connection, newest.version, newest.digest) if newest else FIRST


def in_force(connection: Connection, version: int | None, digest: str | None) -> Directory:
    """Return the directory that a row of `NEWEST` names; without a version, the first."""
    return FIRST if version is None or digest is None else _kept(connection, version, digest)


def find_version(connection: Connection, version: int) -> Directory:
    """Find a version.

    Raises:
        UnknownVersion: there is none.
    """
    if version == FIRST.version:
        return FIRST
    digest = connection.scalar(select(directory.c.digest).where(directory.c.version == version))
    if digest is None:
        raise UnknownVersion(f"there is no directory of version {version}; see: dingdan routing versions")
    return _kept(connection, version, digest)


def versions(connection: Connection) -> list[LoadedVersion]:
    """List the versions that were loaded, in sequence."""
    columns = directory.c.version, directory.c.source, directory.c.loaded_by, directory.c.loaded_at
    rows = connection.execute(select(*columns).order_by(directory.c.version))
    return [LoadedVersion(**row._mapping) for row in rows]


def named(connection: Connection, given: Directory) -> Directory:
    """Return a directory with the present names of its units."""
    return _called(
        given, {row.code: row.name for row in connection.execute(select(unit.c.code, unit.c.name))}
    )


def _called(given: Directory, names: Mapping[str, str]) -> Directory:
    units = {code: replace(each, name=names.get(code, each.name)) for code, each in given.units.items()}
    return replace(given, units=units)


def current_named(connection: Connection) -> Directory:
    """Return the directory in force with the present names of its units, in one statement."""
    newest = NEWEST.subquery()
    rows = connection.execute(
        select(unit.c.code, unit.c.name, newest.c.version, newest.c.digest).outerjoin(newest, true())
    ).all()
    newest_row = next((row for row in rows if row.version is not None), None)
    given = _kept(connection, newest_row.version, newest_row.digest) if newest_row else FIRST
    return _called(given, {row.code: row.name for row in rows})


def load(
    connection: Connection, given: Directory, *, source: str, loaded_by: str, now: datetime
) -> Directory | None:
    """Put a directory in force as the next version; `None` if it is in force already.

    Raises:
        FaultyDirectory: it has faults, leaves out what the one in force has, or has teams led by people who may not
            lead one; nothing is changed.
    """
    before = current(connection)
    if found := faults(given, before=before):
        raise FaultyDirectory(found)
    require_leaders(connection, given, now=now)
    if _content(given) == _content(named(connection, before)):
        return None
    loaded = replace(given, version=before.version + 1)
    content = _content(loaded)
    connection.execute(
        insert(directory).values(
            version=loaded.version,
            digest=_digest(content),
            source=source,
            loaded_by=loaded_by,
            loaded_at=now,
            **content,
        )
    )
    for each in loaded.units.values():
        values = {"code": each.code, "name": each.name, "tier": each.tier, "parent": each.parent}
        if not insert_ignore(connection, unit, values):
            connection.execute(update(unit).where(unit.c.code == each.code).values(**values))
    audited(connection, loaded_by, Via.STAFF, "directory_loaded", None, {"version": loaded.version}, now)
    return loaded


def require_leaders(connection: Connection, given: Directory, *, now: datetime) -> None:
    """Check that all leaders and deputies of teams belong to the street's leadership.

    The people of a team that is over may have left since.

    Raises:
        FaultyDirectory: a leader or deputy does not; each fault names the team and the part.
    """
    if not given.teams:
        return
    people = {each.username: each for each in staff_entries(connection)}
    today = local(now).date()
    found = [
        DirectoryFault(table="teams", key=team.code, reason=f"the {part} {username} {reason}")
        for team in given.teams
        for part, username in team.people.items()
        if (reason := _unfit(people.get(username), has_ended=team.is_over(today)))
    ]
    if found:
        raise FaultyDirectory(found)


def _unfit(person: StaffEntry | None, *, has_ended: bool) -> str | None:
    """Say why a person cannot lead a team, or stand in for its leader; `None` if they can."""
    if person is None:
        return "is not a member of staff; see: dingdan user list"
    if has_ended:
        return None
    if not person.active:
        return "has left; name another person"
    if person.unit != OFFICE:
        return f"belongs to the unit {person.unit}, not {OFFICE}"
    if Role.STREET_LEADER not in person.roles:
        return f"does not have the role {Role.STREET_LEADER}"
    return None


def teams_led_by(connection: Connection, username: str, *, on: date) -> tuple[Team, ...]:
    """List the teams, in force on a day or to come, that name this person as leader or deputy, if they may not lead."""
    led = [
        each
        for each in current(connection).teams
        if username in each.people.values() and not each.is_over(on)
    ]
    person = next((each for each in staff_entries(connection) if each.username == username), None)
    return tuple(led) if led and _unfit(person, has_ended=False) else ()


def routing_of(
    connection: Connection,
    *,
    category: str | None,
    community: str | None,
    unit: str | None = None,
    now: datetime,
) -> Routing:
    """Find which unit answers for an order now; vacant units are skipped."""
    present = current(connection)
    return Routing.of(
        present,
        category=category,
        community=community,
        unit=unit,
        vacant=vacant_units(connection, present, now=now),
    )


def look_up(connection: Connection, asked: LookUp) -> Vouched:
    """Look up codes in the directory in force."""
    return Vouched.by(current(connection), asked)


def vacant_units(connection: Connection, given: Directory, *, now: datetime) -> frozenset[str]:
    """Find the units that cannot handle orders, since no active member of staff is in post."""
    in_post = posts(connection, now=now)

    def is_vacant(code: str) -> bool:
        known = given.units[code]
        role = handler(code, known.tier, by_liaison=known.by_liaison).role
        at = OFFICE if role is Role.LIAISON else code
        return not any((at, each) in in_post for each in entitled_roles(role))

    return frozenset(code for code in given.handling_units if is_vacant(code))


def _content(given: Directory) -> dict[str, Any]:
    return {
        "units": _UNITS.dump_python(tuple(given.units.values()), mode="json"),
        "categories": _CATEGORIES.dump_python(tuple(given.categories.values()), mode="json"),
        "routes": _ROUTES.dump_python(given.routes, mode="json"),
        "teams": _TEAMS.dump_python(given.teams, mode="json"),
    }


def _digest(content: dict[str, Any]) -> str:
    return hashlib.sha256(json.dumps(content, sort_keys=True, ensure_ascii=False).encode()).hexdigest()


_read: dict[tuple[int, str], Directory] = {}
"""Versions that this process has read: by number and digest, since tests have many stores."""


def _kept(connection: Connection, version: int, digest: str) -> Directory:
    known = _read.get((version, digest))
    if known is None:
        row = connection.execute(select(directory).where(directory.c.version == version)).one()
        known = Directory(
            version=version,
            units={each.code: each for each in _UNITS.validate_python(row.units)},
            categories={each.code: each for each in _CATEGORIES.validate_python(row.categories)},
            routes=_ROUTES.validate_python(row.routes),
            teams=_TEAMS.validate_python(row.teams),
        )
        _read[version, digest] = known
    return known
