"""Who asked, in the clear: read for a reason, and never without a row of the audit."""

from datetime import datetime
from typing import Final

from sqlalchemy import Connection, RowMapping

from domain.doors import Via
from domain.order.contacts import RevealReason
from store.auditing import audited
from store.order.finding import find_requester

CONTACT: Final = ("name", "phone", "email", "wechat_openid")
"""The parts of a contact; all are personal data."""


def reveal_contact(
    connection: Connection, order_no: str, *, actor: str, reason: RevealReason, now: datetime
) -> dict[str, str]:
    """Give what is known of who asked, and write down that somebody looked, and why."""
    audited(connection, actor, Via.STAFF, "contact_revealed", order_no, {"reason": reason}, now)
    row = find_requester(connection, order_no)
    return contact_of(row._mapping) if row else {}


def contact_of(row: RowMapping) -> dict[str, str]:
    """Take the contact out of a requester's row."""
    return {part: row[part] for part in CONTACT if row[part]}
