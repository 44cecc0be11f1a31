"""Making orders of one that holds several matters (一单多诉，拆分).

Assumes the transaction of the step that asks for it, with the order's own row locked. The parts were received with the
whole. Their promises count from then, without the rests meanwhile; these include a hold that is over and of which the
whole has not heard all. The resident is told each number with its code, once.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import Connection, Row, insert, select, update

from domain.matter.clocks import Rested, in_sequence
from domain.office.directory import Directory
from domain.order.templates import Template
from domain.text import clean
from messages.matter.tasks import RestTaken
from messages.names import REQUESTER, system_id
from messages.order.step import OrderStep, SplitRequest
from store.matter.holding import holds_over
from store.matter.tables import decision, matter, message
from store.office.directory import current
from store.order.intake import NewOrder, OrderPlace, OrderRequester, place_order
from store.order.requesters import CONTACT
from store.order.rows import COLUMNS, WHOLE, OrderRow
from store.order.tables import orders, requester, requester_phone


def split(connection: Connection, step: OrderStep, asked: SplitRequest) -> tuple[str, ...]:
    """Make an order of each part that a decision names, from the same requester, and return their numbers.

    Done once: parts that became orders already are left alone.
    """
    whole = select(matter, orders).select_from(WHOLE)
    own = connection.execute(whole.where(matter.c.matter_no == step.matter_no)).one()
    known = connection.scalars(
        select(orders.c.order_no)
        .where(orders.c.split_from == own.order_no, orders.c.split_by == asked.decision_id)
        .order_by(orders.c.order_no)
    ).all()
    if known:
        return tuple(known)
    made = _place(connection, step, asked, own)
    if made and not own.requester_left:
        _tell(connection, step, made)
    return tuple(each["part"] for each in made)


def _place(
    connection: Connection, step: OrderStep, asked: SplitRequest, own: Row[Any]
) -> list[dict[str, str]]:
    """Place an order of each part, and return each one's number and tracking code."""
    person = connection.execute(select(requester).where(requester.c.order_no == own.order_no)).one_or_none()
    asks = person if not own.requester_left else None
    contact = OrderRequester(**{name: asks._mapping[name] for name in CONTACT}) if asks else OrderRequester()
    theirs = select(requester_phone.c.phone_key).where(requester_phone.c.order_no == own.order_no)
    phone_keys = tuple(connection.scalars(theirs.order_by(requester_phone.c.phone_key))) if asks else ()
    directory = current(connection)
    rests = _rests(connection, step, asked, own)
    key = hashlib.sha256(asked.decision_id.encode()).hexdigest()[:32]
    made = []
    for number, part in enumerate(_parts(connection, own.order_no, asked.decision_id), start=1):
        placed = place_order(
            connection,
            replace(
                _further(directory, own, part, contact, rests=rests, key=system_id("split", key, number)),
                phone_keys=phone_keys,
            ),
            now=step.at,
            policy_version=own.policy,
            desk=asked.page.removesuffix(f"/{own.order_no}"),
        )
        connection.execute(
            update(orders)
            .where(orders.c.order_no == placed.receipt.order_no)
            .values(split_from=own.order_no, split_by=asked.decision_id)
        )
        made.append({"part": placed.receipt.order_no, "code": placed.receipt.tracking_code})
    return made


def _rests(
    connection: Connection, step: OrderStep, asked: SplitRequest, own: Row[Any]
) -> tuple[RestTaken, ...]:
    """Return the rests of the whole until now: those that it has counted, and every hold that is over, no time twice.

    A hold that is still in force goes with the part, as with any order.
    """
    over = holds_over(connection, since=own.received_at, at=step.at)
    rested = [Rested(each.began, each.ended) for each in asked.rests]
    rested += [Rested(max(each.since, own.received_at), each.until) for each in over]
    return tuple(RestTaken(began=each.began, ended=each.ended) for each in in_sequence(rested))


def _tell(connection: Connection, step: OrderStep, made: Sequence[dict[str, str]]) -> None:
    """Write to the resident which orders their request has become; residents who joined it do not get the codes."""
    connection.execute(
        insert(message).values(
            matter_no=step.matter_no,
            for_matter=step.matter_no,
            run_id=step.run_id,
            event_seq=step.events[-1].seq if step.events else step.next_event,
            recipient=REQUESTER,
            template=Template.SPLIT,
            data={"parts": list(made)},
            state="pending",
            created_at=step.at,
        )
    )


def parts_of(connection: Connection, order_no: str) -> Sequence[OrderRow]:
    """List the orders into which one was split."""
    query = (
        select(*COLUMNS).select_from(WHOLE).where(orders.c.split_from == order_no).order_by(orders.c.order_no)
    )
    return [OrderRow.of(row) for row in connection.execute(query)]


def _parts(connection: Connection, order_no: str, decision_id: str) -> list[dict[str, Any]]:
    row = connection.execute(
        select(decision.c.texts, decision.c.fields).where(
            decision.c.decision_id == decision_id, decision.c.matter_no == order_no
        )
    ).one_or_none()
    stored = (row.texts.get("parts") or row.fields.get("parts")) if row else None
    return list(stored or ())


def _further(
    directory: Directory,
    own: Row[Any],
    part: dict[str, Any],
    contact: OrderRequester,
    *,
    rests: tuple[RestTaken, ...],
    key: str,
) -> NewOrder:
    """Describe the order of one part.

    A category that was closed meanwhile is left to the desk; a closed community gives way to its successor.
    """
    category, community = part.get("category"), directory.in_charge_of(own.community or "")
    return NewOrder(
        client_id=own.client_id,
        key=key,
        fingerprint=own.fingerprint,
        channel=own.channel,
        kind=own.request_kind,
        subject=None,
        description=clean(part["text"]),
        source_reference=None,
        source_due_at=own.source_due_at,
        received_at=own.received_at,
        rests=rests,
        confidential=own.confidential,
        received_by=own.received_by,
        category=category if category in directory.open_categories else None,
        place=OrderPlace(
            community=community.code if community else None,
            address=own.address,
            longitude=own.longitude,
            latitude=own.latitude,
        ),
        requester=contact,
    )
