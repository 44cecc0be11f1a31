"""The orders that a meeting brings (院坝寻单): each issue becomes one, in the transaction of the meeting's step.

Assumes the duty's lock. Who wrote the report is the first contact; what was solved on the spot is answered by them at
once, and called back like any other order.
"""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from sqlalchemy import Connection, select

from domain.order.words import Channel, RequestKind
from domain.text import clean
from messages.duty.step import DutyStep, IssuesAsked
from messages.names import system_id
from store.database import insert_ignore
from store.duty.tables import duty, duty_issue
from store.matter.said.decisions import NotEntitled, Refused
from store.matter.tables import decision
from store.office.directory import current
from store.office.people import find_staff
from store.order.intake import NewOrder, OrderPlace, OrderRequester, Placed, place_order
from store.order.said.decisions import ORDER_TASKS
from store.submitting import submit

CLIENT = "courtyard-meetings"
"""The client of orders that meetings bring; no key stands for it."""


def place_issues(
    connection: Connection,
    step: DutyStep,
    asked: IssuesAsked,
    *,
    policy: str,
    phone_keys: Callable[[str], tuple[str, ...]],
) -> tuple[str, ...]:
    """Make an order of each issue of a meeting, and return their numbers; done once, however often it is asked."""
    community = connection.scalar(select(duty.c.subject).where(duty.c.duty_no == step.matter_no))
    key = hashlib.sha256(asked.decision_id.encode()).hexdigest()[:32]
    made = []
    for position, issue in enumerate(_issues(connection, step.matter_no, asked.decision_id), start=1):
        new = _order(connection, issue, community, by=asked.by, key=system_id("issue", key, position))
        new = _findable(new, phone_keys)
        desk = asked.page.removesuffix(f"/duties/{step.matter_no}") + "/orders"
        placed = place_order(connection, new, now=step.at, policy_version=policy, desk=desk)
        order_no = placed.receipt.order_no
        on_the_spot = bool(issue.get("answer")) and _answered(connection, placed, issue, step, asked)
        values = {
            "order_no": order_no,
            "duty_no": step.matter_no,
            "position": position,
            "on_the_spot": on_the_spot,
        }
        insert_ignore(connection, duty_issue, values)
        made.append(order_no)
    return tuple(made)


def _issues(connection: Connection, duty_no: str, decision_id: str) -> list[dict[str, Any]]:
    """Read what a decision says of issues: with its row, or as an operator typed it."""
    row = connection.execute(
        select(decision.c.texts, decision.c.fields).where(
            decision.c.decision_id == decision_id, decision.c.matter_no == duty_no
        )
    ).one_or_none()
    stored = (row.texts.get("issues") or row.fields.get("issues")) if row else None
    return list(stored or ())


def _order(
    connection: Connection, issue: Mapping[str, Any], community: str | None, *, by: str, key: str
) -> NewOrder:
    """Describe the order of one issue; what was closed since it was written down is left to the desk."""
    directory = current(connection)
    category, place = issue.get("category"), directory.in_charge_of(community or "")
    description = clean(issue["text"])
    return NewOrder(
        client_id=CLIENT,
        key=key,
        fingerprint=hashlib.sha256(description.encode()).hexdigest(),
        channel=Channel.COURTYARD_VISIT,
        kind=RequestKind.ASSISTANCE,
        subject=None,
        description=description,
        source_reference=None,
        source_due_at=None,
        confidential=False,
        received_by=by,
        category=category if category in directory.open_categories else None,
        place=OrderPlace(community=place.code if place else None),
        requester=OrderRequester(name=issue.get("name"), phone=issue.get("phone")),
    )


def _findable(new: NewOrder, phone_keys: Callable[[str], tuple[str, ...]]) -> NewOrder:
    """Let the order be found by the telephone of whoever asked."""
    return replace(new, phone_keys=phone_keys(new.requester.phone or ""))


def _answered(
    connection: Connection, placed: Placed, issue: Mapping[str, Any], step: DutyStep, asked: IssuesAsked
) -> bool:
    """Answer an order with what was said on the spot, in the name of whoever was there; tells whether that counts.

    Should they have left or moved since, the order waits for its first contact like any other.
    """
    if placed.to_start is None:
        return True
    writer = find_staff(connection, asked.by, now=step.at)
    if writer is None:
        return False
    try:
        submit(
            connection,
            ORDER_TASKS,
            task_id=placed.to_start.start.first_task.task_id,
            decision_id=system_id("on the spot", placed.receipt.order_no),
            outcome="resolve",
            fields={"text": issue["answer"]},
            comment=None,
            staff=writer,
            now=step.at,
        )
    except (NotEntitled, Refused):
        return False
    return True
