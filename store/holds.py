"""Holds of the whole office (全所暂停计时): no clock runs while one is in force, and every open order is told.

Assumes one at a time. The hold and the actions that tell the orders are one transaction: the actions wait in the
outbox like any other; an order that was placed in that very moment hears of it from `record`.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, insert, select, update

from domain.actions import ActionName
from domain.errors import DomainError
from domain.orders import Stage, Via
from messages.orders import OfficeHold
from store.auditing import audited
from store.tables import office_hold, orders
from store.telling import tell


class HeldAlready(DomainError):
    """A hold is in force."""

    code = "held_already"


class NotHeld(DomainError):
    """No hold is in force."""

    code = "not_held"


class WrongHold(DomainError):
    """The end of a hold lies in the past, or it has no reason."""

    code = "wrong_hold"


@dataclass(frozen=True, kw_only=True, slots=True)
class Hold:
    """A hold as it was ordered."""

    id: int
    since: datetime
    until: datetime
    reason: str
    ordered_by: str


def hold_in_force(connection: Connection, *, at: datetime) -> Hold | None:
    """Find the hold that stops the clocks at an instant; half-open, as all intervals are."""
    row = connection.execute(
        select(office_hold)
        .where(
            office_hold.c.since <= at,
            office_hold.c.until > at,
            office_hold.c.lifted_at.is_(None) | (office_hold.c.lifted_at > at),
        )
        .order_by(office_hold.c.id.desc())
        .limit(1)
    ).one_or_none()
    return _seen(row) if row else None


def as_notice(hold: Hold | None) -> OfficeHold | None:
    """Say of a hold what an order has to know: from when to when."""
    return OfficeHold(since=hold.since, until=hold.until) if hold else None


def order_hold(
    connection: Connection, *, reason: str, until: datetime, ordered_by: str, now: datetime
) -> int:
    """Stop the office's clocks until an instant; gives how many open orders are told.

    Raises:
        HeldAlready: one is in force; lift it first.
        WrongHold: its end is not in the future, or there is no reason.
    """
    if (present := hold_in_force(connection, at=now)) is not None:
        raise HeldAlready(f"a hold is in force until {present.until:%Y-%m-%dT%H:%M:%SZ}: {present.reason}")
    if until <= now:
        raise WrongHold("a hold ends in the future; give --until with an offset, like 2026-11-23T17:00+08:00")
    if not reason.strip():
        raise WrongHold("a hold needs its reason, for the residents and for the audit")
    values = {"since": now, "until": until, "reason": reason.strip(), "ordered_by": ordered_by}
    number = connection.scalar(insert(office_hold).values(**values).returning(office_hold.c.id))
    fields = {"since": now.isoformat(), "until": until.isoformat()}
    data = {"hold": number, **fields}
    audited(connection, ordered_by, Via.STAFF, "hold_ordered", None, data, now)
    return _tell_all(connection, ActionName.HOLD, f"hold-{number}", fields, now)


def lift_hold(connection: Connection, *, lifted_by: str, now: datetime) -> int:
    """Let the clocks run again before the hold's own end; gives how many open orders are told.

    Raises:
        NotHeld: none is in force.
    """
    present = hold_in_force(connection, at=now)
    if present is None:
        raise NotHeld("no hold is in force")
    connection.execute(
        update(office_hold).where(office_hold.c.id == present.id).values(lifted_at=now, lifted_by=lifted_by)
    )
    audited(connection, lifted_by, Via.STAFF, "hold_lifted", None, {"hold": present.id}, now)
    return _tell_all(connection, ActionName.RELEASE, f"release-{present.id}", {"at": now.isoformat()}, now)


def _tell_all(
    connection: Connection, action: ActionName, key: str, fields: dict[str, str], now: datetime
) -> int:
    running = list(
        connection.scalars(
            select(orders.c.order_no).where(orders.c.stage != Stage.ARCHIVED).order_by(orders.c.order_no)
        )
    )
    return tell(connection, running, action, key=key, fields=fields, now=now)


def _seen(row: Row[Any]) -> Hold:
    return Hold(id=row.id, since=row.since, until=row.until, reason=row.reason, ordered_by=row.ordered_by)
