"""What a rule is asked about an order: read here for whoever judges an action, and for whoever only offers it."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, Row, func, select

from domain.matter.tasks import TaskState
from domain.order import voices
from domain.order.judgement import OrderSituation
from domain.order.lifecycle import TaskKind
from domain.order.policy import policy
from domain.order.words import Ending, Stage
from store.matter.decisions import Subject
from store.order.rows import OrderRow
from store.tables import decision, task


def situation_of(connection: Connection, order: OrderRow | Row[Any]) -> OrderSituation:
    """Say how an order stands, as far as an action on it is judged."""
    return OrderSituation(
        stage=Stage(order.stage),
        order_no=order.order_no,
        unit=order.unit,
        ending=Ending(order.ending) if order.ending else None,
        left=order.requester_left,
        reopened=order.reopened,
        supervised=is_supervised(connection, order.order_no),
        taken=_taken(connection, order.order_no),
        book=policy(order.policy),
        handled_by=order.handled_by,
    )


def is_supervised(connection: Connection, order_no: str) -> bool:
    """Tell whether a leader watches over an order now; one that rests under supervision shows another stage."""
    open_watch = select(task.c.task_id).where(
        task.c.order_no == order_no, task.c.kind == TaskKind.SUPERVISE, task.c.state == TaskState.OPEN
    )
    return connection.scalar(open_watch.limit(1)) is not None


def _taken(connection: Connection, order_no: str) -> Mapping[str, Mapping[str, int]]:
    """Count by action and voice how often each was said, also what was refused: each has cost the order a step."""
    query = (
        select(decision.c.name, decision.c.actor, func.count().label("times"))
        .where(decision.c.order_no == order_no, decision.c.subject == Subject.ORDER)
        .group_by(decision.c.name, decision.c.actor)
    )
    said: dict[str, list[tuple[str, int]]] = {}
    for row in connection.execute(query):
        said.setdefault(row.name, []).append((row.actor, row.times))
    return {name: voices.by_voice(each) for name, each in said.items()}
