"""A year is announced: it is loaded, and every order whose dates rested on a guess is told to reckon again.

Assumes one transaction for both, so that no order is forgotten between them: the action waits in the
outbox like any other and `Reconcile` sends it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from domain.actions import ActionName
from domain.lifecycle import SYSTEM
from domain.orders import Via
from domain.workdays import NamedDay
from store.calendar import provisional_orders, put_year
from store.decisions import Actor, submit_action


@dataclass(frozen=True, kw_only=True, slots=True)
class Loaded:
    """The version that is in force now, and how many orders reckon again."""

    version: int
    orders: int


def load_year(
    connection: Connection, year: int, days: Sequence[NamedDay], *, source: str, now: datetime
) -> Loaded | None:
    """Load a year; `None` if it is in force with these very days already."""
    loaded = put_year(connection, year, days, source=source, now=now)
    if loaded is None:
        return None
    waiting = provisional_orders(connection)
    for order_no in waiting:
        submit_action(
            connection,
            order_no=order_no,
            action_id=f"calendar-{year}-{loaded.version}-{order_no}",
            action=ActionName.RECALCULATE,
            fields={},
            actor=Actor(name=SYSTEM, via=Via.SYSTEM),
            now=now,
        )
    return Loaded(version=loaded.version, orders=len(waiting))
