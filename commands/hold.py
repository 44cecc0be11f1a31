"""`dingdan hold`: stopping the clocks of the whole office, now or ahead."""

from datetime import datetime
from typing import Annotated

import typer

from commands.opening import ACTOR, INSTANT, now, open_store, typed
from commands.telling import tell_all
from domain.office.entries import read_instant


def hold(
    reason: Annotated[
        str, typer.Option(help="Why, like a storm or an outage; for residents and for the audit.")
    ] = "",
    since: Annotated[
        datetime | None,
        typer.Option(
            "--from", parser=typed(read_instant), metavar="WHEN", help="When it begins; now if left out."
        ),
    ] = None,
    until: Annotated[
        datetime | None,
        typer.Option(parser=typed(read_instant), metavar="WHEN", help=f"When it ends by itself, {INSTANT}."),
    ] = None,
    lift: Annotated[
        bool, typer.Option("--lift", help="Let the clocks run again now, or call off a hold ordered ahead.")
    ] = False,
    number: Annotated[
        int | None, typer.Option(help="The hold to lift; the one in force if left out.")
    ] = None,
    actor: Annotated[str, ACTOR] = "operator",
) -> None:
    """Stop all clocks of the office until an instant, from now on or from a later instant, or lift such a hold.

    Without options, show the holds that are in force or ordered ahead.
    """
    from domain.calendar.instants import local
    from store.matter.holding import holds_from
    from store.telling.holds import lift_hold, order_hold

    if lift and not (since is until is None):
        raise typer.BadParameter("give either --until to begin a hold, or --lift to end one")
    if number is not None and not lift:
        raise typer.BadParameter("--number goes with --lift")
    if until is None and (since is not None or reason) and not lift:
        raise typer.BadParameter("--until is missing: when the hold ends by itself")
    with open_store() as store:
        if lift:
            with store.write() as connection:
                telling = lift_hold(connection, lifted_by=actor, now=now(), number=number)
            typer.echo(f"{_lifted(number)}; {tell_all(store, telling)} open order(s) are told")
        elif until is not None:
            with store.write() as connection:
                telling = order_hold(
                    connection, reason=reason, since=since, until=until, ordered_by=actor, now=now()
                )
            begins = f"from {local(since).isoformat()} " if since else ""
            told = tell_all(store, telling)
            typer.echo(
                f"clocks are held {begins}until {local(until).isoformat()}; {told} open order(s) are told"
            )
        else:
            with store.read() as connection:
                known = holds_from(connection, at=now())
            for each in known:
                span = f"since {local(each.since).isoformat()} until {local(each.until).isoformat()}"
                stands = "held" if each.since <= now() else "ordered ahead:"
                typer.echo(f"{each.id}\t{stands} {span}: {each.reason}")
            if not known:
                typer.echo(
                    "no hold is in force or ordered ahead; begin one with: "
                    "dingdan hold --reason TEXT --until 2026-11-23T17:00+08:00"
                )


def _lifted(number: int | None) -> str:
    return "clocks run again" if number is None else f"hold {number} is lifted"
