"""The facts by which rules judge an action on an order: read for the judgement, and for pages that offer the action."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, exists, func, literal, select

from domain.matter.tasks import TaskState
from domain.order import voices
from domain.order.judgement import OrderSituation
from domain.order.lifecycle import TaskKind
from domain.order.policy import policy
from domain.order.words import Ending, Stage
from store.matter.said.decisions import Subject
from store.matter.tables import decision, matter, task
from store.order.rows import OrderRow


def situation_of(connection: Connection, order: OrderRow | Row[Any]) -> OrderSituation:
    """Read how an order stands, as far as the judgement of an action needs it."""
    supervised, taken = _so_far(connection, order.order_no)
    return OrderSituation(
        stage=Stage(order.stage),
        order_no=order.order_no,
        unit=order.unit,
        ending=Ending(order.ending) if order.ending else None,
        left=order.requester_left,
        reopened=order.reopened,
        supervised=supervised,
        taken=taken,
        book=policy(order.policy),
        handled_by=order.handled_by,
    )


def is_supervised(connection: Connection, order_no: str) -> bool:
    """Tell whether a leader watches over an order now; one that rests under supervision shows another stage."""
    return connection.scalar(select(_watched(literal(order_no)))) is True


def _watched(order_no: ColumnElement[str]) -> ColumnElement[bool]:
    return exists().where(
        task.c.matter_no == order_no, task.c.kind == TaskKind.SUPERVISE, task.c.state == TaskState.OPEN
    )


def _so_far(connection: Connection, order_no: str) -> tuple[bool, Mapping[str, Mapping[str, int]]]:
    """Tell whether an order is supervised, and count how often each action was asked for, by action and voice.

    Refused actions count too: each has cost the order a step. All in one statement, since pages ask.
    """
    said = (decision.c.matter_no == matter.c.matter_no) & (decision.c.subject == Subject.MATTER)
    query = (
        select(
            _watched(matter.c.matter_no).label("supervised"),
            decision.c.name,
            decision.c.actor,
            func.count(decision.c.decision_id).label("times"),
        )
        .select_from(matter.outerjoin(decision, said))
        .where(matter.c.matter_no == order_no)
        .group_by(matter.c.matter_no, decision.c.name, decision.c.actor)
    )
    rows = connection.execute(query).all()
    by_name: dict[str, list[tuple[str, int]]] = {}
    for row in rows:
        if row.name is not None:
            by_name.setdefault(row.name, []).append((row.actor, row.times))
    taken = {name: voices.by_voice(each) for name, each in by_name.items()}
    return any(row.supervised for row in rows), taken
