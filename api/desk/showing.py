"""What the page of a task and the page of an order both show: the order, who asked, what happened."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from urllib.parse import quote

from sqlalchemy import Row

from api.errors import Problem
from api.pages.rendering import texts, word
from api.security import scope_of
from api.service import Service
from api.staff.models import Contact, OrderDetail
from api.staff.orders import order_of
from domain.contacts import RevealReason
from domain.directory import Directory
from domain.lifecycle import TASKS, TaskKind
from domain.orders import Via
from domain.permissions import Permission, may
from messages.names import order_workflow_id
from runtime.temporal import TemporalAway
from store import queries
from store.database import Connection
from store.directory import current_named
from store.office import Staff

_RECEIVED: Final = "OrderReceived"
_OF_A_TASK: Final = frozenset({"TaskCompleted", "TaskAnswered"})
_LABELS: Final[Mapping[tuple[object, object], tuple[str, str]]] = {
    (kind, each.name): (task.label, each.label) for kind, task in TASKS.items() for each in task.outcomes
}
"""What a task and each way to decide it are called."""
WAITS = timedelta(seconds=5)
"""How long a page waits for the order to take what was sent, before it says that it will."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Happened:
    """Something that happened to an order, in words: what, more of it, by whom, and what was written."""

    at: datetime
    what: str
    more: str
    who: str
    by_operator: bool
    texts: tuple[str, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Whole:
    """An order as its pages show it; `row` is what rules are asked about."""

    row: Row[Any]
    order: OrderDetail
    events: list[Happened]
    directory: Directory


def whole_order(connection: Connection, order_no: str, who: Staff, service: Service) -> Whole:
    """Read an order with all that its pages show of it.

    Raises:
        Problem: 404, there is none that somebody may see; 403, they read no orders at all.
    """
    if not may(who.roles, Permission.READ_ORDERS):
        # An administrator acts on an order by its number, and is shown nothing of it.
        raise Problem(403, "not_entitled", f"none of your roles has the permission {Permission.READ_ORDERS}")
    row = queries.find_order(connection, order_no, scope_of(who))
    if row is None:
        raise Problem(404, "not_found", f"there is no order {order_no!r} that you may see")
    events = queries.list_events(connection, order_no)
    refusals = [each for each in events if each.type == queries.REFUSED]
    directory = current_named(connection)
    return Whole(
        row=row,
        order=order_of(connection, row, who, refusals=refusals, now=service.now()),
        events=[_happened(each, row.channel, directory) for each in events],
        directory=directory,
    )


def _happened(row: Row[Any], channel: str, directory: Directory) -> Happened:
    actor = word(channel, "channels") if row.type == _RECEIVED else word(row.actor, "actors")
    called: str = texts()["words"]["called"]
    return Happened(
        at=row.at,
        what=word(row.type, "events"),
        more=_more(row.type, row.data, directory),
        who=called.format(name=row.called, username=row.actor) if row.called else actor,
        by_operator=row.via == Via.OPERATOR,
        texts=tuple(text for text in (row.texts or {}).values() if isinstance(text, str)),
    )


def _more(type_: str, data: Mapping[str, Any], directory: Directory) -> str:
    """Say which task and which way, which class, which unit: what the kind of an event alone does not tell."""
    labels = _LABELS.get((data.get("kind"), data.get("outcome"))) if type_ in _OF_A_TASK else None
    unit, category = (str(data.get(name)) for name in ("unit", "category"))
    found = labels or (
        _LABELS.get((TaskKind.HANDLE, data.get("request")), ("", ""))[1],
        word(data["order_class"], "codes") if data.get("order_class") else "",
        directory.categories[category].label if category in directory.categories else "",
        directory.units[unit].name if unit in directory.units else "",
        data.get("leading") or "",
    )
    return str(texts()["words"]["and"].join(each for each in found if each))


def shown_of(whole: Whole, *, contact: Contact | None = None) -> dict[str, Any]:
    """Give what the templates of both pages need."""
    directory = whole.directory
    return {
        "order": whole.order,
        "events": whole.events,
        "names": {unit.code: unit.name for unit in directory.units.values()},
        "categories": {code: each.label for code, each in directory.categories.items()},
        "contact": contact,
        "reasons": [(str(each), texts()["reveal"][each]) for each in RevealReason],
    }


def workflow_page(service: Service, namespace: str | None, order_no: str) -> str | None:
    """Give the page of an order's workflow in the Temporal UI, where there is one."""
    if service.temporal_ui is None or namespace is None:
        return None
    workflow = quote(order_workflow_id(order_no), safe="")
    return f"{service.temporal_ui.rstrip('/')}/namespaces/{quote(namespace, safe='')}/workflows/{workflow}"


async def namespace_of(service: Service) -> str | None:
    """Name Temporal's namespace; `None` while it is away."""
    try:
        return (await service.orders.client()).namespace
    except TemporalAway:
        return None
