"""Which holds of the office stand, and the notices of them that matters get."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, func, select

from messages.matter.tasks import OfficeHold
from store.instants import NOW
from store.office.tables import office_hold


@dataclass(frozen=True, kw_only=True, slots=True)
class Hold:
    """A hold as it stands: `until` is its end, or the instant at which it was lifted."""

    id: int
    since: datetime
    until: datetime
    reason: str
    ordered_by: str


_ENDS = func.coalesce(office_hold.c.lifted_at, office_hold.c.until, type_=office_hold.c.until.type)
STILL_OPEN = select(office_hold, _ENDS.label("ends")).where(NOW < _ENDS, office_hold.c.since < _ENDS)
"""The hold in force at an instant, if there is one, and those ordered ahead."""
_IN_SEQUENCE = STILL_OPEN.order_by(office_hold.c.since)


def holds_from(connection: Connection, *, at: datetime) -> list[Hold]:
    """List the hold in force at an instant, if there is one, and those ordered ahead, in sequence."""
    return [hold_of(row) for row in connection.execute(_IN_SEQUENCE, {"now": at})]


def holds_over(connection: Connection, *, since: datetime, at: datetime) -> list[Hold]:
    """List the holds that ended between `since` and `at`, in sequence, without those called off before they began."""
    over = select(office_hold, _ENDS.label("ends")).where(
        office_hold.c.since < _ENDS, since < _ENDS, at >= _ENDS
    )
    return [hold_of(row) for row in connection.execute(over.order_by(office_hold.c.since))]


def hold_in_force(connection: Connection, *, at: datetime) -> Hold | None:
    """Find the hold that stops the clocks at an instant; half-open, as all intervals are."""
    return next((each for each in holds_from(connection, at=at) if each.since <= at), None)


def as_notice(hold: Hold) -> OfficeHold:
    """Make the notice of a hold for a matter: from when to when."""
    return OfficeHold(since=hold.since, until=hold.until)


def is_held(holds: Iterable[OfficeHold], *, at: datetime) -> bool:
    """Tell whether one of these is in force at an instant."""
    return any(each.since <= at < each.until for each in holds)


def hold_of(row: Row[Any]) -> Hold:
    """Return the hold that a row of `STILL_OPEN` shows."""
    return Hold(id=row.id, since=row.since, until=row.ends, reason=row.reason, ordered_by=row.ordered_by)
