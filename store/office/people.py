"""The office's people: units, staff with their roles, who stands in for whom, and the duty roster.

A post is held by two people (AB 岗): while one is away, a deputy of the same unit has their roles too.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, bindparam, delete, select, update

from domain.errors import DomainError
from domain.office.directory import Unit
from domain.office.permissions import RolesApart, are_apart, keep_apart
from domain.office.words import Role, Tier
from store.inserting import insert_ignore
from store.instants import NOW, At
from store.office.tables import roster, staff, staff_role, unit


class UnknownStaff(DomainError):
    """There is no active member of staff of that name."""

    code = "unknown_staff"


class WrongDeputy(DomainError):
    """An absence cannot be recorded so: its end has passed, or the deputy cannot stand in."""

    code = "wrong_deputy"


class AlreadyStaff(DomainError):
    """Another person, or the same one with other data, has that username already."""

    code = "already_staff"


class NotSetUp(DomainError):
    """The store has no units that staff could belong to."""

    code = "not_set_up"


@dataclass(frozen=True, kw_only=True, slots=True)
class Staff:
    """A member of staff as the store knows them now: roles, unit and tier are never taken from a token.

    `roles` are their own and those of the colleagues for whom they stand in.
    """

    username: str
    name: str
    unit: str
    tier: Tier
    roles: frozenset[Role]


@dataclass(frozen=True, kw_only=True, slots=True)
class StaffRow:
    """A member of staff to add."""

    username: str
    name: str
    unit: str
    roles: tuple[Role, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class StaffEntry(StaffRow):
    """A member of staff as they were added and changed: with their own roles, and the end of their absence.

    `deputy`: the colleague who is named to stand in meanwhile.
    """

    active: bool
    away_until: datetime | None
    deputy: str | None


def put_units(connection: Connection, rows: Sequence[Unit]) -> None:
    """Add units that are not there yet; a unit that is still called by its code takes the name given here."""
    for row in rows:
        added = insert_ignore(
            connection, unit, {"code": row.code, "name": row.name, "tier": row.tier, "parent": row.parent}
        )
        if not added:
            nameless = unit.c.code == row.code, unit.c.name == unit.c.code
            connection.execute(update(unit).where(*nameless).values(name=row.name))


def put_staff(connection: Connection, rows: Sequence[StaffRow]) -> None:
    """Add staff that are not there yet, with their roles.

    Raises:
        RolesApart: one of a person's roles goes with no other.
    """
    for row in rows:
        added = insert_ignore(
            connection, staff, {"username": row.username, "name": row.name, "unit": row.unit, "active": True}
        )
        if added:
            # A new member of staff has no deputy yet, and is nobody's deputy.
            keep_apart(row.roles)
            _write_roles(connection, row.username, row.roles)


def add_staff(connection: Connection, row: StaffRow) -> bool:
    """Add a member of staff; `False` if they are there already with the same data.

    Raises:
        AlreadyStaff: they are there with other data, or have left; nothing is changed.
        NotSetUp: the store has no units yet.
    """
    require_units(connection)
    known = staff_entry(connection, row.username)
    if known is None:
        put_staff(connection, [row])
        return True
    if not known.active:
        raise AlreadyStaff(f"{row.username} has left; see: dingdan user return {row.username}")
    differs = [
        *(["another name"] if known.name != row.name else []),
        *([f"the unit {known.unit}"] if known.unit != row.unit else []),
        *([f"the roles {', '.join(known.roles)}"] if set(known.roles) != set(row.roles) else []),
    ]
    if differs:
        raise AlreadyStaff(
            f"{row.username} exists already, with {', '.join(differs)}; nothing was changed; "
            "see: dingdan user move, dingdan user role"
        )
    return False


def require_units(connection: Connection) -> None:
    """Check that there are units for staff to belong to.

    Raises:
        NotSetUp: there is none.
    """
    if connection.scalar(select(unit.c.code).limit(1)) is None:
        raise NotSetUp("the store has no units yet; run: dingdan setup")


def staff_entries(connection: Connection) -> list[StaffEntry]:
    """List all present and former members of staff by username, with their roles in the usual sequence."""
    roles: dict[str, list[Role]] = {}
    for row in connection.execute(select(staff_role)):
        roles.setdefault(row.username, []).append(Role(row.role))
    return [
        StaffEntry(
            username=row.username,
            name=row.name,
            unit=row.unit,
            roles=tuple(role for role in Role if role in roles.get(row.username, ())),
            active=row.active,
            away_until=row.away_until,
            deputy=row.deputy,
        )
        for row in connection.execute(select(staff).order_by(staff.c.username))
    ]


def staff_entry(connection: Connection, username: str) -> StaffEntry | None:
    """Find a present or former member of staff."""
    return next((each for each in staff_entries(connection) if each.username == username), None)


def set_roles(connection: Connection, username: str, roles: Sequence[Role]) -> None:
    """Replace the roles of a member of staff.

    Raises:
        RolesApart: one of them goes with no other, or not with those of a deputy or of a person whose deputy they are.
    """
    keep_apart(roles)
    for other in _bound_to(connection, username):
        if are_apart({*roles, *other.roles}):
            raise RolesApart(
                f"{username} and {other.username} stand in for each other, and these roles cannot be combined; "
                "end the absence first: dingdan user back"
            )
    _write_roles(connection, username, roles)


def _write_roles(connection: Connection, username: str, roles: Sequence[Role]) -> None:
    connection.execute(delete(staff_role).where(staff_role.c.username == username))
    for role in roles:
        insert_ignore(connection, staff_role, {"username": username, "role": role})


def _bound_to(connection: Connection, username: str) -> list[StaffEntry]:
    """List the deputy of a person, and the people whose deputy this person is."""
    entries = staff_entries(connection)
    deputy = next((each.deputy for each in entries if each.username == username), None)
    return [each for each in entries if username == each.deputy or each.username == deputy]


def put_duty(connection: Connection, days: Mapping[tuple[str, int], str]) -> None:
    """Add rows of the duty roster: (channel, weekday with Monday 0) to username."""
    for (channel, weekday), username in days.items():
        insert_ignore(connection, roster, {"channel": channel, "weekday": weekday, "username": username})


def find_staff(connection: Connection, username: str, *, now: datetime) -> Staff | None:
    """Find an active member of staff, with the roles that they have at an instant."""
    rows = connection.execute(_POSTS_OF, {"username": username, "now": now}).all()
    return staff_of(rows, username)


POST = (staff.c.username.label("holder"), staff.c.name, staff.c.unit, unit.c.tier, staff_role.c.role)
"""The columns that `staff_of` reads: a row for each role of a person and of those for whom they stand in."""


def acts_for(username: ColumnElement[str], now: At) -> ColumnElement[bool]:
    """Say in SQL whose roles a person has at an instant: their own, and those of people for whom they stand in."""
    return staff.c.active.is_(True) & (
        (staff.c.username == username) | ((staff.c.deputy == username) & is_away(now))
    )


def staff_of(rows: Sequence[Any], username: str) -> Staff | None:
    """Make a member of staff from their `POST` rows; `None` if they are not active.

    A deputy has the absent person's roles too, unless those may not come together with the roles that they have.
    """
    own = next((row for row in rows if row.holder == username), None)
    if own is None:
        return None
    held: dict[str, set[Role]] = {}
    for row in rows:
        if row.role and row.unit == own.unit:
            held.setdefault(row.holder, set()).add(Role(row.role))
    roles = held.pop(username, set())
    for holder in sorted(held):
        roles |= set() if are_apart(roles | held[holder]) else held[holder]
    return Staff(username=username, name=own.name, unit=own.unit, tier=Tier(own.tier), roles=frozenset(roles))


def find_present(connection: Connection, username: str, *, now: datetime) -> Staff | None:
    """Find a member of staff who is at work in person at an instant: active, and not away."""
    away = select(staff.c.username).where(staff.c.username == username, is_away(now))
    return None if connection.scalar(away) is not None else find_staff(connection, username, now=now)


def all_staff(connection: Connection, *, now: datetime) -> list[Staff]:
    """List the active staff by username, with the roles that they have at an instant."""
    names = connection.scalars(
        select(staff.c.username).where(staff.c.active.is_(True)).order_by(staff.c.username)
    )
    found = [find_staff(connection, name, now=now) for name in names.all()]
    return [each for each in found if each is not None]


def is_away(now: At) -> ColumnElement[bool]:
    """Say in SQL that a member of staff is away at an instant; half-open: back when it ends."""
    return staff.c.away_until > now


def is_in_post(now: At) -> ColumnElement[bool]:
    """Say in SQL that a member of staff's work is done at an instant: by themselves, or by their deputy.

    A deputy counts if they are active, of the same unit, and not away as well.
    """
    deputy = staff.alias()
    stands_in = select(deputy.c.username).where(
        deputy.c.username == staff.c.deputy,
        deputy.c.unit == staff.c.unit,
        deputy.c.active.is_(True),
        deputy.c.away_until.is_(None) | (deputy.c.away_until <= now),
    )
    is_there = staff.c.away_until.is_(None) | ~is_away(now)
    return staff.c.active.is_(True) & (is_there | stands_in.correlate(staff).exists())


_POSTS_OF = (
    select(*POST)
    .join(unit, unit.c.code == staff.c.unit)
    .outerjoin(staff_role, staff_role.c.username == staff.c.username)
    .where(acts_for(bindparam("username"), NOW))
)


def posts(connection: Connection, *, now: datetime) -> frozenset[tuple[str, Role]]:
    """Return the posts whose work is done at an instant, each a unit and a role."""
    rows = connection.execute(
        select(staff.c.unit, staff_role.c.role)
        .join(staff_role, staff_role.c.username == staff.c.username)
        .where(is_in_post(now))
    )
    return frozenset((row.unit, Role(row.role)) for row in rows)


def leave_post(
    connection: Connection, username: str, *, until: datetime, deputy: str | None, now: datetime
) -> None:
    """Record that a person is away until an instant, with a deputy of the same unit or none.

    Raises:
        UnknownStaff: one of them is not an active member of staff.
        WrongDeputy: the end is not in the future, or the deputy is of another unit, away, or the same person.
        RolesApart: the deputy's roles and theirs may not come together.
    """
    absent = _known(connection, username, now)
    if until <= now:
        raise WrongDeputy("an absence must end in the future; give an offset, like 2026-11-23T17:00+08:00")
    if deputy is not None and (deputy == username or _known(connection, deputy, now).unit != absent.unit):
        raise WrongDeputy(f"a deputy must be another person of the same unit, {absent.unit}")
    if deputy is not None and connection.scalar(
        select(staff.c.username).where(staff.c.username == deputy, is_away(now))
    ):
        raise WrongDeputy(f"{deputy} is away as well; name a person who is there, or nobody")
    if deputy is not None:
        keep_apart(absent.roles | _known(connection, deputy, now).roles)
    away = update(staff).where(staff.c.username == username)
    connection.execute(away.values(away_until=until, deputy=deputy))


def return_to_post(connection: Connection, username: str, *, now: datetime) -> None:
    """End an absence.

    Raises:
        UnknownStaff: there is no such member of staff.
    """
    _known(connection, username, now)
    back = update(staff).where(staff.c.username == username)
    connection.execute(back.values(away_until=None, deputy=None))


def change_unit(connection: Connection, username: str, to: str, *, now: datetime) -> None:
    """Move a person to another unit; this ends an absence, since a deputy is of the same unit.

    Raises:
        UnknownStaff: there is no such member of staff.
    """
    return_to_post(connection, username, now=now)
    connection.execute(update(staff).where(staff.c.username == username).values(unit=to))


def dismiss(connection: Connection, username: str, *, now: datetime) -> None:
    """End a person's service: no role of theirs counts any more, and what they did stays under their name.

    Raises:
        UnknownStaff: there is no such member of staff.
    """
    return_to_post(connection, username, now=now)
    connection.execute(update(staff).where(staff.c.username == username).values(active=False))


def reinstate(connection: Connection, username: str, *, unit: str | None) -> None:
    """Take back a person who had left, with the roles that they had and without a token.

    `unit` is their new unit; `None` means the one that they left.

    Raises:
        UnknownStaff: nobody of that name has left.
    """
    known = staff_entry(connection, username)
    if known is None or known.active:
        raise UnknownStaff(f"nobody called {username!r} has left; see: dingdan user list")
    connection.execute(
        update(staff).where(staff.c.username == username).values(active=True, unit=unit or known.unit)
    )


def duty_roster(connection: Connection) -> list[tuple[str, int, str]]:
    """List the duty roster: channel, weekday with Monday 0, username."""
    rows = connection.execute(select(roster).order_by(roster.c.channel, roster.c.weekday))
    return [(row.channel, row.weekday, row.username) for row in rows]


def change_duty(
    connection: Connection, *, channel: str, weekdays: Sequence[int], username: str | None, now: datetime
) -> None:
    """Put a person on duty for a channel, or nobody: then the office answers first.

    Raises:
        UnknownStaff: there is no such member of staff, or one who may not be on duty.
    """
    if username is not None and Role.DUTY_OFFICER not in _known(connection, username, now).roles:
        raise UnknownStaff(f"{username} does not have the role {Role.DUTY_OFFICER}")
    connection.execute(delete(roster).where(roster.c.channel == channel, roster.c.weekday.in_(weekdays)))
    if username is not None:
        put_duty(connection, {(channel, weekday): username for weekday in weekdays})


def _known(connection: Connection, username: str, now: datetime) -> Staff:
    known = find_staff(connection, username, now=now)
    if known is None:
        raise UnknownStaff(f"there is no active member of staff {username!r}; see: dingdan user list")
    return known
