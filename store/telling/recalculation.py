"""A year is announced or changed: it is loaded, and every order whose dates rest on it is told to reckon again.

Assumes one short transaction for both, which no intake and no `record` passes: what they reckon meanwhile rests on the
year, or is told.
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
    """The version that is in force now, whether it is new, how many orders reckon again, and by which telling."""

    version: int
    is_new: bool
    orders: int
    telling: int | None = None


def load_year(
    connection: Connection, year: int, days: Sequence[NamedDay], *, source: str, now: datetime
) -> Loaded:
    """Load a year; loaded once more with the same days it stays as it is, and whoever was not told yet is told."""
    lock_the_office(connection)
    is_new = True
    changed = changed_days(connection, year, days)
    loaded = put_year(connection, year, days, source=source, now=now)
    if loaded is None:
        is_new, loaded = False, find_year(connection, year)
    version = loaded.version if loaded else 0
    fields, audience = {}, Audience.PROVISIONAL
    if changed:
        # What has passed has had its consequence.
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
