"""The office's last words to a resident: its answer with its pictures, or a question that is still open."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, select

from domain.matter.tasks import FOR_RESIDENT
from domain.order.templates import REPLIES, Template
from messages.names import REQUESTER
from store.attachment.attachments import pictures_of_work
from store.attachment.rows import AttachmentRow
from store.matter.tables import decision, message
from store.order.message.answers import SAID, with_decisions, words_of


def last_reply(connection: Connection, order_no: str) -> str | None:
    """Return the office's last words to the resident: the text behind the last reply."""
    return _last_words(connection, order_no, message.c.template.in_(REPLIES))


def last_pictures(connection: Connection, order_no: str) -> Sequence[AttachmentRow]:
    """Return the pictures that the unit chose for the resident with its last reply, which has passed its review."""
    row = _last(connection, order_no, message.c.template.in_(REPLIES))
    chosen = (row.fields or {}).get(FOR_RESIDENT.name) if row else None
    return pictures_of_work(connection, chosen, matter_no=row.matter_no) if row and chosen else []


def open_question(connection: Connection, order_no: str, *, by: str) -> str | None:
    """Return what the resting order `by` asks the resident of `order_no`; `None` if it asks them nothing.

    The resident may be its own, or that of an order joined to it.
    """
    theirs = message.c.matter_no == by
    why = connection.scalar(
        select(message.c.template)
        .where(
            message.c.for_matter == order_no,
            theirs,
            message.c.template.in_([Template.ASKED, Template.PAUSED]),
        )
        .order_by(message.c.id.desc())
        .limit(1)
    )
    return (
        _last_words(connection, order_no, theirs & (message.c.template == Template.ASKED))
        if why == Template.ASKED
        else None
    )


def _last_words(connection: Connection, order_no: str, which: ColumnElement[bool]) -> str | None:
    row = _last(connection, order_no, which)
    return words_of(REQUESTER, row) if row else None


def _last(connection: Connection, order_no: str, which: ColumnElement[bool]) -> Row[Any] | None:
    """Find the last of these messages to the resident, with the decision behind it."""
    return connection.execute(
        select(message.c.matter_no, decision.c.fields, *SAID)
        .select_from(with_decisions(message))
        .where(message.c.for_matter == order_no, message.c.recipient == REQUESTER, which)
        .order_by(message.c.id.desc())
        .limit(1)
    ).one_or_none()
