"""How the office stands, for figures that are read again and again: cheap however much the store holds.

Each statement walks an index over open matters and ends at `MOST` rows: with a million archived orders it
reads as much as with none.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import Connection, func, select

from domain.kinds import OPEN_STAGES
from domain.matter.judging import DecisionStatus
from domain.order.words import Stage
from store.calendar.tables import calendar_year
from store.matter.tables import decision, matter

MOST: Final = 10_000
"""Where counting ends: an office with more open than this needs no exact figure to be alarmed."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Standing:
    """What is open now; `late` counts matters whose next limit has passed without the step that it causes.

    `last_year` is the latest year of the calendar that is loaded.
    """

    by_stage: Mapping[str, int]
    overdue: int
    late: int
    oldest_decision: datetime | None
    last_year: int | None


def standing(connection: Connection, *, now: datetime) -> Standing:
    """Count the open matters, and find since when the oldest decision waits to be judged."""
    by_stage, overdue, late = {}, 0, 0
    for stage in OPEN_STAGES:
        some = select(matter.c.overdue, matter.c.due_at).where(matter.c.stage == stage).limit(MOST).subquery()
        row = connection.execute(
            select(
                func.count(),
                func.count().filter(some.c.overdue.is_(True)),
                func.count().filter(some.c.due_at < now),
            ).select_from(some)
        ).one()
        by_stage[stage], overdue, late = row[0], overdue + row[1], late + row[2]
    return Standing(
        by_stage=by_stage,
        overdue=overdue,
        late=late,
        oldest_decision=_oldest_decision(connection),
        last_year=connection.scalar(select(func.max(calendar_year.c.year))),
    )


def _oldest_decision(connection: Connection) -> datetime | None:
    """Find the oldest pending decision among matters that are not archived; no other can have one."""
    waiting = (
        select(matter.c.matter_no)
        .where(matter.c.stage.in_([*OPEN_STAGES, Stage.CLOSED]))
        .limit(MOST)
        .subquery()
    )
    oldest: datetime | None = connection.scalar(
        select(func.min(decision.c.decided_at)).where(
            decision.c.matter_no == waiting.c.matter_no, decision.c.status == DecisionStatus.PENDING
        )
    )
    return oldest
