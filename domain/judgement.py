"""Judging what somebody wants against the table of tasks and actions.

Pure functions over facts: the edge asks them before it takes anything, the workflow asks them again
when it gets there, and both say the same reason.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from domain.actions import ACTIONS, ActionName
from domain.attachments import MAX_ATTACHMENTS, wrong_ids
from domain.deadlines import is_reckonable
from domain.directory import MAX_CODE, Directory
from domain.faults import Fault, contradiction
from domain.lifecycle import (
    FARTHEST,
    LEADING,
    MAX_ORDER_NO,
    MAX_PARTS,
    MAX_TEXT,
    STORED,
    Field,
    FieldType,
    TaskKind,
    outcomes_of,
)
from domain.orders import Ending, OrderClass, Stage, order_number
from domain.policy import PolicyBook
from domain.text import can_be_stored, is_visible
from domain.timeliness import CLOCK_SKEW
from domain.voices import RESIDENT, said_enough

_LONGEST_INSTANT = 40


class DecisionStatus(StrEnum):
    """What became of a decision or action."""

    PENDING = "pending"
    APPLIED = "applied"
    REJECTED = "rejected"


@dataclass(frozen=True, kw_only=True, slots=True)
class Refusal:
    """Why a decision or action is not taken: a stable code, a sentence for people, the field if one is meant.

    What is wrong with a field has a `fault`, and the `bound` that it passes: an instant (UTC), or a number.
    """

    code: str
    reason: str
    field: str | None = None
    fault: Fault | None = None
    bound: datetime | int | None = None


def _invalid(name: str, fault: Fault, reason: str, bound: datetime | int | None = None) -> Refusal:
    """Refuse what stands in a field; `name` may lead on into one of its parts."""
    return Refusal(
        code="invalid_field", reason=reason, field=name.partition(".")[0], fault=fault, bound=bound
    )


@dataclass(frozen=True, kw_only=True, slots=True)
class Codes:
    """Open units and categories that may be named: all of the directory, or what was vouched for of it."""

    units: Collection[str] = ()
    categories: Collection[str] = ()
    all_of_it: bool = False

    @classmethod
    def of(cls, directory: Directory) -> "Codes":
        """List all that a directory has open."""
        return cls(units=directory.handling_units, categories=directory.open_categories, all_of_it=True)


@dataclass(frozen=True, kw_only=True, slots=True)
class Submission:
    """What somebody wants: an outcome or action with its fields.

    `at` is when it was decided. `stored` names the text fields whose words are kept with the decision
    row; a `comment` stands for a required text, because that is what the Temporal UI and CLI have.
    """

    name: str
    actor: str
    at: datetime
    fields: Mapping[str, object] = field(default_factory=dict)
    stored: frozenset[str] = frozenset()
    comment: str | None = None
    codes: Codes = field(default_factory=Codes)


@dataclass(frozen=True, kw_only=True, slots=True)
class TaskFacts:
    """An open task, as far as a decision on it is judged.

    `unit` and `order_class`: the order's; its unit need not be the task's. `opened_at`: a task that opens later, like
    the next call after the policy's gap, waits until then. `not_by`: who may not decide it, because it is about their
    own work. `taken`: how often the order took this answer before.
    """

    kind: TaskKind
    order_no: str = ""
    unit: str = ""
    order_class: OrderClass | None = None
    opened_at: datetime | None = None
    due_at: datetime | None = None
    withheld: Collection[str] = ()
    not_by: Collection[str] = ()
    evidence: int = 0
    taken: int = 0


def judge_outcome(task: TaskFacts, wanted: Submission, book: PolicyBook) -> Refusal | None:
    """Judge a decision on an open task; `None` means that it is in order."""
    if task.opened_at is not None and wanted.at < task.opened_at - CLOCK_SKEW:
        return Refusal(code="not_yet", reason=f"this task opens at {task.opened_at:%Y-%m-%dT%H:%M:%SZ}")
    if wanted.actor in task.not_by:
        return Refusal(code="own_work", reason="this is about your own work; ask a colleague")
    offered = outcomes_of(task.kind, without=task.withheld)
    outcome = next((each for each in offered if each.name == wanted.name), None)
    if outcome is None:
        names = ", ".join(each.name for each in offered)
        return Refusal(
            code="unknown_outcome",
            reason=f"a task of kind {task.kind} has no outcome of that name now; choose one of: {names}",
            field="outcome",
        )
    if outcome.leads_back and task.taken >= book.answer_cap:
        return _too_often(wanted.name, task.taken)
    return _judge_fields(outcome.fields, wanted) or _judge_facts(task, wanted, book)


def _too_often(name: str, taken: int) -> Refusal:
    return Refusal(code="too_often", reason=f"{name} was sent {taken} times; please call the hotline")


def _judge_facts(task: TaskFacts, wanted: Submission, book: PolicyBook) -> Refusal | None:
    """Judge what the fields say against where the order stands; the fields themselves are in order."""
    match wanted.name:
        case "refer" | "reached" | "reject":
            found = contradiction(wanted.fields)
            return _invalid(found.field, found.fault, found.reason) if found else None
        case "report_result":
            return _judge_evidence(task, wanted)
        case "request_extension":
            return _judge_extension(task, wanted, book.extension_longest)
        case "request_pause":
            return _judge_until(wanted, "until", book.pause_longest)
        case _:
            return _judge_same(task, wanted)


def _judge_same(task: TaskFacts, wanted: Submission) -> Refusal | None:
    """Nothing is given to whom has it already."""
    match wanted.name:
        case "mark_duplicate" if order_number(wanted.fields[LEADING.name]) == task.order_no:
            return _OF_ITSELF
        case "transfer" if wanted.fields["unit"] == task.unit:
            return Refusal(code="same_unit", reason="the order is with this unit already", field="unit")
        case "reclassify" | "request_reclassification" if wanted.fields["class"] == task.order_class:
            return Refusal(code="same_class", reason="the order is of this class already", field="class")
        case "assign" if wanted.fields["lead_unit"] in _listed(wanted.fields.get("helping_units")):
            return Refusal(
                code="same_unit", reason="the lead unit does not help itself", field="helping_units"
            )
        case _:
            return None


_OF_ITSELF = Refusal(
    code="same_order", reason="an order is not a duplicate of itself; name the other one", field=LEADING.name
)


def _judge_evidence(task: TaskFacts, wanted: Submission) -> Refusal | None:
    if len(_listed(wanted.fields.get("attachments"))) >= task.evidence:
        return None
    reason = f"orders of this category are closed with evidence: attach at least {task.evidence} picture(s)"
    field, fault = "attachments", Fault.EVIDENCE
    return Refusal(code="evidence_required", reason=reason, field=field, fault=fault, bound=task.evidence)


def _judge_extension(task: TaskFacts, wanted: Submission, longest: timedelta) -> Refusal | None:
    """An extension is asked for before the due time and moves it; half-open: at the due time it is too late."""
    asked = instant(wanted.fields["due_at"])
    if task.due_at is not None:
        if wanted.at >= task.due_at:
            return Refusal(
                code="too_late", reason="an extension is asked for before the due time, which has passed"
            )
        if asked is not None and asked <= task.due_at:
            return _invalid(
                "due_at",
                Fault.TOO_EARLY,
                f"due_at must be later than the present due time {task.due_at:%Y-%m-%dT%H:%M:%SZ}",
                task.due_at,
            )
    return _judge_until(wanted, "due_at", longest)


def _judge_until(wanted: Submission, name: str, longest: timedelta) -> Refusal | None:
    asked = instant(wanted.fields[name])
    last = wanted.at + longest
    if asked is None or asked <= last:
        return None
    return _invalid(name, Fault.TOO_FAR, f"{name} must not be later than {last:%Y-%m-%dT%H:%M:%SZ}", last)


def _listed(value: object) -> list[object]:
    return value if isinstance(value, list) else []


@dataclass(frozen=True, kw_only=True, slots=True)
class OrderSituation:
    """An order, as far as an action on it is judged; `taken` is how often it took this action before, by voice.

    `book`: how often it may; nobody asks where the action is only offered.
    `left`: its requester took it back, and it goes on for others.
    """

    stage: Stage
    order_no: str = ""
    unit: str = ""
    ending: Ending | None = None
    left: bool = False
    reopened: bool = False
    supervised: bool = False
    taken: Mapping[str, int] = field(default_factory=dict)
    book: PolicyBook | None = None
    handled_by: str | None = None


WITHDRAWN_ALREADY = Refusal(code="withdrawn_already", reason="the requester has taken the order back before")
_THE_REQUESTERS = frozenset({ActionName.WITHDRAW, ActionName.RATE, ActionName.REOPEN})
"""What nobody does for somebody who has left."""


def is_possible(order: OrderSituation, name: ActionName, *, actor: str, at: datetime) -> bool:
    """Tell whether an action may be offered: nothing stands against it but what nobody has written yet."""
    stored = frozenset(each.name for each in ACTIONS[name].fields)
    refusal = judge_action(order, Submission(name=name, actor=actor, at=at, stored=stored))
    return refusal is None or refusal.code == "missing_field"


def judge_action(order: OrderSituation, wanted: Submission) -> Refusal | None:
    """Judge an action on an order; `None` means that it is in order."""
    action = next((each for each in ACTIONS.values() if each.name == wanted.name), None)
    if action is None:
        names = ", ".join(ACTIONS)
        return Refusal(
            code="unknown_action", reason=f"there is no such action; choose one of: {names}", field="action"
        )
    name = action.name
    often = said_enough(order.taken, wanted.actor, order.book) if order.book and action.counted else None
    rules = (
        (
            name is ActionName.SUPERVISE and order.supervised,
            Refusal(code="supervised_already", reason="the order is under supervision already"),
        ),
        (
            name is ActionName.RATE and wanted.actor == order.handled_by != RESIDENT,
            Refusal(code="own_work", reason="who handled an order does not rate it; ask a colleague"),
        ),
        (
            often is not None,
            _too_often(name, often or 0),
        ),
        (
            order.stage is Stage.JOINED and order.stage not in action.stages,
            Refusal(code="merged", reason="this order was joined to another one, which goes on"),
        ),
        (
            order.stage not in action.stages,
            Refusal(code="wrong_stage", reason=f"{name} is not possible in the stage {order.stage}"),
        ),
        (
            name is ActionName.REOPEN and order.reopened,
            Refusal(code="reopened_already", reason="an order is reopened once; place a new order instead"),
        ),
        (
            name is ActionName.RATE and order.ending is Ending.WITHDRAWN,
            Refusal(code="withdrawn", reason="the order was taken back: there is nothing to rate"),
        ),
        (
            name in _THE_REQUESTERS and order.left,
            WITHDRAWN_ALREADY,
        ),
        (
            name is ActionName.MERGE and order_number(wanted.fields.get(LEADING.name)) == order.order_no,
            _OF_ITSELF,
        ),
        (
            name is ActionName.REASSIGN and wanted.fields.get("unit") == order.unit,
            Refusal(code="same_unit", reason="the order is with this unit already", field="unit"),
        ),
    )
    broken = next((refusal for is_broken, refusal in rules if is_broken), None)
    return broken or _judge_fields(action.fields, wanted)


def _judge_fields(fields: tuple[Field, ...], wanted: Submission) -> Refusal | None:
    known = {each.name for each in fields}
    for name in wanted.fields:
        if name not in known:
            allowed = ", ".join(sorted(known)) or "none"
            # Whatever is no name may be anything, and is not repeated.
            is_name = name.isidentifier() and len(name) <= MAX_CODE
            return Refusal(
                code="unknown_field",
                reason=f"this field is not known here; known: {allowed}",
                field=name if is_name else "fields",
            )
    for each in fields:
        if refusal := _judge_field(each, wanted):
            return refusal
    return None


def _judge_field(each: Field, wanted: Submission) -> Refusal | None:
    value = wanted.fields.get(each.name)
    if value is None:
        commented = each.type is FieldType.TEXT and is_visible(wanted.comment or "")
        by_text = commented or (each.type in STORED and each.name in wanted.stored)
        if by_text or not each.required:
            return None
        return Refusal(
            code="missing_field", reason=f"{each.name} is required ({each.label})", field=each.name
        )
    return _wrong(each, value, wanted)


def _wrong(each: Field, value: object, wanted: Submission) -> Refusal | None:
    if each.type is FieldType.UNITS:
        return _wrong_units(each, value, wanted.codes)
    if each.type is FieldType.PARTS:
        return _wrong_parts(each, value, wanted.codes)
    if each.type is FieldType.ATTACHMENTS:
        reason = wrong_ids(value)
        return _invalid(each.name, Fault.FILES, f"{each.name} {reason}", MAX_ATTACHMENTS) if reason else None
    return _wrong_word(each, value, wanted)


def _wrong_parts(each: Field, value: object, codes: Codes) -> Refusal | None:
    parts = _listed(value)
    if not 1 <= len(parts) <= MAX_PARTS:
        return _invalid(
            each.name,
            Fault.PARTS,
            f"{each.name} must be a list of 1 to {MAX_PARTS} further matters",
            MAX_PARTS,
        )
    for part in parts:
        if not isinstance(part, dict) or not {"text"} <= set(part) <= {"text", "category"}:
            return _invalid(
                each.name,
                Fault.PARTS,
                f"each of {each.name} has a text, and a category if it is known",
                MAX_PARTS,
            )
        if refusal := _wrong_text(f"{each.name}.text", part["text"]):
            return refusal
        category = part.get("category")
        if category is not None and (not isinstance(category, str) or category not in codes.categories):
            return _no_such(f"{each.name}.category", "category", codes.categories, codes)
    return None


def _no_such(name: str, kind: str, known: Collection[str], codes: Codes, *, listed: bool = False) -> Refusal:
    """Say that a code is none; what was typed is not repeated, it may be anything."""
    said = f"each of {name}" if listed else name
    if codes.all_of_it:
        return _invalid(name, Fault.CHOICE, f"{said} must be one of: {', '.join(known)}")
    return _invalid(
        name, Fault.CHOICE, f"{said} is no open {kind} of the directory; see: dingdan routing show"
    )


def _wrong_units(each: Field, value: object, codes: Codes) -> Refusal | None:
    units = _listed(value)
    if not isinstance(value, list) or len(set(map(str, units))) != len(units):
        return _invalid(each.name, Fault.CHOICE, f"{each.name} must be a list of different units")
    if all(isinstance(unit, str) and unit in codes.units for unit in units):
        return None
    return _no_such(each.name, "unit", codes.units, codes, listed=True)


def _wrong_word(each: Field, value: object, wanted: Submission) -> Refusal | None:  # noqa: PLR0911 - one a type
    if refusal := _wrong_text(each.name, value):
        return refusal
    word = str(value)
    match each.type:
        case FieldType.CODE if word not in each.codes:
            return _invalid(each.name, Fault.CHOICE, f"{each.name} must be one of: {', '.join(each.codes)}")
        case FieldType.UNIT if word not in wanted.codes.units:
            return _no_such(each.name, "unit", wanted.codes.units, wanted.codes)
        case FieldType.CATEGORY if word not in wanted.codes.categories:
            return _no_such(each.name, "category", wanted.codes.categories, wanted.codes)
        case FieldType.ORDER if len(word) > MAX_ORDER_NO or order_number(word) is None:
            return _invalid(
                each.name, Fault.TOO_LONG, f"{each.name} must be the number of an order", MAX_ORDER_NO
            )
        case FieldType.INSTANT:
            return _wrong_instant(each, instant(word) if len(word) <= _LONGEST_INSTANT else None, wanted.at)
        case _:
            return None


def _wrong_text(name: str, value: object) -> Refusal | None:
    if not isinstance(value, str) or not is_visible(value) or not can_be_stored(value):
        wanted = f"{name} must be a text that can be seen, without NUL characters or halves of emoji"
        return _invalid(name, Fault.LETTERS, wanted)
    if len(value) > MAX_TEXT:
        return _invalid(name, Fault.TOO_LONG, f"{name} is longer than {MAX_TEXT} characters", MAX_TEXT)
    return None


def _wrong_instant(each: Field, value: datetime | None, now: datetime) -> Refusal | None:
    name = each.name
    if value is None:
        wanted = f"{name} must be an instant with an offset, like 2026-11-23T17:00:00+08:00"
        return _invalid(name, Fault.INSTANT, wanted)
    if each.future and not now < value <= now + FARTHEST:
        return _invalid(name, Fault.NOT_AHEAD, f"{name} must lie in the future, and within a year")
    if each.past and not now - FARTHEST <= value <= now + CLOCK_SKEW:
        return _invalid(name, Fault.NOT_PAST, f"{name} must lie in the past, and within a year")
    return None


def named_codes(fields: Iterable[Field], given: Mapping[str, object]) -> tuple[list[str], list[str]]:
    """List the units and the categories that somebody names, whatever else they wrote."""
    units: list[object] = []
    categories: list[object] = []
    for each in fields:
        value = given.get(each.name)
        match each.type:
            case FieldType.UNIT:
                units.append(value)
            case FieldType.UNITS:
                units += _listed(value)
            case FieldType.CATEGORY:
                categories.append(value)
            case FieldType.PARTS:
                categories += [part.get("category") for part in _listed(value) if isinstance(part, dict)]
            case _:
                pass
    return _codes_in(units), _codes_in(categories)


def _codes_in(values: Iterable[object]) -> list[str]:
    return [value for value in values if isinstance(value, str) and 0 < len(value) <= MAX_CODE]


def instant(value: object) -> datetime | None:
    """Read an aware ISO 8601 instant of this or the next years; `None` if it is none."""
    try:
        read = datetime.fromisoformat(str(value))
    except ValueError:
        return None
    return read if is_reckonable(read) else None
