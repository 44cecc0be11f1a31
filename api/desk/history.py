"""What happened to an order, in words: which task, which way, what was chosen, by whom.

Assumes events as the workflow wrote them, of whatever version: a code without words is shown as it is.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from api.contract.attachments import AttachmentView
from api.pages.rendering import moment, texts, word
from domain.calendar.instants import instant
from domain.doors import Via
from domain.matter.events import MatterEvent
from domain.matter.tasks import ATTACHMENTS, STORED, Field, FieldType, Outcome
from domain.office.directory import Directory
from domain.order.events import EventName
from domain.order.lifecycle import TASKS, TaskKind
from domain.order.voices import followed
from store.matter.rows import EventRow
from store.order.rows import OrderRow

_OF_A_TASK: Final = frozenset({MatterEvent.TASK_COMPLETED, MatterEvent.TASK_ANSWERED})
_RATED: Final = frozenset({EventName.FOLLOW_UP_ENDED, EventName.ORDER_RATED})
_OUTCOMES: Final[Mapping[tuple[object, object], Outcome]] = {
    (kind, each.name): each for kind, task in TASKS.items() for each in task.outcomes
}


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


def happened(
    row: EventRow, order: OrderRow, directory: Directory, files: Mapping[str, AttachmentView]
) -> Happened:
    """Put one event of an order into words; `files` are the order's, by their ids."""
    data, called = row.data, str(texts()["words"]["called"])
    outcome = _OUTCOMES.get((data.get("kind"), data.get("outcome"))) if row.type in _OF_A_TASK else None
    actor = word(order.channel, "channels") if row.type == EventName.ORDER_RECEIVED else _actor(row.actor)
    return Happened(
        at=row.at,
        what=word(row.type, "events"),
        more=_way(data["kind"], outcome, data, directory) if outcome else _facts(row.type, data, directory),
        who=called.format(name=row.called, username=row.actor) if row.called else actor,
        by_operator=row.via == Via.OPERATOR,
        texts=tuple(_texts_in(row.texts)),
        files=[files[each] for each in (row.fields or {}).get(ATTACHMENTS.name, ()) if each in files],
        is_proposal=outcome is not None and outcome.silence is not None,
    )


def _actor(name: str) -> str:
    """Name who acted; the resident of an order that was joined to this one by the number of that one."""
    of = followed(name)
    return str(texts()["words"]["resident_of"].format(order_no=of)) if of else word(name, "actors")


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
            at = instant(value)
            return moment(at) if at else str(value)
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
