"""What happened to a matter: its events, what was attached, what was asked and answered."""

from collections.abc import Sequence

from sqlalchemy import ColumnElement, Connection, and_, false, or_, select

from domain.matter.judging import DecisionStatus
from domain.order.events import EventName
from domain.order.templates import REPLIES, Template
from store.matter.decisions import Subject
from store.matter.rows import AttachmentRow, EventRow
from store.tables import attachment, decision, event, message, staff
from store.values import value_of

REFUSED = EventName.SIGNAL_REFUSED
"""The event of a signal or decision that an order refused."""


def list_events(connection: Connection, matter_no: str) -> Sequence[EventRow]:
    """List an order's events by number, none of an abandoned branch.

    With each the texts and fields of the decision behind it, and what its actor is called (`called`) if they are staff.
    """
    said = event.c.data["decision_id"].as_string()
    rows = connection.execute(
        select(event, decision.c.texts, decision.c.fields, decision.c.comment, staff.c.name.label("called"))
        .outerjoin(decision, and_(decision.c.decision_id == said, decision.c.matter_no == event.c.matter_no))
        .outerjoin(staff, staff.c.username == event.c.actor)
        .where(event.c.matter_no == matter_no, event.c.abandoned.is_(False))
        .order_by(event.c.seq)
    )
    return [value_of(EventRow, row) for row in rows]


def list_refusals(connection: Connection, matter_no: str) -> Sequence[EventRow]:
    """List the signals and decisions that an order refused."""
    rows = connection.execute(
        select(event)
        .where(event.c.matter_no == matter_no, event.c.type == REFUSED, event.c.abandoned.is_(False))
        .order_by(event.c.seq)
    )
    return [value_of(EventRow, row) for row in rows]


def list_attachments(
    connection: Connection, matter_no: str, *, client_id: str | None = None
) -> Sequence[AttachmentRow]:
    """List an order's attachments, the oldest first; none of a decision that was rejected.

    A client is shown nothing that others added to the order, its residents or those of orders that joined it.
    """
    added = decision.c.subject == Subject.ORDER
    theirs = and_(added, attachment.c.uploaded_by != client_id) if client_id is not None else false()
    behind = and_(
        decision.c.decision_id == attachment.c.decision_id, decision.c.matter_no == attachment.c.matter_no
    )
    rows = connection.execute(
        select(attachment)
        .outerjoin(decision, behind)
        .where(
            attachment.c.matter_no == matter_no,
            or_(decision.c.status.is_(None), and_(decision.c.status != DecisionStatus.REJECTED, ~theirs)),
        )
        .order_by(attachment.c.created_at, attachment.c.attachment_id)
    )
    return [value_of(AttachmentRow, row) for row in rows]


def last_reply(connection: Connection, matter_no: str) -> str | None:
    """Give the office's last words to the resident: the text behind the last reply."""
    return _last_words(connection, matter_no, message.c.template.in_(REPLIES))


def open_question(connection: Connection, matter_no: str, *, by: str) -> str | None:
    """Give what an order that rests asks a resident, its own or a follower; `None` if nothing, or not them."""
    theirs = message.c.matter_no == by
    why = connection.scalar(
        select(message.c.template)
        .where(
            message.c.for_matter == matter_no,
            theirs,
            message.c.template.in_([Template.ASKED, Template.PAUSED]),
        )
        .order_by(message.c.id.desc())
        .limit(1)
    )
    return (
        _last_words(connection, matter_no, theirs & (message.c.template == Template.ASKED))
        if why == Template.ASKED
        else None
    )


def _last_words(connection: Connection, matter_no: str, which: ColumnElement[bool]) -> str | None:
    texts = connection.scalar(
        select(decision.c.texts)
        .select_from(message)
        .join(
            decision,
            and_(decision.c.decision_id == message.c.text_of, decision.c.matter_no == message.c.matter_no),
        )
        .where(message.c.for_matter == matter_no, which)
        .order_by(message.c.id.desc())
        .limit(1)
    )
    return next((str(text) for text in (texts or {}).values() if text), None)
