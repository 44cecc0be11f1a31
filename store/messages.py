"""Messages to people that still have to go out, in the order in which they were written."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, and_, select, update

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
    """List an order's messages that wait."""
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
    person = connection.execute(select(requester).where(requester.c.order_no == order_no)).one_or_none()
    ways = ("name", "phone", "email", "wechat_openid")
    contact = {way: str(person._mapping[way]) for way in ways if person and person._mapping[way]}
    return [
        Outgoing(
            id=row.id,
            key=f"{row.order_no}:{row.run_id}:{row.event_seq}:{row.recipient}:{row.template}",
            order_no=row.order_no,
            recipient=row.recipient,
            template=row.template,
            data=dict(row.data),
            text=next((text for text in (row.texts or {}).values() if text), None),
            promised_at=row.promised_at,
            promise_is_provisional=row.promise_is_provisional,
            due_at=row.due_at,
            contact=contact if row.recipient == "requester" else {},
        )
        for row in rows
    ]


def mark(connection: Connection, message_id: int, state: str, *, now: datetime) -> None:
    """Mark a message `sent` or `failed`."""
    connection.execute(
        update(message)
        .where(message.c.id == message_id, message.c.state == "pending")
        .values(state=state, sent_at=now)
    )
