"""How matters stand in the store, page by page, for a comparison with Temporal."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, and_, select, tuple_, update

from domain.matter.judging import DecisionStatus
from domain.order.words import Stage
from messages.matter.step import MatterFacts, MatterStep
from store.matter.outbox import OutboxKind, Result, waits_since
from store.matter.said.decisions import UNFINISHED, decided_before
from store.matter.tables import UNRECORDED, decision, matter, outbox, task
from store.mending.kinds import KindRows, rows_of


@dataclass(frozen=True, kw_only=True, slots=True)
class Known:
    """A matter as the store has it."""

    order_no: str
    facts: MatterFacts
    recorded_seq: int
    waits_in_outbox: bool
    open_tasks: frozenset[str]

    @property
    def is_open(self) -> bool:
        """Whether its workflow has to run."""
        return self.facts.stage != Stage.ARCHIVED

    def differs_from(self, step: MatterStep) -> str | None:
        """Say what differs from the last step that was committed, `None` if nothing does."""
        seq = step.events[-1].seq if step.events else step.next_event - 1
        still_open = set(step.open_tasks) - {each.task_id for each in step.closed}
        if self.recorded_seq != seq:
            return f"its last event is {self.recorded_seq} in the store and {seq} in its history"
        if self.open_tasks != still_open:
            return "its open tasks differ from those in its history"
        wrong = [name for name, value in self.facts if value != getattr(step.facts, name)]
        return f"its rows differ from its history in {', '.join(wrong)}" if wrong else None


def page_of_numbers(connection: Connection, *, after: str, limit: int, only_open: bool = False) -> list[str]:
    """List the numbers of matters after a given one, in sequence."""
    page = select(matter.c.matter_no).where(matter.c.matter_no > after)
    if only_open:
        page = page.where(matter.c.stage != Stage.ARCHIVED)
    return list(connection.scalars(page.order_by(matter.c.matter_no).limit(limit)))


def known_matters(connection: Connection, order_nos: Collection[str]) -> dict[str, Known]:
    """Find matters; those that are not in the store are left out."""
    waiting = set(
        connection.scalars(
            select(outbox.c.matter_no).where(
                outbox.c.matter_no.in_(order_nos),
                outbox.c.kind == OutboxKind.START,
                outbox.c.done_at.is_(None),
            )
        )
    )
    open_tasks: dict[str, set[str]] = {}
    of_these = task.c.matter_no.in_(order_nos) & task.c.state.in_(UNFINISHED)
    for row in connection.execute(select(task.c.matter_no, task.c.task_id).where(of_these)):
        open_tasks.setdefault(row.matter_no, set()).add(row.task_id)
    return {
        number: Known(
            order_no=number,
            facts=facts,
            recorded_seq=seq,
            waits_in_outbox=number in waiting,
            open_tasks=frozenset(open_tasks.get(number, ())),
        )
        for number, facts, seq in _facts(connection, order_nos)
    }


def _facts(connection: Connection, matter_nos: Collection[str]) -> Iterator[tuple[str, MatterFacts, int]]:
    """Read the facts of matters, kind by kind, each with the number of its last event."""
    by_kind: dict[KindRows, list[str]] = {}
    for number in matter_nos:
        by_kind.setdefault(rows_of(number), []).append(number)
    for kind, numbers in by_kind.items():
        whole = matter.join(kind.own, kind.key == matter.c.matter_no)
        query = select(matter, kind.own).select_from(whole).where(matter.c.matter_no.in_(numbers))
        for row in connection.execute(query).mappings():
            yield row["matter_no"], kind.facts(dict(row)), row["recorded_seq"]


def old_decisions(
    connection: Connection,
    *,
    before: datetime,
    after: tuple[str, str],
    limit: int,
    only: Collection[str] | None = None,
) -> list[tuple[str, str]]:
    """List the decisions pending since before an instant, each with its matter, after a given pair, in sequence.

    `only` limits the list to these matters.
    """
    query = select(decision.c.matter_no, decision.c.decision_id).where(
        decision.c.status == DecisionStatus.PENDING,
        decided_before(before),
        tuple_(decision.c.matter_no, decision.c.decision_id) > after,
    )
    if only is not None:
        query = query.where(decision.c.matter_no.in_(only))
    rows = connection.execute(query.order_by(decision.c.matter_no, decision.c.decision_id).limit(limit))
    return [(row.matter_no, row.decision_id) for row in rows]


@dataclass(frozen=True, kw_only=True, slots=True)
class OldRow:
    """A row of the outbox that should have been sent; `reason` says why it was set aside, if it was."""

    id: int
    order_no: str
    kind: str
    lacks_workflow: bool
    reason: str | None


def old_outbox_rows(
    connection: Connection,
    *,
    before: datetime,
    after: int,
    limit: int,
    only: Collection[str] | None = None,
) -> list[OldRow]:
    """List the outbox rows that have waited since before an instant or were set aside, the oldest first.

    The list begins after the id `after`; `only` limits it to these matters.
    """
    is_old = waits_since(before) | outbox.c.set_aside_at.is_not(None)
    query = select(outbox).where(outbox.c.done_at.is_(None), is_old, outbox.c.id > after)
    if only is not None:
        query = query.where(outbox.c.matter_no.in_(only))
    rows = connection.execute(query.order_by(outbox.c.id).limit(limit))
    return [
        OldRow(
            id=row.id,
            order_no=row.matter_no,
            kind=row.kind,
            lacks_workflow=row.result == Result.NO_WORKFLOW,
            reason=row.reason if row.set_aside_at is not None else None,
        )
        for row in rows
    ]


def never_recorded(connection: Connection, *, after: str, before: datetime, limit: int) -> list[str]:
    """List open matters whose workflow counts as started but has recorded nothing so far, in sequence."""
    page = (
        select(matter.c.matter_no)
        .join(outbox, and_(outbox.c.matter_no == matter.c.matter_no, outbox.c.kind == OutboxKind.START))
        .where(
            matter.c.matter_no > after,
            matter.c.stage != Stage.ARCHIVED,
            UNRECORDED,
            outbox.c.done_at < before,
        )
        .order_by(matter.c.matter_no)
        .limit(limit)
    )
    return list(connection.scalars(page))


def start_again(connection: Connection, order_no: str, *, now: datetime) -> None:
    """Put a matter's start back into the outbox."""
    connection.execute(
        update(outbox)
        .where(outbox.c.matter_no == order_no, outbox.c.kind == OutboxKind.START)
        .values(
            done_at=None,
            result=None,
            set_aside_at=None,
            reason=None,
            attempts=0,
            next_at=now - timedelta(seconds=1),
        )
    )
