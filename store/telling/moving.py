"""Moving the open orders of a unit to another one, in bulk (单位撤并): each is reassigned like any other.

Assumes that the workflow judges: an order that cannot be moved now stays where it is, and is named. Orders are asked
batch by batch, each batch in a short transaction. A move that was stopped goes on when it is ordered again, and asks no
order twice.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import Connection, func, select

from domain.doors import Via
from domain.errors import DomainError
from domain.matter.judging import DecisionStatus
from domain.office.directory import UnknownUnit
from domain.order.actions import ActionName
from domain.order.lifecycle import TaskKind
from domain.order.words import ANSWERED, KIND
from domain.text import is_visible
from store.auditing import audited
from store.matter.said.decisions import UNFINISHED, Actor, Refused
from store.matter.tables import decision, matter, task
from store.office.directory import current
from store.order.said.decisions import submit_action

BATCH = 20
"""Orders that are asked in one transaction; each is judged, which takes some milliseconds."""
_NAMED_AT_ONCE = 500


class SameUnit(DomainError):
    """Orders were to move to the unit where they are."""

    code = "same_unit"


class ReasonMissing(DomainError):
    """Orders were to move without a reason."""

    code = "reason_missing"


@dataclass(kw_only=True, slots=True)
class Move:
    """The result of a move: `sent` holds the action by order, `stays` the reason by order that cannot be moved.

    Two things are never moved. `helping`: the number of open tasks of the unit as a helper. `answered`: the number of
    orders that were answered and wait for their end; if they are worked on again, the directory says by which unit.
    """

    sent: dict[str, str] = field(default_factory=dict)
    stays: dict[str, str] = field(default_factory=dict)
    helping: int = 0
    answered: int = 0


def begin_move(connection: Connection, unit: str, to: str, *, reason: str) -> Move:
    """Check that orders can go from a unit to another one, and count what will not be moved.

    Raises:
        UnknownUnit: there is no unit `unit`, or no open unit `to`.
        SameUnit: both units are the same.
        ReasonMissing: the reason is empty.
    """
    present = current(connection)
    if unit not in present.units:
        raise UnknownUnit(f"there is no unit {unit!r}; see: dingdan unit list")
    if unit == to:
        raise SameUnit("the orders are with this unit already")
    if not is_visible(reason):
        raise ReasonMissing("--reason is empty: say why; every order shows it")
    present.handling_unit(to)
    answered = select(func.count()).where(
        matter.c.kind == KIND, matter.c.unit == unit, matter.c.stage.in_(ANSWERED)
    )
    return Move(helping=_helping(connection, unit), answered=connection.scalar(answered) or 0)


def next_orders(connection: Connection, unit: str, *, after: str) -> list[str]:
    """List a batch of the orders that a unit has in hand, after a given number, in sequence."""
    mine = (
        matter.c.kind == KIND,
        matter.c.unit == unit,
        matter.c.stage.not_in(ANSWERED),
        matter.c.matter_no > after,
    )
    return list(
        connection.scalars(select(matter.c.matter_no).where(*mine).order_by(matter.c.matter_no).limit(BATCH))
    )


def move_batch(
    connection: Connection,
    order_nos: Iterable[str],
    move: Move,
    to: str,
    *,
    reason: str,
    actor: str,
    now: datetime,
    dry_run: bool = False,
) -> None:
    """Ask orders to go to another unit, and note in `move` which were asked and which stay."""
    for order_no in order_nos:
        try:
            with connection.begin_nested() as attempt:
                move.sent[order_no] = _asked_already(connection, order_no, to) or _ask(
                    connection, order_no, to, reason=reason, actor=actor, now=now
                )
                if dry_run:
                    attempt.rollback()
        except Refused as refused:
            move.stays[order_no] = str(refused)


def end_move(connection: Connection, move: Move, unit: str, to: str, *, actor: str, now: datetime) -> None:
    """Write down for auditors how many orders were moved, and how many stay."""
    data = {"unit": unit, "to": to, "orders": len(move.sent), "stay": len(move.stays)}
    audited(connection, actor, Via.OPERATOR, "orders_moved", None, data, now)


def _ask(connection: Connection, order_no: str, to: str, *, reason: str, actor: str, now: datetime) -> str:
    action_id = f"move-{order_no}-{now:%Y%m%dT%H%M%S%f}"
    submit_action(
        connection,
        order_no=order_no,
        action_id=action_id,
        action=ActionName.REASSIGN,
        fields={"unit": to, "reason": reason},
        actor=Actor(name=actor, via=Via.OPERATOR),
        now=now,
    )
    return action_id


def _asked_already(connection: Connection, order_no: str, to: str) -> str | None:
    """Find the pending action by which a stopped move has asked an order to go to this unit already."""
    waits = (
        decision.c.matter_no == order_no,
        decision.c.name == ActionName.REASSIGN,
        decision.c.status == DecisionStatus.PENDING,
    )
    rows = connection.execute(select(decision.c.decision_id, decision.c.fields).where(*waits))
    return next((row.decision_id for row in rows if row.fields.get("unit") == to), None)


def unsettled(connection: Connection, action_ids: Iterable[str]) -> int:
    """Count the actions among these that no order has judged yet."""
    waits = decision.c.status == DecisionStatus.PENDING
    return sum(
        connection.scalar(select(func.count()).where(decision.c.decision_id.in_(some), waits)) or 0
        for some in _in_batches(action_ids)
    )


def refused(connection: Connection, action_ids: Iterable[str]) -> dict[str, str]:
    """Return the orders that refused, each with its reason."""
    found: dict[str, str] = {}
    for some in _in_batches(action_ids):
        wanted = decision.c.decision_id.in_(some), decision.c.status == DecisionStatus.REJECTED
        rows = connection.execute(select(decision.c.matter_no, decision.c.reason).where(*wanted))
        found |= {row.matter_no: row.reason or "refused" for row in rows}
    return found


def _in_batches(action_ids: Iterable[str]) -> Iterator[list[str]]:
    """Split ids that are too many for a single statement into batches."""
    ids = list(action_ids)
    for first in range(0, len(ids), _NAMED_AT_ONCE):
        yield ids[first : first + _NAMED_AT_ONCE]


def _helping(connection: Connection, unit: str) -> int:
    mine = task.c.unit == unit, task.c.kind == TaskKind.ASSIST, task.c.state.in_(UNFINISHED)
    return connection.scalar(select(func.count()).where(*mine)) or 0
