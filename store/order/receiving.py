"""Who answers an order first: the officer who took it, else the duty roster, else the office (首问责任制).

Assumes that a channel's list of officers may be out of date: an order is never refused for it.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import Connection, bindparam, literal, select, true

from domain.calendar.instants import local
from domain.office.directory import OFFICE, Directory
from domain.office.permissions import GRANTS, Permission
from domain.office.words import Role, Tier
from store.instants import NOW
from store.matter.holding import STILL_OPEN, Hold, hold_of
from store.office.directory import NEWEST, in_force
from store.office.people import Staff, find_present, find_staff, is_in_post
from store.office.tables import roster, staff, staff_role, unit


class PassedOver(StrEnum):
    """Why the officer whom a channel named does not answer first."""

    UNKNOWN = "unknown"
    LEFT = "left"
    AWAY = "away"
    DECIDES_NOTHING = "decides_nothing"


@dataclass(frozen=True, kw_only=True, slots=True)
class FirstContact:
    """The unit and role of the first task, and its holder if any."""

    unit: str
    tier: Tier
    role: Role
    holder: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Reception:
    """The office as a new order finds it: its directory, its holds, and who answers first if no officer is named."""

    directory: Directory
    holds: tuple[Hold, ...]
    on_duty: FirstContact


def named_officer(
    connection: Connection, received_by: str | None, *, now: datetime
) -> FirstContact | PassedOver | None:
    """Find the officer who took the order, or their deputy while they are away; else why not, if one was named.

    Source: the office's rule that the first contact is responsible (首问责任制).
    """
    if received_by is None:
        return None
    officer = find_staff(connection, received_by, now=now)
    if officer is None:
        known = connection.scalar(select(staff.c.username).where(staff.c.username == received_by))
        return PassedOver.UNKNOWN if known is None else PassedOver.LEFT
    role = _answers_as(officer)
    if role is None:
        return PassedOver.DECIDES_NOTHING
    in_post = select(staff.c.username).where(staff.c.username == received_by, is_in_post(now))
    if connection.scalar(in_post) is None:
        return PassedOver.AWAY
    is_there = find_present(connection, received_by, now=now) is not None
    holder = received_by if is_there else None
    return FirstContact(unit=officer.unit, tier=officer.tier, role=role, holder=holder)


def _answers_as(officer: Staff) -> Role | None:
    usual = (Role.COMMUNITY_WORKER, Role.DUTY_OFFICER, *sorted(officer.roles))
    return next(
        (each for each in usual if each in officer.roles and Permission.DECIDE_TASKS in GRANTS[each]), None
    )


def reception(connection: Connection, *, channel: str, now: datetime) -> Reception:
    """Read the office for a new order of this channel, in one statement."""
    asked = {"channel": channel, "weekday": local(now).weekday(), "now": now}
    rows = connection.execute(_RECEPTION, asked).all()
    return Reception(
        directory=in_force(connection, rows[0].version, rows[0].digest),
        holds=tuple(hold_of(row) for row in rows if row.id is not None),
        on_duty=FirstContact(
            unit=rows[0].unit or OFFICE, tier=Tier(rows[0].tier or Tier.STREET), role=Role.DUTY_OFFICER
        ),
    )


_ON_DUTY = (
    select(staff.c.unit, unit.c.tier)
    .select_from(roster)
    .join(staff, staff.c.username == roster.c.username)
    .join(staff_role, staff_role.c.username == staff.c.username)
    .join(unit, unit.c.code == staff.c.unit)
    .where(
        roster.c.channel == bindparam("channel"),
        roster.c.weekday == bindparam("weekday"),
        staff_role.c.role == Role.DUTY_OFFICER,
        # An officer who is away without a deputy is passed over.
        is_in_post(NOW),
    )
    .subquery()
)
_ALWAYS, _NEWEST, _HOLDS = select(literal(1)).subquery(), NEWEST.subquery(), STILL_OPEN.subquery()
_RECEPTION = (
    select(_NEWEST, _ON_DUTY, _HOLDS)
    .select_from(_ALWAYS)
    .outerjoin(_NEWEST, true())
    .outerjoin(_ON_DUTY, true())
    .outerjoin(_HOLDS, true())
    .order_by(_HOLDS.c.since)
)
"""At most one version, and at most one officer on duty: a row for each hold, or one if there is none."""
