"""Judge the fields of a decision or action, for a matter of any kind.

Pure functions. The edge asks them before it accepts anything, the workflow asks them again when the signal
arrives, and both give the same reason.
"""

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from domain.calendar.instants import instant
from domain.matter.faults import Fault
from domain.matter.numbers import order_number
from domain.matter.tasks import (
    FARTHEST,
    ID_PATTERN,
    MAX_ATTACHMENTS,
    MAX_ISSUES,
    MAX_NUMBER,
    MAX_ORDER_NO,
    MAX_PARTS,
    MAX_TEXT,
    STORED,
    Field,
    FieldType,
    Outcome,
)
from domain.matter.timeliness import CLOCK_SKEW
from domain.office.directory import MAX_CODE, Directory
from domain.text import can_be_stored, is_visible

_LONGEST_INSTANT = 40


class DecisionStatus(StrEnum):
    """What became of a decision or action."""

    PENDING = "pending"
    APPLIED = "applied"
    REJECTED = "rejected"


@dataclass(frozen=True, kw_only=True, slots=True)
class Refusal:
    """Why a decision or action is refused: a stable code, a sentence for people, and the field if any.

    A refusal of a field's content has a `fault`, and the `bound` that was passed: an instant (UTC) or a
    number.
    """

    code: str
    reason: str
    field: str | None = None
    fault: Fault | None = None
    bound: datetime | int | None = None


def invalid(name: str, fault: Fault, reason: str, bound: datetime | int | None = None) -> Refusal:
    """Refuse the content of a field; `name` may be dotted and lead to one of its parts."""
    return Refusal(
        code="invalid_field", reason=reason, field=name.partition(".")[0], fault=fault, bound=bound
    )


@dataclass(frozen=True, kw_only=True, slots=True)
class Codes:
    """The open units and categories that may be named: the whole directory, or what the store vouched for."""

    units: Collection[str] = ()
    categories: Collection[str] = ()
    all_of_it: bool = False

    @classmethod
    def of(cls, directory: Directory) -> "Codes":
        """Return all open units and categories of a directory."""
        return cls(units=directory.handling_units, categories=directory.open_categories, all_of_it=True)


@dataclass(frozen=True, kw_only=True, slots=True)
class Submission:
    """The outcome or action that a person chose, with its fields.

    `at` is when they decided. `stored` names the fields whose words are kept with the decision row. A
    `comment` may stand for a required text: a signal typed in the Temporal UI or CLI has nothing else.
    """

    name: str
    actor: str
    at: datetime
    fields: Mapping[str, object] = field(default_factory=dict)
    stored: frozenset[str] = frozenset()
    comment: str | None = None
    codes: Codes = field(default_factory=Codes)


def listed(value: object) -> list[object]:
    """Return a list as it is, and an empty one for anything else."""
    return value if isinstance(value, list) else []


def judge_fields(fields: tuple[Field, ...], wanted: Submission) -> Refusal | None:
    """Judge each field by itself; `None` means that all are in order."""
    known = {each.name for each in fields}
    for name in wanted.fields:
        if name not in known:
            allowed = ", ".join(sorted(known)) or "none"
            # A text that is not a name could hold anything, so it is not repeated.
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
    if each.type is FieldType.ISSUES:
        return wrong_issues(each.name, value, wanted.codes)
    if each.type is FieldType.NUMBER:
        return _wrong_number(each, value)
    if each.type is FieldType.ATTACHMENTS:
        reason = wrong_ids(value)
        return invalid(each.name, Fault.FILES, f"{each.name} {reason}", MAX_ATTACHMENTS) if reason else None
    return _wrong_word(each, value, wanted)


def _wrong_parts(each: Field, value: object, codes: Codes) -> Refusal | None:
    parts = listed(value)
    if not 1 <= len(parts) <= MAX_PARTS:
        return invalid(
            each.name,
            Fault.PARTS,
            f"{each.name} must be a list of 1 to {MAX_PARTS} further matters",
            MAX_PARTS,
        )
    for part in parts:
        if not isinstance(part, dict) or not {"text"} <= set(part) <= {"text", "category"}:
            return invalid(
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


def _wrong_number(each: Field, value: object) -> Refusal | None:
    is_number = isinstance(value, int) and not isinstance(value, bool) and 1 <= value <= MAX_NUMBER
    reason = f"{each.name} must be a whole number from 1 to {MAX_NUMBER}"
    return None if is_number else invalid(each.name, Fault.NUMBER, reason, MAX_NUMBER)


OF_AN_ISSUE = {"text": MAX_TEXT, "category": MAX_CODE, "answer": MAX_TEXT, "name": 100, "phone": 40}
"""The parts of one issue, with their longest lengths; `answer` is there if it was solved on the spot."""


def wrong_issues(name: str, value: object, codes: Codes) -> Refusal | None:
    """Say what is wrong with the issues of a meeting, if anything; of its parts only the text is required."""
    issues = listed(value)
    if not 1 <= len(issues) <= MAX_ISSUES:
        return invalid(name, Fault.ISSUES, f"{name} must be a list of 1 to {MAX_ISSUES} issues", MAX_ISSUES)
    for issue in issues:
        if not isinstance(issue, dict) or not {"text"} <= set(issue) <= set(OF_AN_ISSUE):
            known = ", ".join(OF_AN_ISSUE)
            return invalid(
                name, Fault.ISSUES, f"each of {name} has a text, and of these what is known: {known}"
            )
        for part, longest in OF_AN_ISSUE.items():
            if part not in issue:
                continue
            if refusal := _wrong_text(f"{name}.{part}", issue[part]):
                return refusal
            if len(issue[part]) > longest:
                return invalid(
                    name, Fault.TOO_LONG, f"{name}.{part} is longer than {longest} characters", longest
                )
        if (category := issue.get("category")) is not None and category not in codes.categories:
            return _no_such(f"{name}.category", "category", codes.categories, codes)
    return None


def _no_such(name: str, kind: str, known: Collection[str], codes: Codes, *, listed: bool = False) -> Refusal:
    """Refuse an unknown code without repeating it, since the text could hold anything."""
    said = f"each of {name}" if listed else name
    if codes.all_of_it:
        return invalid(name, Fault.CHOICE, f"{said} must be one of: {', '.join(known)}")
    return invalid(
        name, Fault.CHOICE, f"{said} is no open {kind} of the directory; see: dingdan routing show"
    )


def _wrong_units(each: Field, value: object, codes: Codes) -> Refusal | None:
    units = listed(value)
    if not isinstance(value, list) or len(set(map(str, units))) != len(units):
        return invalid(each.name, Fault.CHOICE, f"{each.name} must be a list of different units")
    if all(isinstance(unit, str) and unit in codes.units for unit in units):
        return None
    return _no_such(each.name, "unit", codes.units, codes, listed=True)


def _wrong_word(each: Field, value: object, wanted: Submission) -> Refusal | None:  # noqa: PLR0911 - one a type
    if refusal := _wrong_text(each.name, value):
        return refusal
    word = str(value)
    match each.type:
        case FieldType.CODE if word not in each.codes:
            return invalid(each.name, Fault.CHOICE, f"{each.name} must be one of: {', '.join(each.codes)}")
        case FieldType.UNIT if word not in wanted.codes.units:
            return _no_such(each.name, "unit", wanted.codes.units, wanted.codes)
        case FieldType.CATEGORY if word not in wanted.codes.categories:
            return _no_such(each.name, "category", wanted.codes.categories, wanted.codes)
        case FieldType.ORDER if len(word) > MAX_ORDER_NO or order_number(word) is None:
            return invalid(
                each.name, Fault.TOO_LONG, f"{each.name} must be the number of an order", MAX_ORDER_NO
            )
        case FieldType.INSTANT:
            return _wrong_instant(each, instant(word) if len(word) <= _LONGEST_INSTANT else None, wanted.at)
        case _:
            return None


def _wrong_text(name: str, value: object) -> Refusal | None:
    if not isinstance(value, str) or not is_visible(value) or not can_be_stored(value):
        wanted = f"{name} must be a text that can be seen, without NUL characters or halves of emoji"
        return invalid(name, Fault.LETTERS, wanted)
    if len(value) > MAX_TEXT:
        return invalid(name, Fault.TOO_LONG, f"{name} is longer than {MAX_TEXT} characters", MAX_TEXT)
    return None


def _wrong_instant(each: Field, value: datetime | None, now: datetime) -> Refusal | None:
    name = each.name
    if value is None:
        wanted = f"{name} must be an instant with an offset, like 2026-11-23T17:00:00+08:00"
        return invalid(name, Fault.INSTANT, wanted)
    if each.future and not now < value <= now + FARTHEST:
        return invalid(name, Fault.NOT_AHEAD, f"{name} must lie in the future, and within a year")
    if each.past and not now - FARTHEST <= value <= now + CLOCK_SKEW:
        return invalid(name, Fault.NOT_PAST, f"{name} must lie in the past, and within a year")
    return None


def named_codes(fields: Iterable[Field], given: Mapping[str, object]) -> tuple[list[str], list[str]]:
    """List the units and the categories that the fields name, and ignore everything else."""
    units: list[object] = []
    categories: list[object] = []
    for each in fields:
        value = given.get(each.name)
        match each.type:
            case FieldType.UNIT:
                units.append(value)
            case FieldType.UNITS:
                units += listed(value)
            case FieldType.CATEGORY:
                categories.append(value)
            case FieldType.PARTS | FieldType.ISSUES:
                categories += [part.get("category") for part in listed(value) if isinstance(part, dict)]
            case _:
                pass
    return _codes_in(units), _codes_in(categories)


def _codes_in(values: Iterable[object]) -> list[str]:
    return [value for value in values if isinstance(value, str) and 0 < len(value) <= MAX_CODE]


def wrong_ids(ids: object) -> str | None:
    """Say what is wrong with a list of attachment ids, if anything."""
    if not isinstance(ids, list | tuple):
        return "must be a list of attachment ids"
    if len(ids) > MAX_ATTACHMENTS:
        return f"holds more than {MAX_ATTACHMENTS} ids"
    if not all(isinstance(each, str) and re.fullmatch(ID_PATTERN, each) for each in ids):
        return "must hold ids as `POST /attachments` gave them"
    return "names the same file twice" if len(set(ids)) < len(ids) else None


@dataclass(frozen=True, kw_only=True, slots=True)
class Offered:
    """The facts of an open task of any kind by which the choice of an outcome is judged.

    `outcomes`: those that it offers now. `opened_at`: no decision is taken earlier. `not_by`: the staff who
    may not decide it, because it is about their own work. `taken`: how often the matter took this answer
    before.
    """

    kind: str
    outcomes: tuple[Outcome, ...]
    opened_at: datetime
    not_by: Collection[str]
    taken: int


def judge_choice(task: Offered, wanted: Submission, *, answer_cap: int) -> Outcome | Refusal:
    """Return the chosen outcome if it is offered and all its fields are in order, otherwise the refusal."""
    if wanted.at < task.opened_at - CLOCK_SKEW:
        return Refusal(code="not_yet", reason=f"this task opens at {task.opened_at:%Y-%m-%dT%H:%M:%SZ}")
    if wanted.actor in task.not_by:
        return Refusal(code="own_work", reason="this is about your own work; ask a colleague")
    outcome = next((each for each in task.outcomes if each.name == wanted.name), None)
    if outcome is None:
        names = ", ".join(each.name for each in task.outcomes)
        return Refusal(
            code="unknown_outcome",
            reason=f"a task of kind {task.kind} has no outcome of that name now; choose one of: {names}",
            field="outcome",
        )
    if outcome.leads_back and task.taken >= answer_cap:
        return too_often(wanted.name, task.taken)
    return judge_fields(outcome.fields, wanted) or outcome


def too_often(name: str, taken: int) -> Refusal:
    """Refuse an answer or action that was sent often enough."""
    return Refusal(code="too_often", reason=f"{name} was sent {taken} times; please call the hotline")
