"""A decision on a task of any kind of matter: the one way in for every door."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection

from domain.duty.words import KIND as DUTY
from domain.kinds import kind_of
from domain.order.words import KIND as ORDER
from store.duty.said import DUTY_TASKS
from store.matter.said.decisions import Submitted
from store.office.people import Staff
from store.order.said.decisions import ORDER_TASKS
from store.submitting import Situation, submit

_SITUATIONS: Final[Mapping[str, Situation]] = {ORDER: ORDER_TASKS, DUTY: DUTY_TASKS}


def submit_decision(
    connection: Connection,
    *,
    task_id: str,
    decision_id: str,
    outcome: str,
    fields: Mapping[str, Any],
    comment: str | None,
    staff: Staff,
    now: datetime,
) -> Submitted:
    """Keep a decision on a task, or answer a repeated one as before.

    It raises the errors of `store.submitting.submit`.
    """
    # The id of a task begins with the number of its matter.
    situation = _SITUATIONS[kind_of(task_id).name]
    return submit(
        connection,
        situation,
        task_id=task_id,
        decision_id=decision_id,
        outcome=outcome,
        fields=fields,
        comment=comment,
        staff=staff,
        now=now,
    )
