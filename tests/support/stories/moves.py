"""People's possible moves, for any source of choices: outcomes with their fields, and the staff entitled to them."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from domain.duty.lifecycle import DutyTask
from domain.duty.words import KIND as DUTY
from domain.kinds import kind_of
from domain.matter.tasks import Field, FieldType, Outcome
from domain.office.first_directory import FIRST
from domain.office.responsibility import may_decide
from domain.office.words import Role
from domain.order.lifecycle import TaskKind
from domain.order.words import KIND as ORDER
from store.office.people import Staff

Choose = Callable[[Sequence[Any]], Any]
"""Draws one of several."""

_GOING_ON: Final[Mapping[str, Mapping[str, str]]] = {
    ORDER: {
        TaskKind.FIRST_CONTACT: "refer",
        TaskKind.CLASSIFY: "general",
        TaskKind.DISPATCH: "assign",
        TaskKind.ACKNOWLEDGE: "accept",
        TaskKind.HANDLE: "report_result",
        TaskKind.REVIEW: "approve",
        TaskKind.EXPLAIN: "explained",
        TaskKind.FOLLOW_UP: "reached",
    },
    DUTY: {
        DutyTask.PLAN_MEETING: "announce",
        DutyTask.HOLD_MEETING: "held",
        DutyTask.CLOSE_MEETING: "close",
        DutyTask.REVIEW: "approve",
    },
}
"""The choices of staff who want a matter to go on, by kind and task."""
_ENDING: Final[Mapping[str, Mapping[str, str]]] = {
    ORDER: {
        **_GOING_ON[ORDER],
        TaskKind.FIRST_CONTACT: "resolve",
        TaskKind.SUPERVISE: "conclude",
    },
    DUTY: {DutyTask.REVIEW: "approve", DutyTask.SUPERVISE: "conclude"},
}
"""The choices of staff who want a matter to end."""
_PLAIN: Final = {"solved": "yes", "satisfied": "yes", "led_by": "leader", "evidence": "companion"}
_BEGAN, _ENDED = 2, 1
"""How many short whiles ago a meeting began and ended, if all goes well."""
_NEEDED: Final = frozenset({"no_issue_reason"})
"""Optional fields without which a plain answer would be refused."""


def a_value(  # noqa: C901, PLR0911 - one a type
    choose: Choose,
    each: Field,
    *,
    now: datetime,
    unit: timedelta,
    text: str,
    other: Sequence[str],
    due_at: datetime | None = None,
) -> Any:
    """Draw the value of a field; `unit` is the length of a short while, `other` are numbers of orders.

    `due_at` is the limit of the task that is decided.
    """
    match each.type:
        case FieldType.NUMBER:
            return choose([1, 3, 200])
        case FieldType.ISSUES:
            return [{"text": f"{text}，一件"}, *choose([[], [{"text": f"{text}，又一件", "answer": text}]])]
        case FieldType.CODE:
            return choose(each.codes)
        case FieldType.UNIT:
            return choose(FIRST.handling_units[::4])
        case FieldType.UNITS:
            return choose([[], [FIRST.handling_units[0]], list(FIRST.handling_units[5:7])])
        case FieldType.CATEGORY:
            return choose([each for each in FIRST.open_categories if not FIRST.evidence(each)][:3])
        case FieldType.INSTANT:
            away = unit * choose([1, 5, 20])
            # A later instant counts from now, or from the present limit.
            since = choose([now, max(now, due_at or now)])
            return (now - away if each.past else since + away).isoformat()
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
    usual = _PLAIN | {
        name: (known["now"] - known["unit"] * ago).isoformat()
        for name, ago in {"started_at": _BEGAN, "ended_at": _ENDED}.items()
    }
    for each in fields:
        if plain and each.name in usual:
            found[each.name] = usual[each.name]
        elif each.required or (plain and each.name in _NEEDED) or (not plain and choose([True, False])):
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


def outcomes_of(row: Any) -> tuple[Outcome, ...]:
    """Return all outcomes of a task of the store, also those that it withholds."""
    return kind_of(row.matter_no).tables.outcomes(row.kind)


def going_on(row: Any) -> Outcome:
    """Return the outcome of staff who want the matter to go on; of a task beside it, the first."""
    usual = _GOING_ON[kind_of(row.matter_no).name].get(row.kind)
    return next((each for each in outcomes_of(row) if each.name == usual), outcomes_of(row)[0])


def ending(row: Any) -> Outcome | None:
    """Return the outcome of staff who want the matter to end; `None` if nobody would decide this task."""
    usual = _ENDING[kind_of(row.matter_no).name].get(row.kind)
    return next((each for each in outcomes_of(row) if each.name == usual), None)
