"""How a duty is locked, and how a decision on one of its tasks is judged."""

from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, Row, select

from domain.duty.judgement import DutyTaskFacts, judge_duty_outcome
from domain.duty.policy import duty_book
from domain.kinds import DUTY_TABLES
from domain.matter.judging import Refusal, Submission
from domain.matter.tasks import Outcome
from store.duty.rows import WHOLE_DUTY
from store.duty.tables import duty
from store.matter.locking import locked
from store.matter.tables import matter
from store.submitting import times_said


def lock_duty(connection: Connection, duty_no: str, *besides: ColumnElement[Any]) -> Row[Any]:
    """Lock a duty's matter until the end of the transaction, and read both rows.

    Raises:
        NotFound: there is no such duty.
    """
    return locked(connection, duty_no, _DUTY, *besides)


_DUTY = select(matter, duty).select_from(WHOLE_DUTY)


class DutyTasks:
    """A duty's part in keeping a decision on one of its tasks: the lock and the judgement."""

    tables = DUTY_TABLES

    def lock(self, connection: Connection, matter_no: str) -> Row[Any]:
        """Lock the duty, with its own facts."""
        return lock_duty(connection, matter_no)

    def judge(
        self, connection: Connection, matter: Row[Any], task: Row[Any], wanted: Submission, outcome: Outcome
    ) -> Refusal | None:
        """Judge a decision on an open task."""
        facts = DutyTaskFacts(
            kind=task.kind,
            opened_at=task.opened_at,
            withheld=task.withheld,
            not_by=task.not_by,
            taken=times_said(connection, matter.duty_no, outcome.name),
            began=matter.period_began,
            ends=matter.period_ends,
            announced_at=matter.announced_at,
            planned_at=matter.planned_at,
            has_deputy=matter.deputy is not None,
        )
        return judge_duty_outcome(facts, wanted, duty_book(matter.policy))


DUTY_TASKS: Final = DutyTasks()
"""How decisions on a duty's tasks are judged."""
