"""The orders that a meeting brings (院坝寻单): each issue becomes one, in the transaction of the meeting's step.

Assumes the duty's lock. The writer of the report is the first contact. An issue that was solved on the spot is answered
in the writer's name at once, and called back like any other order.
"""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import Connection, insert, select, update

from domain.office.directory import Directory
from domain.order.words import Channel, RequestKind
from domain.text import clean
from messages.duty.step import DutyStep, IssuesAsked
from messages.names import system_id
from store.duty.tables import duty, duty_issue
from store.inserting import insert_ignore
from store.matter.said.decisions import NotEntitled, Refused
from store.matter.tables import decision
from store.office.directory import current
from store.office.people import Staff, find_staff
from store.order.intake import NewOrder, OrderPlace, OrderRequester, Placed, ToStart, place_order
from store.order.said.decisions import ORDER_TASKS
from store.order.tables import orders
from store.submitting import submit

CLIENT = "courtyard-meetings"
"""The client of orders that meetings bring; it has no key."""


def place_issues(
    connection: Connection,
    step: DutyStep,
    asked: IssuesAsked,
    *,
    policy: str,
    phone_keys: Callable[[str], tuple[str, ...]],
) -> tuple[str, ...]:
    """Make an order of each issue of a meeting, once, however often it is asked, and return their numbers."""
    community = connection.scalar(select(duty.c.subject).where(duty.c.duty_no == step.matter_no))
    directory, writer = current(connection), find_staff(connection, asked.by, now=step.at)
    known = _known(connection, step.matter_no)
    position = max((each[0] for each in known), default=0)
    # A decision's id is unique on one matter; another matter may have the same.
    key = hashlib.sha256(f"{step.matter_no} {asked.decision_id}".encode()).hexdigest()[:32]
    desk = asked.page.removesuffix(f"/duties/{step.matter_no}") + "/orders"
    made = []
    for number, issue in enumerate(_issues(connection, step.matter_no, asked.decision_id), start=1):
        before = next((each for each in known if each[2] == clean(issue["text"])), None)
        if before is not None:
            # The report was made before, and then an operator reset the duty to a point before it.
            known.remove(before)
            made.append(before[1])
            continue
        new = _order(directory, issue, community, by=asked.by, key=system_id("issue", key, number))
        new = replace(new, phone_keys=phone_keys(new.requester.phone or ""))
        placed = place_order(connection, new, now=step.at, policy_version=policy, desk=desk)
        order_no, position = placed.receipt.order_no, position + 1
        on_the_spot = bool(issue.get("answer")) and _answered(connection, placed, issue, step, writer)
        connection.execute(
            insert(duty_issue).values(
                order_no=order_no, duty_no=step.matter_no, position=position, on_the_spot=on_the_spot
            )
        )
        made.append(order_no)
    return tuple(made)


def link_again(connection: Connection, duty_no: str, order_nos: Sequence[str]) -> None:
    """Write again which orders came from a meeting, as its step said; existing rows stay."""
    for position, order_no in enumerate(order_nos, start=1):
        spot = decision.c.decision_id == _on_the_spot(order_no)
        said = connection.scalar(select(decision.c.name).where(spot, decision.c.matter_no == order_no))
        values = {"order_no": order_no, "duty_no": duty_no, "position": position}
        insert_ignore(connection, duty_issue, {**values, "on_the_spot": said is not None})


def _known(connection: Connection, duty_no: str) -> list[tuple[int, str, str]]:
    """List the orders that a meeting has brought already: position, number and description."""
    rows = connection.execute(
        select(duty_issue.c.order_no, duty_issue.c.position, orders.c.description)
        .join(orders, orders.c.order_no == duty_issue.c.order_no)
        .where(duty_issue.c.duty_no == duty_no)
        .order_by(duty_issue.c.position)
    )
    return [(row.position, row.order_no, row.description) for row in rows]


def _issues(connection: Connection, duty_no: str, decision_id: str) -> list[dict[str, Any]]:
    """Read the issues in a decision: from its texts, or from the fields that an operator typed."""
    row = connection.execute(
        select(decision.c.texts, decision.c.fields).where(
            decision.c.decision_id == decision_id, decision.c.matter_no == duty_no
        )
    ).one_or_none()
    stored = (row.texts.get("issues") or row.fields.get("issues")) if row else None
    return list(stored or ())


def _order(
    directory: Directory, issue: Mapping[str, Any], community: str | None, *, by: str, key: str
) -> NewOrder:
    """Describe the order of one issue.

    A category that was closed meanwhile is left to the desk; a closed community gives way to its successor.
    """
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


def _answered(
    connection: Connection, placed: Placed, issue: Mapping[str, Any], step: DutyStep, writer: Staff | None
) -> bool:
    """Answer an order with what was said on the spot, in the writer's name, and tell whether that counts.

    It does not if the writer is not a member of staff or has moved since. Then the order's description says what was
    answered, and the order waits for its first contact.
    """
    if (
        writer is not None
        and placed.to_start is not None
        and _resolved(connection, placed.to_start, issue, step, writer)
    ):
        return True
    said = f"{clean(issue['text'])}\n\n现场已答复：{clean(issue['answer'])}"
    mine = orders.c.order_no == placed.receipt.order_no
    connection.execute(update(orders).where(mine).values(description=said))
    return False


def _resolved(
    connection: Connection, to_start: ToStart, issue: Mapping[str, Any], step: DutyStep, writer: Staff
) -> bool:
    """Keep the answer as the writer's own decision, and tell whether they were allowed to decide."""
    try:
        submit(
            connection,
            ORDER_TASKS,
            task_id=to_start.start.first_task.task_id,
            decision_id=_on_the_spot(to_start.start.order_no),
            outcome="resolve",
            fields={"text": issue["answer"]},
            comment=None,
            staff=writer,
            now=step.at,
        )
    except (NotEntitled, Refused):
        return False
    return True


def _on_the_spot(order_no: str) -> str:
    """Name the decision that answers an order on the spot."""
    return system_id("on the spot", order_no)
