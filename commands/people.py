"""`dingdan user` and `dingdan duty`: staff, their roles and absences, and who answers first."""

from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import typer

from commands.opening import (
    ACTOR,
    INSTANT,
    new_credential,
    note,
    now,
    open_store,
    require_open_unit,
    secret_key,
    typed,
)
from domain.office.entries import read_instant, read_name, read_username
from domain.office.words import Role

if TYPE_CHECKING:
    from domain.office.directory import Unit
    from store.database import Connection
    from store.matter.leaving import LeftBehind
    from store.office.people import StaffEntry

duty_app = typer.Typer(no_args_is_help=True, help="Who answers first, by channel and weekday.")
user_app = typer.Typer(no_args_is_help=True, help="Staff, their roles and tokens.")
_ROLES = f"Role codes: {', '.join(Role)}."


@user_app.command("add")
def user_add(
    username: Annotated[
        str,
        typer.Argument(parser=typed(read_username), metavar="USERNAME", help="The name to sign in with."),
    ],
    name: Annotated[str, typer.Option(parser=typed(read_name), metavar="TEXT", help="The person's name.")],
    unit: Annotated[str, typer.Option(help="The code of their unit.")],
    role: Annotated[list[str], typer.Option(help=f"May be given several times. {_ROLES}")],
    actor: Annotated[str, ACTOR] = "operator",
) -> None:
    """Add a member of staff."""
    from store.office.people import StaffRow, add_staff

    roles = _known_roles(role)
    with open_store() as store, store.write() as connection:
        at = require_open_unit(connection, unit)
        row = StaffRow(username=username, name=name, unit=unit, roles=roles)
        if not add_staff(connection, row):
            typer.echo(f"{username} exists already, with the same name, unit and roles")
            return
        note(connection, actor, "staff_added", {"username": username, "unit": unit, "roles": [*roles]})
    _say_idle(roles, at)
    typer.echo(f"{username} was added; make a token with: dingdan user token {username}")


@user_app.command("role")
def user_role(
    username: Annotated[str, typer.Argument(help="The member of staff.")],
    role: Annotated[list[str], typer.Argument(help=f"All roles that they have from now on. {_ROLES}")],
    actor: Annotated[str, ACTOR] = "operator",
) -> None:
    """Replace the roles of a member of staff."""
    from store.office.directory import current
    from store.office.people import set_roles

    roles = _known_roles(role)
    with open_store() as store, store.write() as connection:
        before = _entry(connection, username)
        set_roles(connection, username, roles)
        data = {"username": username, "before": [*before.roles], "roles": [*roles]}
        note(connection, actor, "staff_roles_set", data)
        behind = _left_behind(connection, before, actor)
        at = current(connection).units.get(before.unit)
    _say_idle(roles, at)
    typer.echo(f"{username} of {before.unit} now has: {', '.join(each for each in Role if each in roles)}")
    _say(behind, before)


@user_app.command("token")
def user_token(username: Annotated[str, typer.Argument(help="The person who will use it.")]) -> None:
    """Give a member of staff a new token; it is shown once, and earlier tokens are revoked."""
    from domain.doors import CredentialKind

    with open_store() as store, store.write() as connection:
        _active(connection, username)
        typer.echo(new_credential(connection, CredentialKind.STAFF, username))


@user_app.command("password")
def user_password(
    username: Annotated[str, typer.Argument(help="The person who will sign in with it.")],
    actor: Annotated[str, ACTOR] = "operator",
) -> None:
    """Give a member of staff a password for the pages; it is shown once, and must be changed at the first sign-in.

    Their sessions end, and a name that was locked after wrong attempts is unlocked.
    """
    from runtime.passwords import hash_password, new_password
    from store.signin.accounts import forget_failures, set_password
    from store.signin.sessions import end_sessions_of

    password = new_password()
    hashed = hash_password(password)
    with open_store() as store, store.write() as connection:
        _active(connection, username)
        set_password(connection, username, password_hash=hashed, must_change=True, by=actor, now=now())
        forget_failures(connection, username, secret=secret_key(connection))
        end_sessions_of(connection, username, now=now())
    typer.echo(password)


@user_app.command("second-factor")
def user_second_factor(
    username: Annotated[str, typer.Argument(help="The person who lost it.")],
    actor: Annotated[str, ACTOR] = "operator",
) -> None:
    """Remove a lost second factor, and end the person's sessions; a leader enrols a new one at the next sign-in."""
    from store.signin.accounts import remove_second_factor
    from store.signin.sessions import end_sessions_of

    with open_store() as store, store.write() as connection:
        _active(connection, username)
        removed = remove_second_factor(connection, username, by=actor, now=now())
        end_sessions_of(connection, username, now=now())
    typer.echo(f"{username} has no second factor {'any more' if removed else 'and had none'}")


@user_app.command("list")
def user_list() -> None:
    """List the staff: username, unit, present roles, name, and for an absence its end and the deputy."""
    from domain.calendar.instants import local
    from store.office.people import all_staff, staff_entries

    at = now()
    with open_store() as store, store.read() as connection:
        entries = {each.username: each for each in staff_entries(connection)}
        for each in all_staff(connection, now=at):
            entry = entries[each.username]
            line = [each.username, each.unit, ",".join(sorted(each.roles)), entry.name]
            if entry.away_until is not None and entry.away_until > at:
                until = local(entry.away_until).isoformat()
                line.append(f"away until {until}, deputy: {entry.deputy or 'nobody'}")
            typer.echo("\t".join(line))


@user_app.command("away")
def user_away(
    username: Annotated[str, typer.Argument(help="The person who is away.")],
    until: Annotated[
        datetime,
        typer.Option(
            parser=typed(read_instant), metavar="WHEN", help=f"When the absence ends by itself, {INSTANT}."
        ),
    ],
    deputy: Annotated[
        str | None, typer.Option(help="A colleague of the same unit who has their roles meanwhile (AB 岗).")
    ] = None,
    actor: Annotated[str, ACTOR] = "operator",
) -> None:
    """Record that a member of staff is away, with or without a deputy; vacant posts are skipped."""
    from domain.calendar.instants import local
    from store.office.people import leave_post

    with open_store() as store, store.write() as connection:
        before = _entry(connection, username)
        leave_post(connection, username, until=until, deputy=deputy, now=now())
        data = {"username": username, "until": until.isoformat(), "deputy": deputy}
        note(connection, actor, "staff_away", data)
        behind = _left_behind(connection, before, actor)
    typer.echo(f"{username} is away until {local(until).isoformat()}; deputy: {deputy or 'nobody'}")
    _say(behind, before)


@user_app.command("back")
def user_back(
    username: Annotated[str, typer.Argument(help="The person who is back.")],
    actor: Annotated[str, ACTOR] = "operator",
) -> None:
    """End an absence early."""
    from store.matter.said.claims import free_claims
    from store.office.people import return_to_post

    with open_store() as store, store.write() as connection:
        before = _entry(connection, username)
        return_to_post(connection, username, now=now())
        free_claims(connection, (before.deputy,), by=actor, now=now())
        note(connection, actor, "staff_back", {"username": username})
    typer.echo(f"{username} is back")


@user_app.command("move")
def user_move(
    username: Annotated[str, typer.Argument(help="The person who moves.")],
    unit: Annotated[str, typer.Argument(help="The unit's code.")],
    actor: Annotated[str, ACTOR] = "operator",
) -> None:
    """Move a member of staff to another unit; their roles stay, an absence ends."""
    from store.office.people import change_unit

    with open_store() as store, store.write() as connection:
        at = require_open_unit(connection, unit)
        before = _entry(connection, username)
        change_unit(connection, username, unit, now=now())
        note(connection, actor, "staff_moved", {"username": username, "unit": before.unit, "to": unit})
        behind = _left_behind(connection, before, actor)
    _say_idle(before.roles, at)
    typer.echo(f"{username} now belongs to {unit}")
    _say(behind, before)


@user_app.command("leave")
def user_leave(
    username: Annotated[str, typer.Argument(help="The person who leaves the office.")],
    actor: Annotated[str, ACTOR] = "operator",
) -> None:
    """End a person's service: their tokens are revoked, and their past work stays under their name."""
    from domain.doors import CredentialKind
    from store.office.people import dismiss
    from store.signin.credentials import revoke

    with open_store() as store, store.write() as connection:
        before = _entry(connection, username)
        dismiss(connection, username, now=now())
        count = revoke(connection, kind=CredentialKind.STAFF, subject=username, now=now())
        note(connection, actor, "staff_left", {"username": username, "unit": before.unit, "tokens": count})
        behind = _left_behind(connection, before, actor)
    typer.echo(f"{username} has left; {count} token(s) revoked")
    _say(behind, before)


@user_app.command("return")
def user_return(
    username: Annotated[str, typer.Argument(help="The person who had left.")],
    unit: Annotated[
        str | None, typer.Option(help="The code of their unit; the one that they left if not given.")
    ] = None,
    actor: Annotated[str, ACTOR] = "operator",
) -> None:
    """Take back a member of staff who had left, with their former roles and without a token."""
    from store.office.people import reinstate

    with open_store() as store, store.write() as connection:
        if unit is not None:
            require_open_unit(connection, unit)
        reinstate(connection, username, unit=unit)
        entry = _entry(connection, username)
        at = require_open_unit(connection, entry.unit, hint="; name another with --unit")
        data = {"username": username, "unit": at.code, "roles": [*entry.roles]}
        note(connection, actor, "staff_returned", data)
    _say_idle(entry.roles, at)
    roles = ", ".join(entry.roles)
    typer.echo(
        f"{username} is back in {at.code} as {roles}; make a token with: dingdan user token {username}"
    )


@duty_app.command("show")
def duty_show() -> None:
    """Show the roster; on days that are not listed the office answers first."""
    from domain.calendar.hours_file import WEEKDAYS
    from store.office.people import duty_roster

    with open_store() as store, store.read() as connection:
        for channel, weekday, username in duty_roster(connection):
            typer.echo(f"{channel}\t{WEEKDAYS[weekday]}\t{username}")


@duty_app.command("set")
def duty_set(
    channel: Annotated[str, typer.Argument(help="web, wechat, hotline, …")],
    username: Annotated[str | None, typer.Argument(help="A duty officer.")] = None,
    day: Annotated[
        list[str] | None, typer.Option(help="mon, tue, …; may be given several times; every day if left out.")
    ] = None,
    nobody: Annotated[bool, typer.Option("--nobody", help="The office answers first.")] = False,
    actor: Annotated[str, ACTOR] = "operator",
) -> None:
    """Put a duty officer on the roster of a channel, or nobody, so that the office answers first."""
    from domain.calendar.hours_file import WEEKDAYS
    from domain.order.words import Channel
    from store.office.people import change_duty

    if nobody == (username is not None):
        raise typer.BadParameter("name a duty officer, or say --nobody")
    days = day or list(WEEKDAYS)
    wrong = [each for each in days if each not in WEEKDAYS]
    if wrong or channel not in list(Channel):
        known = f"days: {', '.join(WEEKDAYS)}; channels: {', '.join(Channel)}"
        raise typer.BadParameter(f"there is no {wrong[0] if wrong else channel!r}; {known}")
    weekdays = [WEEKDAYS.index(each) for each in days]
    with open_store() as store, store.write() as connection:
        change_duty(connection, channel=channel, weekdays=weekdays, username=username, now=now())
        note(connection, actor, "duty_set", {"channel": channel, "days": days, "username": username})
    typer.echo(f"{channel} on {', '.join(days)}: {username or 'the office'}")


def _known_roles(codes: list[str]) -> tuple[Role, ...]:
    wrong = [each for each in codes if each not in list(Role)]
    if wrong:
        raise typer.BadParameter(f"there is no role {wrong[0]!r}; known: {', '.join(Role)}")
    return tuple(role for role in Role if role in codes)


def _active(connection: "Connection", username: str) -> None:
    from store.office.people import find_staff

    if find_staff(connection, username, now=now()) is None:
        raise typer.BadParameter(f"there is no active member of staff {username!r}; see: dingdan user list")


def _entry(connection: "Connection", username: str) -> "StaffEntry":
    """Find an active member of staff as they are now, before anything is changed."""
    from store.office.people import UnknownStaff, staff_entry

    known = staff_entry(connection, username)
    if known is None or not known.active:
        raise UnknownStaff(f"there is no active member of staff {username!r}; see: dingdan user list")
    return known


def _left_behind(connection: "Connection", before: "StaffEntry", actor: str) -> "LeftBehind":
    """Free the tasks that a person or the deputy can no longer hold, and find what the person leaves behind."""
    from store.matter.leaving import left_behind
    from store.matter.said.claims import free_claims

    free_claims(connection, (before.username, before.deputy), by=actor, now=now())
    return left_behind(connection, before.username, unit=before.unit, roles=before.roles, now=now())


def _say(behind: "LeftBehind", before: "StaffEntry") -> None:
    """Print what a member of staff leaves behind for others."""
    from domain.calendar.hours_file import WEEKDAYS

    for role, count in behind.posts.items():
        typer.echo(f"{before.unit} has no {role} in post now; open tasks: {count}")
    for absent in behind.uncovered:
        typer.echo(f"{absent} is away and has no deputy now; see: dingdan user away {absent} --deputy …")
    for channel in dict.fromkeys(channel for channel, _ in behind.on_duty):
        days = ", ".join(WEEKDAYS[weekday] for each, weekday in behind.on_duty if each == channel)
        roster = f"the roster still names {before.username}; see: dingdan duty set {channel}"
        typer.echo(f"{channel} on {days}: {roster}")
    for team in behind.teams:
        typer.echo(
            f"the team {team} still names {before.username}; name another person in teams.csv: dingdan routing export"
        )


def _say_idle(roles: tuple[Role, ...], at: "Unit | None") -> None:
    """Warn of roles that have no work in a unit."""
    from domain.office.responsibility import has_work

    for role in roles:
        if at is not None and not has_work(role, at):
            typer.echo(f"the role {role} has nothing to decide in {at.code}, of the tier {at.tier}", err=True)
