"""How the office stands, for figures that are read again and again: cheap whatever the store holds.

Each statement walks an index over what is open and ends at `MOST` rows: with a million archived orders it
reads as much as with none.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import Connection, func, select

from domain.lifecycle import TaskState
from domain.orders import Stage, Tier
from store.decisions import DecisionStatus
from store.tables import decision, orders, task

MOST: Final = 10_000
"""Where counting ends: who has more open than this needs no exact figure to be alarmed."""

OPEN: Final = tuple(stage for stage in Stage if not stage.is_over)


@dataclass(frozen=True, kw_only=True, slots=True)
class Standing:
    """What is open now; `tasks_late` are open tasks whose limit has passed and nobody took the step."""

    by_stage: Mapping[Stage, int]
    overdue: int
    tasks_late: Mapping[Tier, int]
    oldest_decision: datetime | None


def standing(connection: Connection, *, now: datetime) -> Standing:
    """Count what is open, and say since when the oldest decision waits to be judged."""
    by_stage, overdue = {}, 0
    for stage in OPEN:
        some = select(orders.c.overdue).where(orders.c.stage == stage).limit(MOST).subquery()
        late = func.count().filter(some.c.overdue.is_(True))
        counted = connection.execute(select(func.count(), late).select_from(some)).one()
        by_stage[stage], overdue = counted[0], overdue + counted[1]
    return Standing(
        by_stage=by_stage,
        overdue=overdue,
        tasks_late={tier: _late(connection, tier, now) for tier in Tier},
        oldest_decision=_oldest_decision(connection),
    )


def _late(connection: Connection, tier: Tier, now: datetime) -> int:
    some = (
        select(task.c.task_id)
        .where(task.c.state == TaskState.OPEN, task.c.tier == tier, task.c.due_at < now)
        .limit(MOST)
        .subquery()
    )
    return connection.scalar(select(func.count()).select_from(some)) or 0


def _oldest_decision(connection: Connection) -> datetime | None:
    """Look among the orders that are not archived: only there a decision can wait."""
    waiting = (
        select(orders.c.order_no).where(orders.c.stage.in_([*OPEN, Stage.CLOSED])).limit(MOST).subquery()
    )
    oldest: datetime | None = connection.scalar(
        select(func.min(decision.c.decided_at)).where(
            decision.c.order_no == waiting.c.order_no, decision.c.status == DecisionStatus.PENDING
        )
    )
    return oldest
