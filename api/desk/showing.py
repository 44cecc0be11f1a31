"""What the page of a task and the page of an order both show: the order, who asked, what happened."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from urllib.parse import quote

from sqlalchemy import Row

from api.attachments.models import AttachmentView
from api.errors import Problem
from api.pages.rendering import moment, texts, word
from api.security import scope_of
from api.service import Service
from api.staff.models import Contact, OrderDetail
from api.staff.orders import order_of
from domain.contacts import RevealReason
from domain.directory import Directory
from domain.judgement import instant
from domain.lifecycle import STORED, TASKS, Field, FieldType, Outcome, TaskKind
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
_RATED: Final = frozenset({"FollowUpEnded", "OrderRated"})
_OUTCOMES: Final[Mapping[tuple[object, object], Outcome]] = {
    (kind, each.name): each for kind, task in TASKS.items() for each in task.outcomes
}
WAITS = timedelta(seconds=5)
"""How long a page waits for the order to take what was sent, before it says that it will."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Happened:
    """Something that happened to an order, in words: what, more of it, by whom, and what came with it.

    `is_proposal`: somebody else reviews it.
    """

    at: datetime
    what: str
    more: str
    who: str
    by_operator: bool
    texts: tuple[str, ...]
    files: list[AttachmentView]
    is_proposal: bool


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
    order = order_of(connection, row, who, refusals=refusals, now=service.now())
    brought: dict[str, list[AttachmentView]] = {}
    for each in order.attachments:
        brought.setdefault(each.decision_id or "", []).append(each)
    return Whole(
        row=row,
        order=order,
        events=[_happened(each, row, directory, brought) for each in events],
        directory=directory,
    )


def _happened(
    row: Row[Any], order: Row[Any], directory: Directory, brought: Mapping[str, list[AttachmentView]]
) -> Happened:
    data, called = row.data, str(texts()["words"]["called"])
    outcome = _OUTCOMES.get((data.get("kind"), data.get("outcome"))) if row.type in _OF_A_TASK else None
    actor = word(order.channel, "channels") if row.type == _RECEIVED else word(row.actor, "actors")
    return Happened(
        at=row.at,
        what=word(row.type, "events"),
        more=_way(data["kind"], outcome, data, directory) if outcome else _facts(row.type, data, directory),
        who=called.format(name=row.called, username=row.actor) if row.called else actor,
        by_operator=row.via == Via.OPERATOR,
        texts=tuple(_texts_in(row.texts)),
        files=brought.get(data.get("decision_id") or _RECEIVED, []),
        is_proposal=outcome is not None and outcome.silence is not None,
    )


def _way(kind: str, outcome: Outcome, data: Mapping[str, Any], directory: Directory) -> str:
    """Say which task was answered, how, and what was chosen: all of it but the texts."""
    words: Mapping[str, str] = texts()["words"]
    chosen = [
        words["field"].format(label=each.label, value=_value(each, data[each.name], directory))
        for each in outcome.fields
        if data.get(each.name) and each.type not in STORED
    ]
    head = words["and"].join((TASKS[TaskKind(kind)].label, outcome.label))
    return head + (words["chosen"].format(fields=words["semicolon"].join(chosen)) if chosen else "")


def _value(each: Field, value: Any, directory: Directory) -> str:
    match each.type:
        case FieldType.CODE:
            return word(value, "codes")
        case FieldType.UNIT | FieldType.UNITS:
            codes = value if isinstance(value, list) else [value]
            return str(texts()["words"]["and"].join(_unit(str(code), directory) for code in codes))
        case FieldType.CATEGORY:
            return directory.categories[value].label if value in directory.categories else str(value)
        case FieldType.INSTANT:
            return moment(instant(value)) if instant(value) else str(value)
        case _:
            return str(value)


def _facts(type_: str, data: Mapping[str, Any], directory: Directory) -> str:
    """Say what the kind of an event alone does not tell: which request, class, category, unit, answers."""
    asked = _OUTCOMES.get((TaskKind.HANDLE, data.get("request")))
    category = str(data.get("category"))
    rated = texts()["rated"]
    found = [
        asked.label if asked else "",
        word(data["order_class"], "codes") if data.get("order_class") else "",
        directory.categories[category].label if category in directory.categories else "",
        _unit(str(data["unit"]), directory) if data.get("unit") else "",
        str(data.get("leading") or ""),
        *(
            rated[name].format(answer=word(data[name], "codes"))
            for name in ("solved", "satisfied", "cause")
            if type_ in _RATED and data.get(name)
        ),
    ]
    return str(texts()["words"]["and"].join(each for each in found if each))


def _unit(code: str, directory: Directory) -> str:
    return directory.units[code].name if code in directory.units else code


def _texts_in(written: Mapping[str, Any] | None) -> Iterator[str]:
    for text in (written or {}).values():
        if isinstance(text, str):
            yield text
        elif isinstance(text, list):
            yield from (str(part["text"]) for part in text if isinstance(part, dict) and part.get("text"))


def shown_of(whole: Whole, *, contact: Contact | None = None) -> dict[str, Any]:
    """Give what the templates of both pages need."""
    directory = whole.directory
    return {
        "order": whole.order,
        "about": queries.about(whole.row),
        "events": whole.events,
        "names": {unit.code: unit.name for unit in directory.units.values()},
        "categories": {code: each.label for code, each in directory.categories.items()},
        "contact": contact,
        "reasons": [(str(each), texts()["reveal"][each]) for each in RevealReason],
    }


def suggested_unit(directory: Directory, category: str | None, community: str | None) -> str | None:
    """Name the unit that the directory has for a matter."""
    routed = directory.answering(directory.starts_at(category), category=category, community=community)
    return routed.unit if routed else None


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
