"""The requester of an order, as far as known: personal data, read only to write to them or to call them."""

from collections.abc import Callable, Collection, Iterator
from datetime import datetime
from typing import Final

from sqlalchemy import Connection, delete, insert, select

from domain.doors import Via
from domain.order.lines.contacts import RevealReason
from store.auditing import audited
from store.order.tables import requester, requester_phone

_BATCH: Final = 1_000
CONTACT: Final = ("name", "phone", "email", "wechat_openid")
"""The parts of a contact; all are personal data."""


def find_requester(connection: Connection, order_no: str) -> dict[str, str]:
    """Find the requester, as far as known, by the parts of a contact: personal data."""
    row = connection.execute(select(requester).where(requester.c.order_no == order_no)).one_or_none()
    return {part: row._mapping[part] for part in CONTACT if row._mapping[part]} if row else {}


def reveal_contact(
    connection: Connection, order_no: str, *, actor: str, reason: RevealReason, now: datetime
) -> dict[str, str]:
    """Return what is known of the requester, and write down for auditors who looked, and why."""
    audited(connection, actor, Via.STAFF, "contact_revealed", order_no, {"reason": reason}, now)
    return find_requester(connection, order_no)


def find_callers_by(connection: Connection, phone_keys: Callable[[str], Collection[str]]) -> int:
    """Replace the hashes by which requesters are found by their numbers, and return how many can be found.

    `phone_keys` hashes the numbers in a text that people wrote.
    """
    connection.execute(delete(requester_phone))
    callers = 0
    for rows in _with_phone(connection):
        found = {order_no: keys for order_no, phone in rows if (keys := phone_keys(phone))}
        if numbers := [{"order_no": of, "phone_key": key} for of, keys in found.items() for key in keys]:
            connection.execute(insert(requester_phone), numbers)
        callers += len(found)
    return callers


def _with_phone(connection: Connection) -> Iterator[list[tuple[str, str]]]:
    """Yield the orders and numbers of requesters who have one, in batches: those of many years must not fill memory."""
    last = ""
    while rows := connection.execute(
        select(requester.c.order_no, requester.c.phone)
        .where(requester.c.phone.is_not(None), requester.c.order_no > last)
        .order_by(requester.c.order_no)
        .limit(_BATCH)
    ).all():
        last = rows[-1].order_no
        yield [(row.order_no, row.phone) for row in rows]
