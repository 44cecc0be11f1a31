"""`dingdan user` and `dingdan duty`: staff, their roles and absences, and who answers first."""

from datetime import datetime
from typing import Annotated

import typer

from commands.opening import MINUTES, new_credential, now, open_store, require_open_unit

duty_app = typer.Typer(no_args_is_help=True, help="Who answers first, by channel and weekday.")
user_app = typer.Typer(no_args_is_help=True, help="Staff, their roles and tokens.")


@user_app.command("add")
def user_add(
    username: Annotated[str, typer.Argument(help="The name to sign in with.")],
    name: Annotated[str, typer.Option(help="The person's name.")],
    unit: Annotated[str, typer.Option(help="The code of their unit.")],
    role: Annotated[list[str], typer.Option(help="A role code; may be given several times.")],
) -> None:
    """Add a member of staff."""
    from domain.orders import Role
    from store.office import StaffRow, put_staff

    wrong = [each for each in role if each not in list(Role)]
    if wrong:
        raise typer.BadParameter(f"there is no role {wrong[0]!r}; known: {', '.join(Role)}")
    with open_store() as store, store.write() as connection:
        require_open_unit(connection, unit)
        put_staff(
            connection,
            [StaffRow(username=username, name=name, unit=unit, roles=tuple(Role(each) for each in role))],
        )
    typer.echo(f"{username} is there; give a token with: dingdan user token {username}")


@user_app.command("token")
def user_token(username: Annotated[str, typer.Argument(help="Who shall use it.")]) -> None:
    """Give a member of staff a new token; it is shown once, and the earlier ones end."""
    from store.credentials import CredentialKind
    from store.office import find_staff

    with open_store() as store, store.write() as connection:
        if find_staff(connection, username, now=now()) is None:
            raise typer.BadParameter(
                f"there is no active member of staff {username!r}; see: dingdan user list"
            )
        typer.echo(new_credential(connection, CredentialKind.STAFF, username))


@user_app.command("list")
def user_list() -> None:
    """List the staff."""
    from store.office import all_staff

    with open_store() as store, store.read() as connection:
        for each in all_staff(connection, now=now()):
            typer.echo(f"{each.username}\t{each.unit}\t{','.join(sorted(each.roles))}")


@user_app.command("away")
def user_away(
    username: Annotated[str, typer.Argument(help="Who is away.")],
    until: Annotated[
        datetime, typer.Option(formats=MINUTES, help="When they are back by themselves, with an offset.")
    ],
    deputy: Annotated[
        str | None, typer.Option(help="Who of the same unit has their roles meanwhile (AB 岗).")
    ] = None,
) -> None:
    """Let somebody be away, with a deputy or none; a post in which nobody is, is passed over."""
    from store.office import leave_post

    if until.tzinfo is None:
        raise typer.BadParameter("--until needs an offset, like 2026-11-23T17:00+08:00")
    with open_store() as store, store.write() as connection:
        leave_post(connection, username, until=until, deputy=deputy, now=now())
    typer.echo(f"{username} is away until {until.isoformat()}; deputy: {deputy or 'nobody'}")


@user_app.command("back")
def user_back(username: Annotated[str, typer.Argument(help="Who is back.")]) -> None:
    """End an absence before its time."""
    from store.office import return_to_post

    with open_store() as store, store.write() as connection:
        return_to_post(connection, username, now=now())
    typer.echo(f"{username} is back")


@user_app.command("move")
def user_move(
    username: Annotated[str, typer.Argument(help="Who goes to another unit.")],
    unit: Annotated[str, typer.Argument(help="The unit's code.")],
) -> None:
    """Give somebody another unit; the roles stay."""
    from store.office import change_unit

    with open_store() as store, store.write() as connection:
        require_open_unit(connection, unit)
        change_unit(connection, username, unit, now=now())
    typer.echo(f"{username} is with {unit}")


@user_app.command("leave")
def user_leave(username: Annotated[str, typer.Argument(help="Who leaves the office.")]) -> None:
    """End somebody's service: their tokens end, and what they did stays under their name."""
    from store.credentials import CredentialKind, revoke
    from store.office import dismiss

    with open_store() as store, store.write() as connection:
        dismiss(connection, username, now=now())
        count = revoke(connection, kind=CredentialKind.STAFF, subject=username, now=now())
    typer.echo(f"{username} has left; {count} token(s) ended")


@duty_app.command("show")
def duty_show() -> None:
    """Show the roster; on the days that are not listed the office answers first."""
    from domain.hours_file import WEEKDAYS
    from store.office import duty_roster

    with open_store() as store, store.read() as connection:
        for channel, weekday, username in duty_roster(connection):
            typer.echo(f"{channel}\t{WEEKDAYS[weekday]}\t{username}")


@duty_app.command("set")
def duty_set(
    channel: Annotated[str, typer.Argument(help="web, wechat, hotline, …")],
    username: Annotated[str | None, typer.Argument(help="A duty officer; nobody if left out.")] = None,
    day: Annotated[
        list[str] | None, typer.Option(help="mon, tue, …; several times for several; every day if left out.")
    ] = None,
) -> None:
    """Put somebody on duty for a channel."""
    from domain.hours_file import WEEKDAYS
    from domain.orders import Channel
    from store.office import change_duty

    days = day or list(WEEKDAYS)
    wrong = [each for each in days if each not in WEEKDAYS]
    if wrong or channel not in list(Channel):
        known = f"days: {', '.join(WEEKDAYS)}; channels: {', '.join(Channel)}"
        raise typer.BadParameter(f"there is no {wrong[0] if wrong else channel!r}; {known}")
    weekdays = [WEEKDAYS.index(each) for each in days]
    with open_store() as store, store.write() as connection:
        change_duty(connection, channel=channel, weekdays=weekdays, username=username, now=now())
    typer.echo(f"{channel} on {', '.join(days)}: {username or 'the office'}")
