"""Who asked, in the clear: read for a reason, and never without a row of the audit."""

from datetime import datetime

from sqlalchemy import Connection

from domain.doors import Via
from domain.order.contacts import RevealReason
from store.auditing import audited
from store.order.requesters import find_requester


def reveal_contact(
    connection: Connection, order_no: str, *, actor: str, reason: RevealReason, now: datetime
) -> dict[str, str]:
    """Give what is known of who asked, and write down that somebody looked, and why."""
    audited(connection, actor, Via.STAFF, "contact_revealed", order_no, {"reason": reason}, now)
    return find_requester(connection, order_no)
