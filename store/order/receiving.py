"""Who answers an order first: the officer who took it, else the duty roster, else the office (首问责任制).

Assumes that a channel's list of officers may be out of date: an order is never refused for it.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import Connection, bindparam, select

from domain.calendar.instants import local
from domain.office.directory import OFFICE
from domain.office.permissions import GRANTS, Permission
from domain.office.words import Role, Tier
from store.instants import NOW
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
    """The unit and role of the first task, its holder if any, and why the named officer was passed over, if so."""

    unit: str
    tier: Tier
    role: Role
    holder: str | None = None
    passed_over: PassedOver | None = None


def first_contact(
    connection: Connection, *, channel: str, received_by: str | None, now: datetime
) -> FirstContact:
    """Find who answers first: the officer, their deputy while they are away, or else the roster.

    Source: the office's rule that the first contact is responsible (首问责任制).
    """
    if received_by is None:
        return _by_roster(connection, channel, now, None)
    officer = find_staff(connection, received_by, now=now)
    if officer is None:
        known = connection.scalar(select(staff.c.username).where(staff.c.username == received_by))
        why = PassedOver.UNKNOWN if known is None else PassedOver.LEFT
        return _by_roster(connection, channel, now, why)
    role = _answers_as(officer)
    if role is None:
        return _by_roster(connection, channel, now, PassedOver.DECIDES_NOTHING)
    in_post = select(staff.c.username).where(staff.c.username == received_by, is_in_post(now))
    if connection.scalar(in_post) is None:
        return _by_roster(connection, channel, now, PassedOver.AWAY)
    is_there = find_present(connection, received_by, now=now) is not None
    holder = received_by if is_there else None
    return FirstContact(unit=officer.unit, tier=officer.tier, role=role, holder=holder)


def _answers_as(officer: Staff) -> Role | None:
    usual = (Role.COMMUNITY_WORKER, Role.DUTY_OFFICER, *sorted(officer.roles))
    return next(
        (each for each in usual if each in officer.roles and Permission.DECIDE_TASKS in GRANTS[each]), None
    )


def _by_roster(
    connection: Connection, channel: str, now: datetime, passed_over: PassedOver | None
) -> FirstContact:
    asked = {"channel": channel, "weekday": local(now).weekday(), "now": now}
    row = connection.execute(_ON_DUTY, asked).one_or_none()
    return FirstContact(
        unit=row.unit if row else OFFICE,
        tier=Tier(row.tier) if row else Tier.STREET,
        role=Role.DUTY_OFFICER,
        passed_over=passed_over,
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
)
