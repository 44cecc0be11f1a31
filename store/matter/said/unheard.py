"""Decisions and actions that their matter has not heard: handed to it before an automatic step, or rejected."""

from datetime import datetime

from sqlalchemy import Connection, select, update

from domain.kinds import kind_of
from domain.matter.judging import DecisionStatus
from domain.matter.stages import ARCHIVED
from messages.matter.signals import Said
from store.matter.locking import lock_matter
from store.matter.outbox import signals_of
from store.matter.tables import decision


def reject_if_archived(connection: Connection, matter_no: str, said_id: str, *, now: datetime) -> bool:
    """Reject a decision or action that came too late for its matter, and tell whether it did.

    If the matter is not archived, nothing is settled: its workflow is missing, or was ended by force, and the decision
    waits until it runs again.
    """
    if lock_matter(connection, matter_no).stage != ARCHIVED:
        return False
    reject_unsent(
        connection,
        matter_no,
        said_id,
        code="order_archived",
        reason=f"the {kind_of(matter_no).name} was archived before this could reach it",
        now=now,
    )
    return True


def reject_unsent(
    connection: Connection, matter_no: str, said_id: str, *, code: str, reason: str, now: datetime
) -> None:
    """Reject a decision or action whose signal is never sent."""
    connection.execute(
        update(decision)
        .where(
            decision.c.decision_id == said_id,
            decision.c.matter_no == matter_no,
            decision.c.status == DecisionStatus.PENDING,
        )
        .values(
            status=DecisionStatus.REJECTED,
            code=code,
            reason=reason,
            settled_at=now,
        )
    )


def pending_on(connection: Connection, matter_no: str) -> list[Said]:
    """List the signals that are pending on a matter, as they were sent or will be, in the order of decision.

    They may be on any of its tasks: a timely decision of a leader or reviewer may move the limit that is about to pass.
    """
    rows = connection.execute(
        select(decision.c.decision_id)
        .where(decision.c.matter_no == matter_no, decision.c.status == DecisionStatus.PENDING)
        .order_by(decision.c.decided_at, decision.c.decision_id)
    )
    waiting = list(rows.scalars())
    if not waiting:
        return []
    sent = {said.said_id: said for said in signals_of(connection, matter_no)}
    return [sent[said_id] for said_id in waiting if said_id in sent]
