"""Why an order was not accepted, as its resident is told."""

from dataclasses import dataclass
from typing import Final

from sqlalchemy import Connection, select

from domain.matter.events import MatterEvent
from domain.order.lifecycle import TaskKind
from domain.order.templates import REPLIES, Template
from store.matter.tables import event, message

NOT_ACCEPTED: Final = Template.REPLIED_NOT_ACCEPTED
"""The message that an order was not accepted."""


@dataclass(frozen=True, slots=True)
class Rejection:
    """The reason, and the authority that answers for the matter if the office does not."""

    reason: str
    goes_to: str | None


def rejection_of(connection: Connection, order_no: str) -> Rejection | None:
    """Find the last rejection of an order outside abandoned branches; its resident is told once it is final."""
    data = connection.scalar(
        select(event.c.data)
        .where(
            event.c.matter_no == order_no,
            event.c.type == MatterEvent.TASK_COMPLETED,
            event.c.abandoned.is_(False),
            event.c.data["kind"].as_string() == TaskKind.CLASSIFY,
            event.c.data["outcome"].as_string() == "reject",
        )
        .order_by(event.c.seq.desc())
        .limit(1)
    )
    return Rejection(str(data["reason"]), data.get("goes_to")) if data else None


def told_of(connection: Connection, order_no: str) -> Rejection | None:
    """Find the rejection behind the last answer to an order's resident; it may be that of an order they joined."""
    row = connection.execute(
        select(message.c.matter_no, message.c.template)
        .where(message.c.for_matter == order_no, message.c.template.in_(REPLIES))
        .order_by(message.c.id.desc())
        .limit(1)
    ).one_or_none()
    return rejection_of(connection, row.matter_no) if row and row.template == NOT_ACCEPTED else None
