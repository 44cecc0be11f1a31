"""Decisions that come back: sent back by a reviewer, or refused by the matter.

Anybody of the unit may change a decision that was sent back and send it again, whoever wrote it. A refused decision
comes back to its sender alone.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, Row, and_, exists, or_, select

from domain.matter.judging import DecisionStatus
from domain.matter.tasks import FieldType, Tables, TaskState
from store.matter.rows import TaskRow
from store.matter.tables import decision, task

_REVISED: Final = "revise"
REVIEW: Final = "review"
"""The kind of task by which every kind of matter has a proposal reviewed; `_REVISED` is the outcome that sends back."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Returned:
    """A decision that came back, with its fields as they were.

    `why` is what the reviewer wrote, or the reason for which the matter refused it. `code` is the code of that reason,
    and `None` if a reviewer sent it back.
    """

    outcome: str
    fields: Mapping[str, Any] = field(default_factory=dict)
    code: str | None = None
    why: str | None = None


def has_returns() -> ColumnElement[bool]:
    """Say in SQL whether a decision may have come back to a task, so that most pages need not look for it."""
    review = task.alias("review")
    revised = exists().where(
        review.c.matter_no == task.c.matter_no, review.c.kind == REVIEW, review.c.outcome == _REVISED
    )
    refused = exists().where(
        decision.c.matter_no == task.c.matter_no,
        decision.c.task_id == task.c.task_id,
        decision.c.status == DecisionStatus.REJECTED,
    )
    return or_(revised, refused)


def returned_to(connection: Connection, row: TaskRow, username: str, tables: Tables) -> Returned | None:
    """Find the decision from which a person goes on when they decide a task; `None` if they begin afresh.

    Assumes a row of `find_task`, which reads `has_returns`.
    """
    if not row.has_returns:
        return None
    answers = _answers(connection, row)
    mine = [each for each in answers if (each.task_id, each.actor) == (row.task_id, username)]
    if mine and mine[-1].status == DecisionStatus.REJECTED:
        return _returned(mine[-1], tables, code=mine[-1].code or "", why=mine[-1].reason)
    return _sent_back(answers, row, tables)


def sent_back(connection: Connection, row: TaskRow | Row[Any], tables: Tables) -> Returned | None:
    """Find the proposal for which a task was opened again: the same unit made it, and its reviewer sent it back."""
    return _sent_back(_answers(connection, row), row, tables)


def _answers(connection: Connection, row: TaskRow | Row[Any]) -> Sequence[Row[Any]]:
    """List a matter's tasks of this kind and its reviews, each with the decisions on it, the oldest first."""
    said = and_(decision.c.task_id == task.c.task_id, decision.c.matter_no == task.c.matter_no)
    words = (
        decision.c[name]
        for name in ("name", "actor", "status", "fields", "texts", "comment", "code", "reason")
    )
    return connection.execute(
        select(task, *words)
        .outerjoin(decision, said)
        .where(task.c.matter_no == row.matter_no, task.c.kind.in_([row.kind, REVIEW]))
        .order_by(task.c.opened_at, task.c.task_id, decision.c.decided_at, decision.c.decision_id)
    ).all()


def _sent_back(answers: Sequence[Row[Any]], row: TaskRow | Row[Any], tables: Tables) -> Returned | None:
    """Find the proposal that was sent back, among the answers.

    A unit has one such task at a time: between the previous task and this one lies nothing but that review.
    """
    earlier = [each for each in answers if each.opened_at < row.opened_at]
    before = next((each for each in reversed(earlier) if each.kind == row.kind), None)
    if before is None or before.unit != row.unit or before.state != TaskState.DONE:
        return None
    taken = [each for each in earlier if each.status == DecisionStatus.APPLIED and each.name == each.outcome]
    proposed = next((each for each in taken if each.task_id == before.task_id), None)
    reviews = (each for each in taken if each.kind == REVIEW and each.opened_at >= before.closed_at)
    verdict = next((each for each in reviews if each.outcome == _REVISED), None)
    if proposed is None or verdict is None:
        return None
    return _returned(proposed, tables, code=None, why=verdict.texts.get("text") or verdict.comment)


def _returned(row: Row[Any], tables: Tables, *, code: str | None, why: str | None) -> Returned | None:
    outcome = tables.outcome(row.kind, row.name)
    if outcome is None:
        return None
    written = {**row.fields, **row.texts}
    for each in outcome.fields:
        # A comment stands in for a required text: programs and operators may send only a comment.
        if each.type is FieldType.TEXT and each.required and row.comment:
            written.setdefault(each.name, row.comment)
    return Returned(outcome=outcome.name, fields=written, code=code, why=why)
