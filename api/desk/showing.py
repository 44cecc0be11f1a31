"""What the page of a task and the page of its matter both show: an order or a duty, with its events."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Any, Final, Literal

from api.acts.seeing import duty_of, knows_requester, no_such_duty, no_such_order, order_of
from api.contract.duties import DutyDetail
from api.contract.staff import Contact, OrderDetail
from api.desk.history import Happened, happened, happened_to_duty
from api.errors import Problem
from api.pages.rendering import texts, word
from api.security import scope_of
from api.service import Service
from domain.kinds import kind_of
from domain.matter.events import MatterEvent
from domain.office.directory import Directory
from domain.office.permissions import Permission, Reach, may, reaches
from domain.order.events import EventName
from domain.order.lifecycle import TaskKind
from domain.order.lines.contacts import RevealReason
from store.database import Connection
from store.duty.finding import find_duty
from store.matter import history
from store.matter.history import REFUSED
from store.matter.rows import EventRow
from store.office.directory import current_named
from store.office.people import Staff
from store.order import finding
from store.order.joined.similar import Similar, Sought, similar_orders, sought_like
from store.order.rows import OrderRow

Result = Literal["applied", "pending"]
"""What became of a decision, as an address says it."""
WAITS = timedelta(seconds=5)
"""How long a page waits for the matter to judge a decision before it reports it as pending."""


def done_of(result: Result | None, matter_no: str) -> str | None:
    """Say what became of the decision that led here, and about which matter; `None` if none did."""
    if result is None:
        return None
    called = f"{word(kind_of(matter_no).name, 'matters')} {matter_no}"
    return str(texts()["desk"][result].format(matter=called))


@dataclass(frozen=True, kw_only=True, slots=True)
class WholeDuty:
    """A duty as its pages show it."""

    duty: DutyDetail
    events: list[Happened]
    directory: Directory


@dataclass(frozen=True, kw_only=True, slots=True)
class Whole:
    """An order as its pages show it; rules judge `row`, and `urged` holds the instants at which it was urged.

    `suggested`: the choices of the first officer's preliminary opinion, by field; none if there is no opinion.
    """

    row: OrderRow
    order: OrderDetail
    events: list[Happened]
    urged: list[datetime]
    suggested: Mapping[str, Any]
    directory: Directory


def whole_order(connection: Connection, order_no: str, who: Staff, service: Service) -> Whole:
    """Read an order with everything that its pages show.

    Raises:
        Problem: 404, there is no such order within reach; 403, the person may not read orders at all.
    """
    if not may(who.roles, Permission.READ_ORDERS):
        # An administrator may act on an order by its number, but sees nothing of it.
        raise Problem(403, "not_entitled", f"none of your roles has the permission {Permission.READ_ORDERS}")
    row = finding.find_order(connection, order_no, scope_of(who))
    if row is None:
        raise no_such_order(order_no)
    events = history.list_events(connection, order_no)
    refusals = [each for each in events if each.type == REFUSED]
    directory = current_named(connection)
    order = order_of(connection, row, who, refusals=refusals, now=service.now())
    files = {each.attachment_id: each for each in order.attachments}
    return Whole(
        row=row,
        order=order,
        events=[happened(each, row, directory, files) for each in events],
        urged=[each.at for each in events if each.type == EventName.ORDER_URGED],
        suggested=next((each.data for each in reversed(events) if _is_opinion(each)), {}),
        directory=directory,
    )


def _is_opinion(event: EventRow) -> bool:
    """Tell whether this is a preliminary opinion; a limit that passed names the same task, and its unit."""
    answered = event.type == MatterEvent.TASK_COMPLETED and event.data.get("kind") == TaskKind.FIRST_CONTACT
    return answered and event.data.get("outcome") == "refer"


def whole_duty(connection: Connection, duty_no: str, who: Staff, service: Service) -> WholeDuty:
    """Read a duty with everything that its pages show.

    Raises:
        Problem: 404, there is no such duty within reach.
    """
    row = find_duty(connection, duty_no, scope_of(who, Permission.READ_DUTIES))
    if row is None:
        raise no_such_duty(duty_no)
    events = history.list_events(connection, duty_no)
    refusals = [each for each in events if each.type == REFUSED]
    directory = current_named(connection)
    duty = duty_of(connection, row, who, refusals=refusals, directory=directory, now=service.now())
    files = {each.attachment_id: each for each in duty.attachments}
    return WholeDuty(
        duty=duty,
        events=[happened_to_duty(each, directory, files) for each in events],
        directory=directory,
    )


def similar_to(connection: Connection, row: OrderRow, who: Staff, *, now: datetime) -> list[Similar]:
    """Find orders that may be about the same matter; caller and place count only if the reader may know them."""
    reveals = may(who.roles, Permission.REVEAL_CONTACTS)
    sought = sought_like(row, by_caller=reveals and knows_requester(who, row), by_place=reveals)
    return similar_for(connection, sought, who, now=now)


def similar_for(connection: Connection, sought: Sought, who: Staff, *, now: datetime) -> list[Similar]:
    """Find orders that may be about the same matter, among those that the reader may see."""
    all_of_it = Reach.OFFICE in reaches(who.roles, Permission.REVEAL_CONTACTS)
    return similar_orders(connection, sought, scope_of(who), with_confidential=all_of_it, now=now)


_USUAL: Final[Mapping[str, RevealReason]] = MappingProxyType(
    {
        TaskKind.FIRST_CONTACT: RevealReason.CLARIFY,
        TaskKind.CLASSIFY: RevealReason.CLARIFY,
        TaskKind.DISPATCH: RevealReason.CLARIFY,
        TaskKind.ACKNOWLEDGE: RevealReason.VISIT,
        TaskKind.HANDLE: RevealReason.VISIT,
        TaskKind.EXPLAIN: RevealReason.CALL_BACK,
        TaskKind.FOLLOW_UP: RevealReason.CALL_BACK,
    }
)


def usual_reason(kind: str | None) -> str:
    """Return why people at a task of this kind usually need the contact; empty if that is for them to say."""
    return str(_USUAL.get(kind or "", ""))


def shown_of(whole: Whole, *, contact: Contact | None = None, kind: str | None = None) -> dict[str, Any]:
    """Return the values that the templates of both pages need; `kind` is that of the task, if it is a task's page."""
    directory = whole.directory
    return {
        "order": whole.order,
        "about": whole.row.subject,
        "events": whole.events,
        "urged": whole.urged,
        "names": {unit.code: unit.name for unit in directory.units.values()},
        "categories": {code: each.label for code, each in directory.categories.items()},
        "contact": contact,
        "reasons": [(str(each), texts()["reveal"][each]) for each in RevealReason],
        "why": usual_reason(kind),
    }


def suggested_unit(directory: Directory, category: str | None, community: str | None) -> str | None:
    """Return the unit that the directory names for a matter; `None` if it names none."""
    routed = directory.answering(directory.starts_at(category), category=category, community=community)
    return routed.unit if routed else None
