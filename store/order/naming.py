"""An order's subject, as a member of staff who decides on the order words it."""

from datetime import datetime

from sqlalchemy import Connection, update

from domain.doors import Via
from store.auditing import audited
from store.order.tables import orders


def name_order(connection: Connection, order_no: str, subject: str, *, actor: str, now: datetime) -> None:
    """Change an order's subject; the audit keeps who did so, and no word of the subject."""
    audited(connection, actor, Via.STAFF, "order_named", order_no, {}, now)
    connection.execute(update(orders).where(orders.c.order_no == order_no).values(subject=subject))
