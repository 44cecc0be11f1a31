"""Tell all orders what the office has decided, and show the progress."""

import time
from typing import TYPE_CHECKING

import typer

from commands.opening import now

if TYPE_CHECKING:
    from store.database import Store

_SAY_EVERY = 20
"""Batches between two lines of progress."""


def tell_all(store: "Store", telling: int) -> int:
    """Run a telling batch by batch, and return the number of matters that were told.

    Its decision is in force already.
    """
    from store.order.joined.telling import PAUSE, progress_of, tell_next

    batches = 0
    while True:
        with store.look() as connection:
            progress = progress_of(connection, telling)
        if progress.is_done:
            return progress.told
        if batches and batches % _SAY_EVERY == 0:
            typer.echo(
                f"in force; {progress.told} order(s) are told so far; Reconcile tells the others if this is stopped",
                err=True,
            )
        tell_next(store, now=now())
        batches += 1
        time.sleep(PAUSE.total_seconds())
