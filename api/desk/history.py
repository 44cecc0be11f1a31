"""A matter's events in words: the task, the outcome, the choices, and the person who acted.

Assumes events as any version of the workflow wrote them: a code without words is shown unchanged.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from api.contract.attachments import AttachmentView
from api.pages.rendering import moment, texts, word
from domain.calendar.instants import instant
from domain.doors import Via
from domain.duty.events import DutyEvent
from domain.kinds import DUTY_TABLES, ORDER_TABLES
from domain.matter.events import MatterEvent
from domain.matter.tasks import ATTACHMENTS, FOR_RESIDENT, STORED, Field, FieldType, Outcome, Tables
from domain.office.directory import Directory
from domain.order.events import EventName
from domain.order.lifecycle import TaskKind
from domain.order.voices import followed
from store.matter.rows import EventRow
from store.order.rows import OrderRow

_OF_A_TASK: Final = frozenset({MatterEvent.TASK_COMPLETED, MatterEvent.TASK_ANSWERED})
_NOT_TOLD: Final = STORED | {FieldType.ATTACHMENTS}
"""Types of field that are shown separately under an event: its texts and its files."""
_RATED: Final = frozenset({EventName.FOLLOW_UP_ENDED, EventName.ORDER_RATED})


@dataclass(frozen=True, kw_only=True, slots=True)
class Happened:
    """An event of a matter in words, with details, the actor, and the texts and files that came with it.

    `shown` are those of the files that are for the resident, `files` the others. `is_proposal` if another person
    reviews it.
    """

    at: datetime
    what: str
    more: str
    who: str
    by_operator: bool
    texts: tuple[str, ...]
    shown: list[AttachmentView]
    files: list[AttachmentView]
    is_proposal: bool


def happened(
    row: EventRow, order: OrderRow, directory: Directory, files: Mapping[str, AttachmentView]
) -> Happened:
    """Put one event of an order into words; `files` are the order's, by their ids."""
    actor = word(order.channel, "channels") if row.type == EventName.ORDER_RECEIVED else _actor(row.actor)
    more = _facts(row.type, row.data, directory)
    return _told(row, ORDER_TABLES, directory, files, actor=actor, more=more)


def happened_to_duty(row: EventRow, directory: Directory, files: Mapping[str, AttachmentView]) -> Happened:
    """Put one event of a duty into words; `files` are the duty's, by their ids."""
    more = _facts_of_duty(row.type, row.data, directory)
    return _told(row, DUTY_TABLES, directory, files, actor=_actor(row.actor), more=more)


def _told(
    row: EventRow,
    tables: Tables,
    directory: Directory,
    files: Mapping[str, AttachmentView],
    *,
    actor: str,
    more: str,
) -> Happened:
    """Put one event into words; `more` holds the details of an event that answers no task."""
    data, called = row.data, str(texts()["words"]["called"])
    kind, name = str(data.get("kind")), str(data.get("outcome"))
    outcome = tables.outcome(kind, name) if row.type in _OF_A_TASK else None
    return Happened(
        at=row.at,
        what=word(row.type, "events"),
        more=_way(tables.tasks[kind].label, outcome, data, directory) if outcome else more,
        who=called.format(name=row.called, username=row.actor) if row.called else actor,
        by_operator=row.via == Via.OPERATOR,
        texts=tuple(_texts_in(row.texts)),
        shown=_files_in(row, FOR_RESIDENT, files),
        files=_files_in(row, ATTACHMENTS, files),
        is_proposal=outcome is not None and outcome.silence is not None,
    )


def _files_in(row: EventRow, which: Field, files: Mapping[str, AttachmentView]) -> list[AttachmentView]:
    return [files[each] for each in (row.fields or {}).get(which.name, ()) if each in files]


def _actor(name: str) -> str:
    """Name the actor; the resident of an order that joined this one is named by that order's number."""
    of = followed(name)
    return str(texts()["words"]["resident_of"].format(order_no=of)) if of else word(name, "actors")


def _way(task: str, outcome: Outcome, data: Mapping[str, Any], directory: Directory) -> str:
    """Say which task was answered, with which outcome and which choices; texts and files are left out."""
    words: Mapping[str, str] = texts()["words"]
    chosen = [
        words["field"].format(label=each.label, value=_value(each, data[each.name], directory))
        for each in outcome.fields
        if data.get(each.name) and each.type not in _NOT_TOLD
    ]
    head = words["and"].join((task, outcome.label))
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
    """Say what an event's type alone does not tell: request, class, category, unit, leading order, answers."""
    asked = ORDER_TABLES.outcome(TaskKind.HANDLE, str(data.get("request")))
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


def _facts_of_duty(type_: str, data: Mapping[str, Any], directory: Directory) -> str:
    """Say what the type of a duty's event alone does not tell: period, instant, reason, unit, ending."""
    at = instant(data.get("at"))
    found = [
        str(data["period"]) if type_ == DutyEvent.DUTY_OPENED and data.get("period") else "",
        moment(at) if at else "",
        word(data["reason"], "codes") if data.get("reason") else "",
        _unit(str(data["unit"]), directory) if data.get("unit") else "",
        word(data["ending"], "duty_endings") if data.get("ending") else "",
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
