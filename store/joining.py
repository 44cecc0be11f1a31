"""Joining orders about one matter (并单), and making orders of one that holds several (拆分).

Assumes the transaction of the step that asks for it, with the order's own row locked. A joined order points to its
leading one, never to a joined one: who leads it now moves its followers along.
"""

import hashlib
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import Any

from sqlalchemy import Connection, Row, select, update

from domain.actions import ACTIONS, ActionName
from domain.directory import Directory
from domain.lifecycle import TaskKind
from domain.orders import Role, Stage
from messages.records import MergeRequest, RecordStep, SplitRequest
from store.contacts import CONTACT
from store.decisions import (
    DecisionStatus,
    NotFound,
    Subject,
    is_supervised,
    lock_order,
)
from store.directory import current
from store.intake import NewOrder, place_order
from store.office import find_staff
from store.tables import decision, orders, requester
from store.telling import system_id, tell


def join(connection: Connection, step: RecordStep, asked: MergeRequest) -> str | None:
    """Join an order to another one, or say why not: the leading order is open, and joined to nothing itself.

    An order that has climbed or is supervised is joined by the street leader only (ADR-0017).
    """
    own = connection.execute(select(orders).where(orders.c.order_no == step.order_no)).one()
    try:
        leading = lock_order(connection, asked.leading_order_no)
    except NotFound:
        return f"there is no order {asked.leading_order_no}"
    if (reason := _why_not(connection, own, leading)) is not None:
        return reason
    # Also by what this very step says, which is not written yet.
    watched = is_supervised(connection, own.order_no) or any(
        each.kind == TaskKind.SUPERVISE for each in step.opened
    )
    needs_leader = step.order.escalations or watched
    if needs_leader and not _is_leader(connection, asked.actor, now=step.at):
        return "the order has climbed a tier or is supervised: only the street leader joins it to another one"
    connection.execute(
        update(orders)
        .where((orders.c.order_no == own.order_no) | (orders.c.merged_into == own.order_no))
        .values(merged_into=leading.order_no, merged_at=step.at)
    )
    fields = {"joined": own.order_no}
    if own.promised_at and (leading.promised_at is None or own.promised_at < leading.promised_at):
        fields["not_later_than"] = own.promised_at.isoformat()
    key = system_id("joined", own.order_no, step.run_id)
    tell(connection, [leading.order_no], ActionName.RECALCULATE, key=key, fields=fields, now=step.at)
    return None


def _why_not(connection: Connection, own: Row[Any], leading: Row[Any]) -> str | None:
    if leading.order_no == own.order_no:
        return "an order is not a duplicate of itself"
    if leading.merged_into is not None:
        return f"{leading.order_no} was joined to {leading.merged_into}; join this order to that one"
    if Stage(leading.stage) not in _CAN_LEAD:
        return f"{leading.order_no} is answered already ({leading.stage}); only an open order can lead"
    if _is_withdrawn_soon(connection, leading.order_no):
        return f"{leading.order_no} is being withdrawn; only an open order can lead"
    return None


_CAN_LEAD = ACTIONS[ActionName.MERGE].stages
"""What is answered tells nobody who comes now."""


def _is_withdrawn_soon(connection: Connection, order_no: str) -> bool:
    withdrawal = select(decision.c.decision_id).where(
        decision.c.order_no == order_no,
        decision.c.subject == Subject.ORDER,
        decision.c.name == ActionName.WITHDRAW,
        decision.c.status == DecisionStatus.PENDING,
    )
    return connection.scalar(withdrawal.limit(1)) is not None


def split(connection: Connection, step: RecordStep, asked: SplitRequest) -> list[str]:
    """Make an order of each part that a decision names, from the same requester; gives their numbers.

    Done once: parts that became orders already are left alone.
    """
    own = connection.execute(select(orders).where(orders.c.order_no == step.order_no)).one()
    known = list(
        connection.scalars(
            select(orders.c.order_no)
            .where(orders.c.split_from == own.order_no, orders.c.split_by == asked.decision_id)
            .order_by(orders.c.order_no)
        )
    )
    if known:
        return known
    person = connection.execute(select(requester).where(requester.c.order_no == own.order_no)).one_or_none()
    contact = {name: person._mapping[name] if person else None for name in _CONTACT}
    directory = current(connection)
    officer = find_staff(connection, own.received_by, now=step.at) if own.received_by else None
    # Whoever took the call has it first, unless they are gone.
    received_by = officer.username if officer and officer.roles else None
    key = hashlib.sha256(asked.decision_id.encode()).hexdigest()[:32]
    made = []
    for number, part in enumerate(_parts(connection, own.order_no, asked.decision_id), start=1):
        placed = place_order(
            connection,
            replace(
                _further(directory, own, part, contact, key=f"split:{key}:{number}"), received_by=received_by
            ),
            now=step.at,
            policy_version=own.policy,
            page=partial(asked.page.replace, own.order_no),
            respond=lambda receipt: {"order_no": receipt.order_no},
        )
        order_no = str(placed.response["order_no"])
        connection.execute(
            update(orders)
            .where(orders.c.order_no == order_no)
            .values(split_from=own.order_no, split_by=asked.decision_id)
        )
        made.append(order_no)
    return made


_CONTACT = (*CONTACT, "phone_key")


def _parts(connection: Connection, order_no: str, decision_id: str) -> list[dict[str, Any]]:
    row = connection.execute(
        select(decision.c.texts, decision.c.fields).where(
            decision.c.decision_id == decision_id, decision.c.order_no == order_no
        )
    ).one_or_none()
    stored = (row.texts.get("parts") or row.fields.get("parts")) if row else None
    return list(stored or ())


def _further(
    directory: Directory, own: Row[Any], part: dict[str, Any], contact: dict[str, str | None], *, key: str
) -> NewOrder:
    """Describe an order of one part; what was closed since it was written down is left to the desk."""
    category, community = part.get("category"), directory.in_charge_of(own.community or "")
    return NewOrder(
        client_id=own.client_id,
        key=key,
        fingerprint=own.fingerprint,
        channel=own.channel,
        kind=own.kind,
        subject=None,
        description=part["text"],
        source_reference=None,
        source_due_at=own.source_due_at,
        confidential=own.confidential,
        received_by=None,
        category=category if category in directory.open_categories else None,
        community=community.code if community else None,
        address=own.address,
        longitude=own.longitude,
        latitude=own.latitude,
        requester=contact,
    )


def _is_leader(connection: Connection, username: str, *, now: datetime) -> bool:
    somebody = find_staff(connection, username, now=now)
    return somebody is not None and Role.STREET_LEADER in somebody.roles
