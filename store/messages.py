"""Messages to people that still have to go out, in the order in which they were written."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, and_, select, update

from messages.names import REQUESTER
from store.tables import decision, message, orders, requester


@dataclass(frozen=True, kw_only=True, slots=True)
class Outgoing:
    """A message with all that its words need; `contact` is empty for a unit."""

    id: int
    key: str
    order_no: str
    recipient: str
    template: str
    data: Mapping[str, Any]
    text: str | None
    promised_at: datetime | None
    promise_is_provisional: bool
    due_at: datetime | None
    contact: Mapping[str, str]


def outgoing(connection: Connection, order_no: str) -> list[Outgoing]:
    """List an order's messages that wait; what its resident is told, those of orders joined to it are told too."""
    rows = connection.execute(
        select(
            message, orders.c.promised_at, orders.c.promise_is_provisional, orders.c.due_at, decision.c.texts
        )
        .join(orders, orders.c.order_no == message.c.order_no)
        .outerjoin(
            decision,
            and_(decision.c.decision_id == message.c.text_of, decision.c.order_no == message.c.order_no),
        )
        .where(message.c.order_no == order_no, message.c.state == "pending")
        .order_by(message.c.id)
    ).all()
    followers = connection.execute(
        select(orders.c.order_no, orders.c.merged_at).where(orders.c.merged_into == order_no)
    ).all()
    return [
        Outgoing(
            id=row.id,
            key=f"{to}:{row.run_id}:{row.event_seq}:{row.recipient}:{row.template}",
            order_no=to,
            recipient=row.recipient,
            template=row.template,
            data=dict(row.data),
            text=next((text for text in (row.texts or {}).values() if text), None),
            promised_at=row.promised_at,
            promise_is_provisional=row.promise_is_provisional,
            due_at=row.due_at,
            contact=_contact(connection, to) if row.recipient == REQUESTER else {},
        )
        for row in rows
        for to in _told(row, order_no, followers)
    ]


def _told(row: Row[Any], order_no: str, followers: Sequence[Any]) -> list[str]:
    """Name the orders whose residents a message is for: who joined before it was written is told as well."""
    if row.recipient != REQUESTER:
        return [order_no]
    return [order_no, *(each.order_no for each in followers if each.merged_at < row.created_at)]


def _contact(connection: Connection, order_no: str) -> dict[str, str]:
    person = connection.execute(
        select(requester).where(requester.c.order_no == order_no, requester.c.withdrawn_at.is_(None))
    ).one_or_none()
    ways = ("name", "phone", "email", "wechat_openid")
    return {way: str(person._mapping[way]) for way in ways if person and person._mapping[way]}


def mark(connection: Connection, message_id: int, state: str, *, now: datetime) -> None:
    """Mark a message `sent` or `failed`."""
    connection.execute(
        update(message)
        .where(message.c.id == message_id, message.c.state == "pending")
        .values(state=state, sent_at=now)
    )
