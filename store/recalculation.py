"""A year is announced: it is loaded, and every order whose dates rested on a guess is told to reckon again.

Assumes one transaction for both, so that no order is forgotten between them: the action waits in the
outbox like any other and `Reconcile` sends it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from domain.actions import ActionName
from domain.workdays import NamedDay
from store.calendar import provisional_orders, put_year
from store.telling import tell


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
    told = tell(
        connection,
        provisional_orders(connection),
        ActionName.RECALCULATE,
        key=f"calendar-{year}-{loaded.version}",
        fields={},
        now=now,
    )
    return Loaded(version=loaded.version, orders=told)
