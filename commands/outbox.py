"""`dingdan outbox`: rows that can never be sent to Temporal as they are."""

from typing import Annotated

import typer

from commands.opening import ACTOR, now, open_store, typed
from domain.office.entries import read_reason

outbox_app = typer.Typer(no_args_is_help=True, help="Starts and signals that were set aside.")


@outbox_app.command("list")
def outbox_list() -> None:
    """List the rows that were set aside: number, order, kind, since when, and why."""
    from domain.calendar.instants import local
    from store.mending.putting_back import set_aside

    with open_store() as store, store.read() as connection:
        for each in set_aside(connection):
            since = local(each.since).isoformat(timespec="seconds")
            typer.echo(f"{each.id}\t{each.matter_no}\t{each.kind}\t{since}\t{each.reason}")


@outbox_app.command("retry")
def outbox_retry(
    number: Annotated[list[int], typer.Argument(help="The numbers of the rows in the list.")],
    actor: Annotated[str, ACTOR] = "operator",
) -> None:
    """Put back rows that were set aside; the next round of Reconcile tries them again."""
    from store.mending.putting_back import put_back

    with open_store() as store, store.write() as connection:
        put_back(connection, number, by=actor, now=now())
    typer.echo(f"{len(number)} put back")


@outbox_app.command("give-up")
def outbox_give_up(
    number: Annotated[int, typer.Argument(help="The number of the row in the list.")],
    reason: Annotated[
        str,
        typer.Option(
            parser=typed(read_reason), metavar="TEXT", help="Why; the person who made the decision reads it."
        ),
    ],
    actor: Annotated[str, ACTOR] = "operator",
) -> None:
    """Give up a signal for good: its decision is rejected with the reason, and can be made again."""
    from store.mending.putting_back import give_up

    with open_store() as store, store.write() as connection:
        give_up(connection, number, reason=reason, by=actor, now=now())
    typer.echo(f"{number} is given up")
