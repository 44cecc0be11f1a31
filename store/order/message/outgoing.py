"""Messages to people that still have to go out, in the order in which they were written.

Assumes that each row is for one recipient: the step that wrote it has named them, under its order's lock.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, select, update

from domain.kinds import kind_of
from domain.order.templates import Template
from domain.order.words import Ending
from messages.names import REQUESTER
from store.matter.tables import matter, message
from store.order.message.answers import SAID, with_decisions, words_of
from store.order.message.rejections import NOT_ACCEPTED, Rejection, rejection_of
from store.order.requesters import find_requester
from store.order.tables import orders

_ALL: Final = message.join(matter, matter.c.matter_no == message.c.matter_no).outerjoin(
    orders, orders.c.order_no == matter.c.matter_no
)
"""Messages of every kind of matter, with the columns that the words of an order's messages need."""
_PENDING: Final = "pending"
_DROPPED: Final = "dropped"
_OF_OTHER_ORDERS: Final = Template.SPLIT
"""The message about further orders of a resident, which go on whatever becomes of this one."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Outgoing:
    """A message with all that its words need; `contact` is empty for a unit.

    `order_no` is the order that the recipient knows, which may be joined to the one that wrote it.
    """

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
    rejection: Rejection | None = None


def outgoing(connection: Connection, order_no: str) -> list[Outgoing]:
    """List a matter's pending messages in the order in which they were written."""
    rows = connection.execute(
        select(message, matter.c.promised_at, orders.c.promise_is_provisional, matter.c.due_at, *SAID)
        .select_from(with_decisions(_ALL))
        .where(message.c.matter_no == order_no, message.c.state == _PENDING)
        .order_by(message.c.id)
    ).all()
    return [
        Outgoing(
            id=row.id,
            key=f"{row.for_matter}:{row.run_id}:{row.event_seq}:{row.recipient}:{row.template}",
            order_no=row.for_matter,
            recipient=row.recipient,
            template=row.template,
            data=dict(row.data),
            text=words_of(row.recipient, row, kind_of(row.matter_no).tables),
            promised_at=row.promised_at,
            promise_is_provisional=bool(row.promise_is_provisional),
            due_at=row.due_at,
            contact=find_requester(connection, row.for_matter) if row.recipient == REQUESTER else {},
            rejection=rejection_of(connection, row.matter_no) if row.template == NOT_ACCEPTED else None,
        )
        for row in rows
    ]


def still_waits(connection: Connection, message_id: int) -> bool:
    """Check just before sending that a message has not been dropped, and that its resident has not left."""
    row = connection.execute(
        select(
            message.c.state, message.c.recipient, message.c.template, orders.c.ending, orders.c.requester_left
        )
        .select_from(message.outerjoin(orders, orders.c.order_no == message.c.for_matter))
        .where(message.c.id == message_id)
    ).one_or_none()
    if row is None or row.state != _PENDING:
        return False
    if row.recipient != REQUESTER or row.template == _OF_OTHER_ORDERS:
        return True
    return not (row.requester_left or row.ending == Ending.WITHDRAWN)


def drop(connection: Connection, order_no: str) -> None:
    """Drop the pending messages about an order to its resident, who takes it back."""
    connection.execute(
        update(message)
        .where(
            message.c.for_matter == order_no,
            message.c.recipient == REQUESTER,
            message.c.template != _OF_OTHER_ORDERS,
            message.c.state == _PENDING,
        )
        .values(state=_DROPPED)
    )


def mark(connection: Connection, message_id: int, state: str, *, now: datetime) -> None:
    """Mark a message `sent`, `logged` or `failed`; also one that was dropped while it went out."""
    connection.execute(
        update(message)
        .where(message.c.id == message_id, message.c.state.in_((_PENDING, _DROPPED)))
        .values(state=state, sent_at=now)
    )


def reach_nobody(connection: Connection) -> bool:
    """Tell whether the last message that went out was written to the log alone: no provider is set up."""
    last = (
        select(message.c.state).where(message.c.sent_at.is_not(None)).order_by(message.c.id.desc()).limit(1)
    )
    return connection.scalar(last) == "logged"
