"""Holds of the whole office (全所暂停计时): no clock runs while one is in force, and every open order is told.

A hold may be ordered ahead. Two holds never overlap, and no two begin at the same instant, since orders know a hold by
its beginning. Assumes that the hold and its telling are ordered in one short transaction, which no intake overtakes: an
order that is placed in that very moment either sees the hold or is told.
"""

from datetime import datetime, timedelta

from sqlalchemy import Connection, insert, select, update

from domain.calendar.instants import local
from domain.doors import Via
from domain.errors import DomainError
from domain.office.entries import MAX_REASON
from domain.order.actions import ActionName
from domain.text import line
from store.auditing import audited
from store.matter.holding import Hold, holds_from
from store.office.office_lock import lock_the_office
from store.office.tables import office_hold
from store.order.joined.telling import Audience, order_telling


class HeldAlready(DomainError):
    """Another hold is ordered for that time."""

    code = "held_already"


class NotHeld(DomainError):
    """No such hold is in force, or ordered ahead."""

    code = "not_held"


class WrongHold(DomainError):
    """A hold begins in the past, does not end after its beginning, or has no reason."""

    code = "wrong_hold"


def order_hold(
    connection: Connection,
    *,
    reason: str,
    until: datetime,
    ordered_by: str,
    now: datetime,
    since: datetime | None = None,
) -> int:
    """Stop the office's clocks until an instant, from now or from a later one, and return the number of the telling.

    Raises:
        HeldAlready: another hold is ordered for a part of that time.
        WrongHold: it begins in the past, does not end after its beginning and after now, or has no fitting reason.
    """
    lock_the_office(connection)
    begins = since or now
    if begins < now:
        raise WrongHold("a hold cannot begin in the past; leave --from out to begin it now")
    if until <= begins:
        raise WrongHold(
            "a hold must end after it begins, in the future; give --until with an offset, like 2026-11-23T17:00+08:00"
        )
    why = line(reason)
    if not 0 < len(why) <= MAX_REASON:
        raise WrongHold(
            f"a hold needs a reason, for the residents and for the audit: 1 to {MAX_REASON} characters"
        )
    for other in holds_from(connection, at=begins):
        if other.since < until:
            raise HeldAlready(
                f"hold {other.id} is ordered from {_read(other.since)} until {_read(other.until)}: {other.reason}; "
                f"lift it (dingdan hold --lift --number {other.id}), or choose another time"
            )
    begins = _unlike_others(connection, begins)
    values = {"since": begins, "until": until, "reason": why, "ordered_by": ordered_by}
    number = connection.scalar(insert(office_hold).values(**values).returning(office_hold.c.id))
    fields = {"since": begins.isoformat(), "until": until.isoformat()}
    data = {"hold": number, **fields}
    audited(connection, ordered_by, Via.STAFF, "hold_ordered", None, data, now)
    return _tell_all(connection, ActionName.HOLD, f"hold-{number}", fields, now)


def lift_hold(connection: Connection, *, lifted_by: str, now: datetime, number: int | None = None) -> int:
    """Let the clocks run again before the hold's own end, or call off one that has not begun.

    Without a `number`, the hold in force is meant. Return the number of the telling.

    Raises:
        NotHeld: there is no such hold.
    """
    lock_the_office(connection)
    known = holds_from(connection, at=now)
    wanted = [each for each in known if (each.since <= now if number is None else each.id == number)]
    if not wanted:
        raise NotHeld(_why_not_held(known, number))
    (hold,) = wanted
    connection.execute(
        update(office_hold).where(office_hold.c.id == hold.id).values(lifted_at=now, lifted_by=lifted_by)
    )
    audited(connection, lifted_by, Via.STAFF, "hold_lifted", None, {"hold": hold.id}, now)
    fields = {"at": now.isoformat(), "since": hold.since.isoformat()}
    return _tell_all(connection, ActionName.RELEASE, f"release-{hold.id}", fields, now)


def _why_not_held(known: list[Hold], number: int | None) -> str:
    if number is not None:
        return f"there is no hold {number} that is in force or ordered ahead; see: dingdan hold"
    if not known:
        return "no hold is in force"
    return f"no hold is in force; one ordered ahead is called off with: dingdan hold --lift --number {known[0].id}"


def _unlike_others(connection: Connection, begins: datetime) -> datetime:
    """Move the beginning by milliseconds until no other hold, lifted or not, begins then: orders know holds by that."""
    while (
        connection.scalar(select(office_hold.c.id).where(office_hold.c.since == begins).limit(1)) is not None
    ):
        begins += timedelta(milliseconds=1)
    return begins


def _tell_all(
    connection: Connection, action: ActionName, key: str, fields: dict[str, str], now: datetime
) -> int:
    return order_telling(connection, action, key=key, fields=fields, audience=Audience.OPEN, now=now)


def _read(instant: datetime) -> str:
    return local(instant).isoformat(timespec="minutes")
