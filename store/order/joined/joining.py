"""Joining orders about one matter (并单).

Assumes the transaction of the step that asks for it, with the order's own row locked. A joined order points to the
order that it was joined to, whatever becomes of that one. The orders that wait for an answer are found along these
pointers, so that each order's row is a function of its own history.
"""

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, func, select

from domain.doors import Via
from domain.matter.judging import DecisionStatus
from domain.matter.numbers import order_number
from domain.office.words import OrderClass, Role
from domain.order.actions import ActionName
from domain.order.deadlines import kept_promise
from domain.order.lifecycle import JOINED_WHY, LEADING, TaskKind
from domain.order.policy import policy
from domain.order.templates import REPLIES, ending_of
from domain.order.words import ANSWERED
from messages.names import system_id
from messages.office.directory import UnitFacts
from messages.order.step import LeadingStands, MergeRefused, MergeRequest, OrderStep
from store.matter.said.decisions import NotFound, Subject
from store.matter.tables import decision, matter, message
from store.office.directory import current
from store.office.people import find_staff
from store.order.joined.leading import leading_of, waiting, why_it_cannot_lead
from store.order.joined.telling import tell
from store.order.reckoning import calendar_for, promise_of
from store.order.rows import WHOLE
from store.order.said.decisions import lock_order
from store.order.said.situation import is_supervised
from store.order.tables import orders


def join(connection: Connection, step: OrderStep, asked: MergeRequest) -> MergeRefused | None:
    """Join an order to another one, or say why not: the leading order must be open, and joined to nothing itself.

    Only the street leader joins an order that has climbed or is supervised (ADR-0017). If some of the two orders and of
    those waiting for their answers are confidential and some not, only the street leader joins them, and says why
    (ADR-0024).
    """
    own = connection.execute(select(orders).where(orders.c.order_no == step.matter_no)).one()
    try:
        leading = lock_order(connection, asked.leading_order_no)
    except NotFound:
        return _refused(f"there is no order {asked.leading_order_no}")
    if (reason := why_it_cannot_lead(own.order_no, leading)) is not None:
        return _refused(reason)
    if _is_withdrawn_soon(connection, leading.order_no):
        return _refused(f"{leading.order_no} is being withdrawn; only an open order can lead")
    is_leader = _is_the_leaders_word(connection, step, asked)
    # Also by a task that this very step opens, which is not written yet.
    watched = is_supervised(connection, own.order_no) or any(
        each.kind == TaskKind.SUPERVISE for each in step.opened
    )
    if (step.facts.escalations or watched) and not is_leader:
        return _refused(
            "the order has climbed a tier or is supervised: only the street leader may join it to another one"
        )
    if not (is_leader and asked.reasoned) and _differ(connection, own.order_no, leading.order_no):
        return MergeRefused(
            code="confidential_differs",
            reason="of these orders and those that wait for their answers, some are confidential, and one answer would "
            "reach all the residents: only the street leader may join them, with a reason",
        )
    fields = {"joined": own.order_no}
    # Even if it is not earlier now: the promise that the leading order's row shows may be resting, and may move.
    if (kept := _can_be_kept(connection, own, step, asked)) is not None:
        fields["not_later_than"] = kept.isoformat()
    # An order may join the same one again in a later round of one run.
    key = system_id("joined", own.order_no, step.run_id, step.seq)
    tell(connection, [leading.order_no], ActionName.RECALCULATE, key=key, fields=fields, now=step.at)
    return None


def _differ(connection: Connection, *order_nos: str) -> bool:
    """Tell whether some of these orders and of those waiting for their answers are confidential and some not."""
    line = [each for order_no in order_nos for each in (order_no, *waiting(connection, order_no))]
    kinds = select(orders.c.confidential).where(orders.c.order_no.in_(line)).distinct()
    return len(connection.scalars(kinds).all()) > 1


def _refused(reason: str) -> MergeRefused:
    return MergeRefused(code="merge_refused", reason=reason)


def _can_be_kept(
    connection: Connection, own: Row[Any], step: OrderStep, asked: MergeRequest
) -> datetime | None:
    """Return until when the leading unit can answer an order that joins now, if something was promised.

    The order's row does not count a rest that still goes on, so the step says what the order promises until now.
    """
    if asked.promise is None:
        return None
    book = policy(own.policy)
    calendar = calendar_for(connection, book, asked.promise.since)
    promised = promise_of(asked.promise, own.source_due_at, book, calendar)
    order_class = OrderClass(step.facts.order_class or OrderClass.GENERAL)
    return kept_promise(promised.at, step.at, order_class, book, calendar) if promised else None


def _is_withdrawn_soon(connection: Connection, order_no: str) -> bool:
    withdrawal = select(decision.c.decision_id).where(
        decision.c.matter_no == order_no,
        decision.c.subject == Subject.MATTER,
        decision.c.name == ActionName.WITHDRAW,
        decision.c.status == DecisionStatus.PENDING,
    )
    return connection.scalar(withdrawal.limit(1)) is not None


def told(connection: Connection, order: Row[Any], step: OrderStep) -> tuple[str, ...]:
    """Name the orders whose residents get a step's messages, under the lock that `join` takes too."""
    has_left = step.withdrawn or step.facts.requester_left or order.requester_left
    waits = waiting(connection, step.matter_no)
    left = select(orders.c.order_no).where(orders.c.order_no.in_(waits), orders.c.requester_left)
    gone = set(connection.scalars(left)) if waits else set()
    return (*([] if has_left else [step.matter_no]), *(each for each in waits if each not in gone))


def tell_waiting(connection: Connection, step: OrderStep) -> None:
    """Tell the waiting orders that there is an answer, if this step gave one; also those whose requester left.

    This signal is the mark that the answer was given to them, whatever becomes of either order.
    """
    if any(each.template in REPLIES for each in step.messages):
        waits = waiting(connection, step.matter_no)
        key = system_id("answered", step.matter_no, step.run_id, step.seq)
        tell(connection, waits, ActionName.ANSWER, key=key, fields={}, now=step.at)


def answers_to(connection: Connection, order_no: str) -> int:
    """Count the answers of other orders that an order was ever given; a signal typed by hand does not count."""
    query = select(func.count()).where(
        decision.c.matter_no == order_no,
        decision.c.name == ActionName.ANSWER,
        decision.c.fingerprint.is_not(None),
    )
    return connection.scalar(query) or 0


def leading_stands(connection: Connection, order_no: str) -> LeadingStands:
    """Say how the order stands for whose answer this one waits, and its last answer if it is worked on again since."""
    leading = connection.execute(
        select(matter, orders)
        .select_from(WHOLE)
        .where(matter.c.matter_no == leading_of(connection, order_no))
    ).one()
    directory = current(connection)
    works = leading.unit in directory.handling_units
    answered = leading.stage in ANSWERED
    return LeadingStands(
        answered=answered,
        answers=answers_to(connection, order_no),
        ending=leading.ending if answered else _last_ending(connection, order_no),
        unit=UnitFacts.of(directory.units[leading.unit]) if works else None,
        handled_by=leading.handled_by,
    )


def _last_ending(connection: Connection, order_no: str) -> str | None:
    """Return the ending of an order's last answer, as its resident was told; `None` if they had left."""
    reply = select(message.c.template).where(
        message.c.for_matter == order_no, message.c.template.in_(REPLIES)
    )
    template = connection.scalar(reply.order_by(message.c.id.desc()).limit(1))
    return ending_of(template) if template else None


def _is_the_leaders_word(connection: Connection, step: OrderStep, asked: MergeRequest) -> bool:
    """Tell whether the street leader decided just this through our own door; a signal may bear any name (ADR-0028)."""
    kept = connection.execute(
        select(decision.c.fields, decision.c.texts).where(
            decision.c.matter_no == step.matter_no,
            decision.c.decision_id == asked.said_id,
            decision.c.via == Via.STAFF,
            decision.c.actor == asked.actor,
        )
    ).one_or_none()
    if kept is None or order_number(kept.fields.get(LEADING.name)) != asked.leading_order_no:
        return False
    if asked.reasoned and not kept.texts.get(JOINED_WHY.name):
        return False
    somebody = find_staff(connection, asked.actor, now=step.at)
    return somebody is not None and Role.STREET_LEADER in somebody.roles
