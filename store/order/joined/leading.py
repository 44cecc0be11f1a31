"""Which order another one may be joined to, and which orders wait for its answer (ADR-0024).

Assumes that a joined order points to the one that it was joined to. Whether an order can lead is checked when a person
asks for it, so that a slip of the pen shows at once, and again by the step that joins.
"""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, Row, exists, select

from domain.matter.judging import DecisionStatus, Refusal
from domain.matter.numbers import order_number
from domain.order.actions import ACTIONS, ActionName
from domain.order.lifecycle import LEADING
from domain.order.words import Stage
from store.matter.tables import decision, matter
from store.order.rows import WHOLE
from store.order.tables import orders

_ANSWERED = (
    exists()
    .where(
        decision.c.matter_no == orders.c.order_no,
        decision.c.name == ActionName.ANSWER,
        decision.c.status == DecisionStatus.PENDING,
        # Nobody gives an answer by a signal typed by hand.
        decision.c.fingerprint.is_not(None),
    )
    .label("answered")
)
"""An order was given an answer that it has not heard."""
_CAN_LEAD = ACTIONS[ActionName.MERGE].stages
"""An order that is answered has no answer for one that joins now."""


def why_it_cannot_lead(own_no: str, leading: Row[Any]) -> str | None:
    """Say in a sentence why an order cannot be joined to that one."""
    if leading.order_no == own_no:
        return "an order is not a duplicate of itself"
    if leading.merged_into is not None:
        return f"{leading.order_no} was joined to {leading.merged_into}; join this order to that one"
    if Stage(leading.stage) not in _CAN_LEAD:
        return f"{leading.order_no} is answered already ({leading.stage}); only an open order can lead"
    if leading.ending is not None:
        return f"{leading.order_no} is being withdrawn; only an open order can lead"
    return None


def wrong_leading(connection: Connection, own_no: str, fields: Mapping[str, Any]) -> Refusal | None:
    """Refuse a leading order that is unknown or cannot lead; nothing is locked, so that may change before the join."""
    if LEADING.name not in fields:
        return None
    number = order_number(fields[LEADING.name])
    query = select(matter, orders).select_from(WHOLE).where(matter.c.matter_no == number)
    leading = connection.execute(query).one_or_none()
    if leading is None:
        return Refusal(code="unknown_order", reason=f"there is no order {number}", field=LEADING.name)
    if (reason := why_it_cannot_lead(own_no, leading)) is not None:
        return Refusal(code="cannot_lead", reason=reason, field=LEADING.name)
    return None


def waiting(connection: Connection, order_no: str) -> list[str]:
    """List the orders that wait for this one's answer: those joined to it, and those joined to them before.

    An order that was given an answer waits no longer, even if it has not heard that yet.
    """
    found: list[str] = []
    level = [order_no]
    while level:
        rows = connection.execute(
            select(orders.c.order_no, matter.c.stage, _ANSWERED)
            .select_from(WHOLE)
            .where(orders.c.merged_into.in_(level))
            .order_by(orders.c.order_no)
        ).all()
        # An order that joined and was taken back leads on to those that had joined it.
        found += [row.order_no for row in rows if row.stage == Stage.JOINED and not row.answered]
        level = [row.order_no for row in rows]
    return found


def leading_of(connection: Connection, order_no: str) -> str:
    """Find the order for whose answer this one waits; its own number if it was joined to none."""
    while into := connection.scalar(select(orders.c.merged_into).where(orders.c.order_no == order_no)):
        order_no = into
    return order_no
