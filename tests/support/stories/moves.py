"""People's possible moves, for any source of choices: outcomes with their fields, and the staff entitled to them."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from domain.matter.tasks import Field, FieldType
from domain.office.first_directory import FIRST
from domain.office.responsibility import may_decide
from domain.office.words import Role
from domain.order.lifecycle import TASKS, TaskKind
from store.office.people import Staff

Choose = Callable[[Sequence[Any]], Any]
"""Draws one of several."""

FINISHING: Final[Mapping[TaskKind, str]] = {
    TaskKind.FIRST_CONTACT: "refer",
    TaskKind.CLASSIFY: "general",
    TaskKind.DISPATCH: "assign",
    TaskKind.ACKNOWLEDGE: "accept",
    TaskKind.HANDLE: "report_result",
    TaskKind.REVIEW: "approve",
    TaskKind.EXPLAIN: "explained",
    TaskKind.FOLLOW_UP: "reached",
}
"""The choices of staff who want an order to go on."""
ENDING: Final[Mapping[TaskKind, str]] = {
    **FINISHING,
    TaskKind.FIRST_CONTACT: "resolve",
    TaskKind.SUPERVISE: "conclude",
}
"""The choices of staff who want an order to end."""
_PLAIN: Final = {"solved": "yes", "satisfied": "yes"}


def a_value(  # noqa: PLR0911 - one a type
    choose: Choose, each: Field, *, now: datetime, unit: timedelta, text: str, other: Sequence[str]
) -> Any:
    """Draw the value of a field; `unit` is the length of a short while, `other` are numbers of orders."""
    match each.type:
        case FieldType.CODE:
            return choose(each.codes)
        case FieldType.UNIT:
            return choose(FIRST.handling_units[::4])
        case FieldType.UNITS:
            return choose([[], [FIRST.handling_units[0]], list(FIRST.handling_units[5:7])])
        case FieldType.CATEGORY:
            return choose(FIRST.open_categories[:3])
        case FieldType.INSTANT:
            away = unit * choose([1, 5, 20])
            return (now - away if each.past else now + away).isoformat()
        case FieldType.ATTACHMENTS:
            return []
        case FieldType.ORDER:
            return choose(other) if other else "20261123-BBBBBB"
        case FieldType.PARTS:
            return [{"text": f"{text}，另一件"}, *choose([[], [{"text": f"{text}，又一件"}]])]
        case FieldType.TEXT:
            return text


def fields_for(choose: Choose, fields: Sequence[Field], *, plain: bool, **known: Any) -> dict[str, Any]:
    """Draw the fields of an outcome or action; optional ones only now and then, and never if `plain`."""
    found = {}
    for each in fields:
        if plain and each.name in _PLAIN:
            found[each.name] = _PLAIN[each.name]
        elif each.required or (not plain and choose([True, False])):
            found[each.name] = a_value(choose, each, **known)
    return found


def entitled(staff: Sequence[Staff], row: Any) -> list[Staff]:
    """List the staff who may decide a task of the store and are not asked about their own work."""
    return [
        each
        for each in staff
        if may_decide(each.unit, each.roles, unit=row.unit, role=Role(row.role), on_duty=row.on_duty)
        and each.username not in (row.not_by or ())
    ]


def outcome_fields(kind: str, name: str) -> Sequence[Field]:
    """Return the fields of an outcome."""
    return next(each.fields for each in TASKS[TaskKind(kind)].outcomes if each.name == name)
