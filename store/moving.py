"""Moving the open orders of a unit to another one, in bulk (单位撤并): each is reassigned like any other.

Assumes that the workflow judges: an order that cannot be moved now stays where it is, and is named.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import Connection, func, select

from domain.actions import ActionName
from domain.directory import UnknownUnit
from domain.errors import DomainError
from domain.lifecycle import TaskKind
from domain.orders import Stage, Via
from store.auditing import audited
from store.decisions import UNFINISHED, Actor, DecisionStatus, Refused, submit_action
from store.directory import current
from store.tables import decision, orders, task

_ANSWERED = (Stage.REPLYING, Stage.FOLLOW_UP, Stage.CLOSED, Stage.ARCHIVED)


class SameUnit(DomainError):
    """Orders are to be moved to where they are."""

    code = "same_unit"


class ReasonMissing(DomainError):
    """Orders are to be moved, and nobody says why."""

    code = "reason_missing"


@dataclass(kw_only=True, slots=True)
class Move:
    """What a move began: actions by order, orders that stay with the reason, and what is not moved at all.

    `helping`: open tasks of the unit as a helper. `answered`: orders that were answered and wait for their end; should
    they be worked on again, the directory says by whom.
    """

    sent: dict[str, str] = field(default_factory=dict)
    stays: dict[str, str] = field(default_factory=dict)
    helping: int = 0
    answered: int = 0


def move_orders(
    connection: Connection,
    unit: str,
    to: str,
    *,
    reason: str,
    actor: str,
    now: datetime,
    dry_run: bool = False,
) -> Move:
    """Ask every order that a unit has in hand to go to another one.

    Raises:
        UnknownUnit: there is no unit `unit`, or no open unit `to`.
        SameUnit: it is the same.
        ReasonMissing: the reason is empty.
    """
    present = current(connection)
    if unit not in present.units:
        raise UnknownUnit(f"there is no unit {unit!r}; see: dingdan unit list")
    if unit == to:
        raise SameUnit("the orders are with this unit already")
    if not reason.strip():
        raise ReasonMissing("--reason is empty: say why; it stands with every order")
    present.handling_unit(to)
    move = Move(helping=_helping(connection, unit), answered=len(_orders_of(connection, unit, _ANSWERED)))
    at_work = [stage for stage in Stage if stage not in _ANSWERED]
    for order_no in _orders_of(connection, unit, at_work):
        action_id = f"move-{order_no}-{now:%Y%m%dT%H%M%S}"
        try:
            with connection.begin_nested() as attempt:
                submit_action(
                    connection,
                    order_no=order_no,
                    action_id=action_id,
                    action=ActionName.REASSIGN,
                    fields={"unit": to, "reason": reason},
                    actor=Actor(name=actor, via=Via.OPERATOR),
                    now=now,
                )
                if dry_run:
                    attempt.rollback()
        except Refused as refused:
            move.stays[order_no] = str(refused)
        else:
            move.sent[order_no] = action_id
    if not dry_run:
        data = {"unit": unit, "to": to, "orders": len(move.sent), "stay": len(move.stays)}
        audited(connection, actor, Via.OPERATOR, "orders_moved", None, data, now)
    return move


def unsettled(connection: Connection, action_ids: Iterable[str]) -> int:
    """Count those that no order has heard yet."""
    wanted = decision.c.decision_id.in_(list(action_ids)), decision.c.status == DecisionStatus.PENDING
    return connection.scalar(select(func.count()).where(*wanted)) or 0


def refused(connection: Connection, action_ids: Iterable[str]) -> dict[str, str]:
    """Give the orders that refused, each with its reason."""
    wanted = decision.c.decision_id.in_(list(action_ids)), decision.c.status == DecisionStatus.REJECTED
    rows = connection.execute(select(decision.c.order_no, decision.c.reason).where(*wanted))
    return {row.order_no: row.reason or "refused" for row in rows}


def _orders_of(connection: Connection, unit: str, stages: Iterable[Stage]) -> list[str]:
    mine = orders.c.unit == unit, orders.c.stage.in_(list(stages))
    return list(connection.scalars(select(orders.c.order_no).where(*mine).order_by(orders.c.order_no)))


def _helping(connection: Connection, unit: str) -> int:
    mine = task.c.unit == unit, task.c.kind == TaskKind.ASSIST, task.c.state.in_(UNFINISHED)
    return connection.scalar(select(func.count()).where(*mine)) or 0
