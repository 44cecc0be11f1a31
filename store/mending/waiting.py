"""What has waited too long, for operators: each entry with its order and since when, the oldest first.

Assumes that a list of `MOST` is enough to see what is wrong, though there may be more. It shows no text of anybody.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import Connection, Select, exists, select

from domain.kinds import OPEN_STAGES
from domain.matter.events import MatterEvent
from domain.matter.judging import DecisionStatus
from domain.matter.tasks import TaskState
from domain.order.lifecycle import TaskKind
from domain.order.words import Stage
from store.figures.tables import TOLD
from store.matter.outbox import waits_since
from store.matter.said.decisions import decided_before
from store.matter.tables import decision, event, matter, outbox, task

MOST: Final = 50
TOO_LONG: Final = timedelta(minutes=1)
_LATELY: Final = timedelta(days=7)


@dataclass(frozen=True, kw_only=True, slots=True)
class Waits:
    """An order, and since when something about it waits."""

    order_no: str
    since: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class WaitedTooLong:
    """Starts and signals, decisions and passed limits that have waited for a minute; messages undelivered lately.

    `set_aside`: starts and signals that can never be sent as they are.
    """

    set_aside: Sequence[Waits]
    outbox: Sequence[Waits]
    decisions: Sequence[Waits]
    late: Sequence[Waits]
    undelivered: Sequence[Waits]

    @property
    def suspects(self) -> tuple[str, ...]:
        """The orders whose workflow may be to blame."""
        return tuple(dict.fromkeys(each.order_no for each in (*self.outbox, *self.decisions, *self.late)))


def waiting(connection: Connection, *, now: datetime) -> WaitedTooLong:
    """Find what has waited too long."""
    before = now - TOO_LONG
    return WaitedTooLong(
        set_aside=_list(
            connection,
            select(outbox.c.matter_no, outbox.c.set_aside_at.label("since")).where(
                outbox.c.done_at.is_(None), outbox.c.set_aside_at.is_not(None)
            ),
        ),
        outbox=_list(
            connection,
            select(outbox.c.matter_no, outbox.c.created_at.label("since")).where(waits_since(before)),
        ),
        decisions=_list(
            connection,
            # Only matters that are not archived have decisions that wait, so few rows are looked through.
            select(decision.c.matter_no, decision.c.decided_at.label("since"))
            .join(matter, matter.c.matter_no == decision.c.matter_no)
            .where(
                matter.c.stage.in_([*OPEN_STAGES, Stage.CLOSED]),
                decision.c.status == DecisionStatus.PENDING,
                decided_before(before),
            ),
        ),
        late=_list(
            connection,
            # While a request of the unit is reviewed, its own limit passes without consequence (ADR-0017).
            select(matter.c.matter_no, matter.c.due_at.label("since")).where(
                matter.c.stage.in_(OPEN_STAGES),
                matter.c.held.is_(False),
                matter.c.due_at < before,
                ~exists().where(
                    task.c.matter_no == matter.c.matter_no,
                    task.c.state == TaskState.OPEN,
                    task.c.kind == TaskKind.REVIEW,
                    task.c.due_at >= before,
                ),
            ),
        ),
        undelivered=_list(
            connection,
            select(event.c.matter_no, event.c.at.label("since")).where(
                TOLD,
                event.c.type == MatterEvent.MESSAGES_UNDELIVERED,
                event.c.abandoned.is_(False),
                event.c.at >= now - _LATELY,
            ),
        ),
    )


def open_of(connection: Connection, order_nos: Sequence[str]) -> frozenset[str]:
    """Say which of these orders are not archived."""
    if not order_nos:
        return frozenset()
    query = select(matter.c.matter_no).where(
        matter.c.matter_no.in_(order_nos), matter.c.stage != Stage.ARCHIVED
    )
    return frozenset(connection.scalars(query))


def _list(connection: Connection, query: Select[Any]) -> tuple[Waits, ...]:
    rows = connection.execute(query.order_by("since").limit(MOST))
    return tuple(Waits(order_no=row.matter_no, since=row.since) for row in rows)
