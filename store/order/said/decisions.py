"""Decisions and actions: a durable row with its texts first, a signal afterwards.

Assumes that the workflow judges; here a decision is refused early if the store can already tell. The
order's row is locked for the length of the transaction, so that exactly one of a submission and an
automatic step sees the other. No lock covers one key on two orders: there the later request ends in a
`WriteConflict`, and finds the first one when it looks again.
"""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, Row, select

from domain.doors import Via
from domain.kinds import ORDER_TABLES
from domain.matter.judging import Refusal, Submission, wrong_ids
from domain.matter.normal import normal
from domain.matter.tasks import FieldType, Outcome
from domain.office.words import OrderClass
from domain.order import voices
from domain.order.actions import ACTIONS, ActionName, action_fields
from domain.order.judgement import WITHDRAWN_ALREADY, TaskFacts, judge_action, judge_outcome
from domain.order.lifecycle import TaskKind
from domain.order.policy import policy
from domain.order.words import Stage
from messages.matter.signals import MatterAction
from store.attachment.attachments import Uploader, bind, contents_of
from store.matter.locking import locked
from store.matter.said.decisions import (
    Actor,
    NotEntitled,
    Refused,
    Submitted,
    files_of,
    fingerprint_of,
    keep,
    repeated,
    split_stored,
)
from store.matter.said.vouching import codes_for, vouched_for
from store.matter.tables import matter
from store.office.directory import current
from store.order.joined.leading import leading_of, wrong_leading
from store.order.rows import WHOLE
from store.order.said.situation import situation_of
from store.order.tables import orders
from store.submitting import times_said

RESIDENT: Final = Actor(name=voices.RESIDENT, via=Via.RESIDENT)
PASSED_ON: Final = frozenset({ActionName.SUPPLEMENT, ActionName.URGE})
"""The actions that go from the resident of a joined order to the order that leads it."""


def lock_order(connection: Connection, order_no: str, *besides: ColumnElement[Any]) -> Row[Any]:
    """Lock an order's matter until the end of the transaction; rows that only refer to it do not wait for that.

    Raises:
        NotFound: there is no such order.
    """
    return locked(connection, order_no, _ORDER, *besides)


_ORDER = select(matter, orders).select_from(WHOLE)


class OrderTasks:
    """An order's part in keeping a decision on one of its tasks: the lock and the judgement."""

    tables = ORDER_TABLES

    def lock(self, connection: Connection, matter_no: str) -> Row[Any]:
        """Lock the order, with its own facts."""
        return lock_order(connection, matter_no)

    def judge(
        self, connection: Connection, order: Row[Any], task: Row[Any], wanted: Submission, outcome: Outcome
    ) -> Refusal | None:
        """Judge a decision on an open task."""
        evidence = current(connection).evidence(order.category) if outcome.is_evidenced else 0
        facts = TaskFacts(
            kind=TaskKind(task.kind),
            order_no=order.order_no,
            unit=order.unit,
            order_class=OrderClass(order._mapping["class"]) if order._mapping["class"] else None,
            opened_at=task.opened_at,
            # While the office holds, no limit passes.
            due_at=None if order.held else task.due_at,
            withheld=task.withheld,
            not_by=task.not_by,
            evidence=evidence,
            taken=times_said(connection, order.order_no, outcome.name),
        )
        refusal = judge_outcome(facts, wanted, policy(order.policy))
        return refusal or wrong_leading(connection, order.order_no, wanted.fields)


ORDER_TASKS: Final = OrderTasks()
"""How decisions on an order's tasks are judged."""


def submit_action(
    connection: Connection,
    *,
    order_no: str,
    action_id: str,
    action: str,
    fields: Mapping[str, Any],
    actor: Actor,
    now: datetime,
    uploaders: Collection[Uploader] = (),
) -> Submitted:
    """Keep an action on an order, or answer a repeated one as before.

    The action may name files of these `uploaders`.

    Raises:
        NotFound: there is no such order.
        NotEntitled: the actor's roles do not allow this action.
        KeyTaken: the key stands for something else.
        Refused: the action is not possible now, or a field is not in order.
        UnusableAttachment: an attachment is not of these uploaders, or used already.
    """
    order, speaks = _addressed(connection, order_no, action, actor)
    fields = normal(action_fields(action), fields)
    fingerprint = fingerprint_of(order_no, action, _by_content(connection, action, fields), None, actor.name)
    order_no, actor = order.order_no, speaks
    if (known := repeated(connection, action_id, fingerprint)) is not None:
        return known
    listed = codes_for(connection, action_fields(action))
    wanted = Submission(name=action, actor=actor.name, at=now, fields=fields, codes=listed)
    situation = situation_of(connection, order)
    if order.requester_left and actor == RESIDENT:
        raise Refused(WITHDRAWN_ALREADY)
    refusal = judge_action(situation, wanted)
    if refusal and refusal.code == "unknown_action":
        raise Refused(refusal)
    spec = ACTIONS[ActionName(action)]
    if actor.staff and not spec.is_for(actor.staff.roles, is_at_the_unit=actor.staff.unit == order.unit):
        needed = ", ".join(sorted(spec.roles)) or "none, it is the system's own"
        raise NotEntitled(
            f"{action} is for the roles: {needed}; for the roles of a unit, only while the order is with the unit"
        )
    if refusal or (refusal := wrong_leading(connection, order_no, fields)):
        raise Refused(refusal)
    codes, texts = split_stored(spec.fields, fields)
    said = MatterAction(
        action_id=action_id,
        actor=actor.name,
        action=action,
        fields=codes,
        stored=tuple(sorted(texts)),
        decided_at=now,
        vouched=vouched_for(connection, spec.fields, fields),
    )
    files = files_of(spec.fields, codes)
    bind(connection, files, uploaders=uploaders, matter_no=order_no, decision_id=action_id)
    return keep(connection, said, order_no, actor, texts, None, fingerprint, now)


def _addressed(connection: Connection, order_no: str, action: str, actor: Actor) -> tuple[Row[Any], Actor]:
    """Lock the order that an action is for: `PASSED_ON` actions of a joined order's resident go to the leading order.

    The joined order is not locked, since a leading order locks those that it tells of its answer.
    """
    stage = connection.scalar(select(matter.c.stage).where(matter.c.matter_no == order_no))
    if stage != Stage.JOINED or action not in PASSED_ON or actor != RESIDENT:
        return lock_order(connection, order_no), actor
    leading = lock_order(connection, leading_of(connection, order_no))
    return leading, Actor(name=voices.follower(order_no), via=Via.RESIDENT)


def _by_content(connection: Connection, action: str, given: Mapping[str, Any]) -> dict[str, Any]:
    """Replace ids of files by hashes of their content: a form that is sent twice uploads its files twice."""
    named = {each.name for each in action_fields(action) if each.type is FieldType.ATTACHMENTS}
    return {
        name: contents_of(connection, value) if name in named and wrong_ids(value) is None else value
        for name, value in given.items()
    }
