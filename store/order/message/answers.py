"""Which words of a decision go out: of all that staff write, only those meant for the message's recipient."""

from typing import Any, Final

from sqlalchemy import ColumnElement, FromClause, Row, and_

from domain.kinds import ORDER_TABLES
from domain.matter.tasks import FieldType, Tables
from messages.names import REQUESTER
from store.matter.tables import decision, message, task

SAID: Final[tuple[ColumnElement[Any], ...]] = (
    decision.c.name.label("said"),
    decision.c.texts,
    task.c.kind.label("said_on"),
)
"""The columns of the decision behind a message that `words_of` needs."""


def with_decisions(messages: FromClause) -> FromClause:
    """Join messages with the decision whose words they carry, and its task; some messages carry none."""
    behind = and_(decision.c.decision_id == message.c.text_of, decision.c.matter_no == message.c.matter_no)
    return messages.outerjoin(decision, behind).outerjoin(task, task.c.task_id == decision.c.task_id)


def words_of(recipient: str, row: Row[Any], tables: Tables = ORDER_TABLES) -> str | None:
    """Return the words that a message carries, by the tables of its matter's kind; `None` if it carries none."""
    outcome = tables.outcome(row.said_on or "", row.said or "")
    for each in outcome.fields if outcome else ():
        if each.goes_to_resident or (recipient != REQUESTER and each.type is FieldType.TEXT):
            return row.texts.get(each.name) or None
    return None
