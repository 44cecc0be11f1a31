"""The office's directory: units, staff with their roles, and the duty roster."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Table, delete, select, update
from sqlalchemy.dialects import postgresql, sqlite

from domain.deadlines import local
from domain.directory import OFFICE, Unit
from domain.orders import Role, Tier
from store.tables import duty, staff, staff_role, unit


@dataclass(frozen=True, kw_only=True, slots=True)
class Staff:
    """A member of staff as the store knows them now: roles, unit and tier are never taken from a token."""

    username: str
    unit: str
    tier: Tier
    roles: frozenset[Role]


@dataclass(frozen=True, kw_only=True, slots=True)
class StaffRow:
    """A member of staff to be put into the directory."""

    username: str
    name: str
    unit: str
    roles: tuple[Role, ...]


def insert_ignore(connection: Connection, table: Table, values: Mapping[str, Any]) -> bool:
    """Insert a row unless its key exists; tells whether it was inserted."""
    dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
    # What comes back tells it on both databases; a count of rows does not.
    statement = dialect.insert(table).on_conflict_do_nothing().returning(*table.primary_key.columns)
    return connection.execute(statement, values).first() is not None


def put_units(connection: Connection, rows: Sequence[Unit]) -> None:
    """Add units that are not there yet; one that is still called by its code takes the name given here."""
    for row in rows:
        added = insert_ignore(
            connection, unit, {"code": row.code, "name": row.name, "tier": row.tier, "parent": row.parent}
        )
        if not added:
            nameless = unit.c.code == row.code, unit.c.name == unit.c.code
            connection.execute(update(unit).where(*nameless).values(name=row.name))


def put_staff(connection: Connection, rows: Sequence[StaffRow]) -> None:
    """Add staff that are not there yet, with their roles."""
    for row in rows:
        added = insert_ignore(
            connection, staff, {"username": row.username, "name": row.name, "unit": row.unit, "active": True}
        )
        if added:
            set_roles(connection, row.username, row.roles)


def set_roles(connection: Connection, username: str, roles: Sequence[Role]) -> None:
    """Replace the roles of a member of staff."""
    connection.execute(delete(staff_role).where(staff_role.c.username == username))
    for role in roles:
        insert_ignore(connection, staff_role, {"username": username, "role": role})


def put_duty(connection: Connection, roster: Mapping[tuple[str, int], str]) -> None:
    """Add rows of the duty roster: (channel, weekday with Monday 0) to username."""
    for (channel, weekday), username in roster.items():
        insert_ignore(connection, duty, {"channel": channel, "weekday": weekday, "username": username})


def find_staff(connection: Connection, username: str) -> Staff | None:
    """Find an active member of staff."""
    rows = connection.execute(
        select(staff.c.unit, unit.c.tier, staff_role.c.role)
        .join(unit, unit.c.code == staff.c.unit)
        .outerjoin(staff_role, staff_role.c.username == staff.c.username)
        .where(staff.c.username == username, staff.c.active.is_(True))
    ).all()
    if not rows:
        return None
    return Staff(
        username=username,
        unit=rows[0].unit,
        tier=Tier(rows[0].tier),
        roles=frozenset(Role(row.role) for row in rows if row.role),
    )


def all_staff(connection: Connection) -> list[Staff]:
    """List the active staff by username."""
    names = connection.scalars(
        select(staff.c.username).where(staff.c.active.is_(True)).order_by(staff.c.username)
    )
    found = [find_staff(connection, name) for name in names.all()]
    return [each for each in found if each is not None]


def first_contact_owner(
    connection: Connection, *, channel: str, received_by: Staff | None, now: datetime
) -> tuple[str, Tier, Role]:
    """Say who answers first: the officer who took the order, else the channel's duty roster, else the office.

    Source: the office's rule that the first contact is responsible (首问责任制).
    """
    if received_by is not None:
        usual = (Role.COMMUNITY_WORKER, Role.DUTY_OFFICER, *sorted(received_by.roles))
        return received_by.unit, received_by.tier, next(each for each in usual if each in received_by.roles)
    row = connection.execute(
        select(staff.c.unit, unit.c.tier)
        .select_from(duty)
        .join(staff, staff.c.username == duty.c.username)
        .join(unit, unit.c.code == staff.c.unit)
        .where(duty.c.channel == channel, duty.c.weekday == local(now).weekday(), staff.c.active.is_(True))
    ).one_or_none()
    return (row.unit, Tier(row.tier), Role.DUTY_OFFICER) if row else (OFFICE, Tier.STREET, Role.DUTY_OFFICER)
