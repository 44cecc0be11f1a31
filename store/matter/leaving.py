"""Posts, absences, days on duty and teams left without an owner when a member of staff leaves, moves or loses a role.

Assumes that the change is made already, in the same transaction: the results hold from now on.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, func, select

from domain.calendar.instants import local
from domain.office.directory import OFFICE
from domain.office.responsibility import entitled_roles
from domain.office.words import Role
from store.matter.said.decisions import UNFINISHED
from store.matter.tables import task
from store.office.directory import teams_led_by
from store.office.people import is_away, is_in_post, posts
from store.office.tables import roster, staff, staff_role


@dataclass(frozen=True, kw_only=True, slots=True)
class LeftBehind:
    """What a member of staff left behind, for the unit to give to others.

    `posts`: the roles in which nobody of the unit is in post, each with the number of its open tasks. `uncovered`: the
    colleagues who are away and have lost their deputy. `on_duty`: channel and weekday (Monday is 0) for which the
    roster names the person. `teams`: codes of the teams, in force or to come, that name the person as leader or deputy
    though they may no longer lead one.
    """

    posts: Mapping[Role, int]
    uncovered: tuple[str, ...]
    on_duty: tuple[tuple[str, int], ...]
    teams: tuple[str, ...]


def left_behind(
    connection: Connection, username: str, *, unit: str, roles: Collection[Role], now: datetime
) -> LeftBehind:
    """Find what a member of staff who had these roles in a unit leaves behind."""
    open_tasks = _open_tasks(connection, unit)
    in_post = posts(connection, now=now)
    theirs = [role for role in Role if not entitled_roles(role).isdisjoint(roles)]
    vacant = [role for role in theirs if not any((unit, each) in in_post for each in entitled_roles(role))]
    uncovered = select(staff.c.username).where(
        staff.c.deputy == username, staff.c.active.is_(True), is_away(now), ~is_in_post(now)
    )
    return LeftBehind(
        posts={role: open_tasks.get(role, 0) for role in vacant if role in roles or role in open_tasks},
        uncovered=tuple(connection.scalars(uncovered.order_by(staff.c.username))),
        on_duty=_on_duty(connection, username, unit, now),
        teams=tuple(each.code for each in teams_led_by(connection, username, on=local(now).date())),
    )


def _open_tasks(connection: Connection, unit: str) -> dict[Role, int]:
    """Count the open tasks of a unit by role; the office's liaison has those of bureaus without accounts."""
    mine = task.c.unit == unit
    if unit == OFFICE:
        mine |= task.c.role == Role.LIAISON
    rows = connection.execute(
        select(task.c.role, func.count().label("open"))
        .where(mine, task.c.state.in_(UNFINISHED))
        .group_by(task.c.role)
    )
    return {Role(row.role): row.open for row in rows}


def _on_duty(connection: Connection, username: str, unit: str, now: datetime) -> tuple[tuple[str, int], ...]:
    """List the roster's days of a person who is no longer in post as a duty officer of the unit."""
    still = select(staff.c.username).join(staff_role, staff_role.c.username == staff.c.username)
    answers = still.where(
        staff.c.username == username,
        staff.c.unit == unit,
        staff_role.c.role == Role.DUTY_OFFICER,
        is_in_post(now),
    )
    if connection.scalar(answers) is not None:
        return ()
    rows = connection.execute(
        select(roster.c.channel, roster.c.weekday)
        .where(roster.c.username == username)
        .order_by(roster.c.channel, roster.c.weekday)
    )
    return tuple((row.channel, row.weekday) for row in rows)
