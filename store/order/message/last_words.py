"""What the office said to a resident last: its answer, or a question that is still open."""

from sqlalchemy import ColumnElement, Connection, and_, select

from domain.order.templates import REPLIES, Template
from store.matter.tables import decision, message


def last_reply(connection: Connection, order_no: str) -> str | None:
    """Give the office's last words to the resident: the text behind the last reply."""
    return _last_words(connection, order_no, message.c.template.in_(REPLIES))


def open_question(connection: Connection, order_no: str, *, by: str) -> str | None:
    """Give what an order that rests asks a resident, its own or a follower; `None` if nothing, or not them."""
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
    texts = connection.scalar(
        select(decision.c.texts)
        .select_from(message)
        .join(
            decision,
            and_(decision.c.decision_id == message.c.text_of, decision.c.matter_no == message.c.matter_no),
        )
        .where(message.c.for_matter == order_no, which)
        .order_by(message.c.id.desc())
        .limit(1)
    )
    return next((str(text) for text in (texts or {}).values() if text), None)
