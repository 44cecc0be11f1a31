"""Loading a year that was announced or changed, and telling every order whose dates rest on it to compute them again.

Assumes one short transaction for both, which no intake and no `record` overtakes: the dates that they compute meanwhile
rest on the new year, or their orders are told.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from domain.calendar.workdays import NamedDay
from domain.order.actions import ActionName
from store.calendar.years import find_year, put_year
from store.office.office_lock import lock_the_office
from store.order.joined.telling import Audience, audience_size, order_telling
from store.order.resting import begins, changed_days


@dataclass(frozen=True, kw_only=True, slots=True)
class Loaded:
    """The version in force now, whether it is new, how many matters are told to compute again, and by which telling."""

    version: int
    is_new: bool
    orders: int
    telling: int | None = None


def load_year(
    connection: Connection, year: int, days: Sequence[NamedDay], *, source: str, now: datetime
) -> Loaded:
    """Load a year, and order a telling to every order whose dates rest on it.

    A year that is loaded again with the same days stays as it is; orders with provisional dates that were not told yet
    are told.
    """
    lock_the_office(connection)
    is_new = True
    changed = changed_days(connection, year, days)
    loaded = put_year(connection, year, days, source=source, now=now)
    if loaded is None:
        is_new, loaded = False, find_year(connection, year)
    version = loaded.version if loaded else 0
    fields, audience = {}, Audience.PROVISIONAL
    if changed:
        # A date that has passed has had its consequence.
        fields["changed_from"] = max(now, begins(min(changed))).isoformat()
        audience = Audience.DATED
    waiting = audience_size(connection, audience, fields)
    if not waiting:
        return Loaded(version=version, is_new=is_new, orders=0)
    telling = order_telling(
        connection,
        ActionName.RECALCULATE,
        key=f"calendar-{year}-{version}",
        fields=fields,
        audience=audience,
        now=now,
    )
    return Loaded(version=version, is_new=is_new, orders=waiting, telling=telling)
