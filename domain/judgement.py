"""Judging what somebody wants against the table of tasks and actions.

Pure functions over facts: the edge asks them before it takes anything, the workflow asks them again
when it gets there, and both say the same reason.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from domain.attachments import wrong_ids
from domain.deadlines import is_reckonable
from domain.lifecycle import ACTIONS, MAX_TEXT, ActionName, Field, FieldType, TaskKind, outcomes_of
from domain.orders import Stage

_LONGEST_INSTANT = 40


@dataclass(frozen=True, kw_only=True, slots=True)
class Refusal:
    """Why a decision or action is not taken: a stable code, a sentence for people, the field if one is meant."""

    code: str
    reason: str
    field: str | None = None


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


def judge_outcome(
    kind: TaskKind,
    wanted: Submission,
    *,
    opened_at: datetime | None = None,
    reclassified: bool = False,
    handled_by: str | None = None,
) -> Refusal | None:
    """Judge a decision on an open task of this kind; `None` means that it is in order.

    A task that opens later (`opened_at`), like the next call after the policy's gap, waits until then.
    """
    if opened_at is not None and wanted.at < opened_at:
        return Refusal(code="not_yet", reason=f"this task opens at {opened_at:%Y-%m-%dT%H:%M:%SZ}")
    if kind is TaskKind.FOLLOW_UP and wanted.actor == handled_by:
        return Refusal(
            code="own_work", reason="who handled an order does not call back about it; ask a colleague"
        )
    offered = outcomes_of(kind, reclassified=reclassified)
    outcome = next((each for each in offered if each.name == wanted.name), None)
    if outcome is None:
        names = ", ".join(each.name for each in offered)
        return Refusal(
            code="unknown_outcome",
            reason=f"a task of kind {kind} has no outcome of that name now; choose one of: {names}",
            field="outcome",
        )
    return _judge_fields(outcome.fields, wanted)


def judge_action(
    wanted: Submission,
    *,
    stage: Stage,
    reopened: bool,
    supervised: bool,
    taken: int = 0,
    handled_by: str | None = None,
) -> Refusal | None:
    """Judge an action on an order that is at `stage`; `None` means that it is in order.

    `taken` is how often the order took this action before.
    """
    action = next((each for each in ACTIONS.values() if each.name == wanted.name), None)
    if action is None:
        names = ", ".join(ACTIONS)
        return Refusal(
            code="unknown_action", reason=f"there is no such action; choose one of: {names}", field="action"
        )
    name = action.name
    rules = (
        (
            name is ActionName.SUPERVISE and supervised,
            Refusal(code="supervised_already", reason="the order is under supervision already"),
        ),
        (
            name is ActionName.RATE and wanted.actor == handled_by,
            Refusal(code="own_work", reason="who handled an order does not rate it; ask a colleague"),
        ),
        (
            taken >= action.most,
            Refusal(code="too_often", reason=f"{name} was sent {taken} times; please call the hotline"),
        ),
        (
            stage not in action.stages,
            Refusal(code="wrong_stage", reason=f"{name} is not possible in the stage {stage}"),
        ),
        (
            name is ActionName.REOPEN and reopened,
            Refusal(code="reopened_already", reason="an order is reopened once; place a new order instead"),
        ),
    )
    broken = next((refusal for is_broken, refusal in rules if is_broken), None)
    return broken or _judge_fields(action.fields, wanted)


def _judge_fields(fields: tuple[Field, ...], wanted: Submission) -> Refusal | None:
    known = {each.name for each in fields}
    for name in wanted.fields:
        if name not in known:
            allowed = ", ".join(sorted(known)) or "none"
            return Refusal(
                code="unknown_field", reason=f"this field is not known here; known: {allowed}", field="fields"
            )
    for each in fields:
        if refusal := _judge_field(each, wanted):
            return refusal
    return None


def _judge_field(each: Field, wanted: Submission) -> Refusal | None:
    value = wanted.fields.get(each.name)
    if value is None:
        by_text = each.type is FieldType.TEXT and (
            each.name in wanted.stored or bool((wanted.comment or "").strip())
        )
        if by_text or not each.required:
            return None
        return Refusal(
            code="missing_field", reason=f"{each.name} is required ({each.label})", field=each.name
        )
    reason = _wrong(each, value, wanted.at)
    return Refusal(code="invalid_field", reason=reason, field=each.name) if reason else None


def _wrong(each: Field, value: object, now: datetime) -> str | None:
    if each.type is FieldType.NONE_YET:
        return None if value == [] else f"{each.name} is not possible yet; leave it out"
    if each.type is FieldType.ATTACHMENTS:
        reason = wrong_ids(value)
        return f"{each.name} {reason}" if reason else None
    return _wrong_word(each, value, now)


def _wrong_word(each: Field, value: object, now: datetime) -> str | None:
    if not isinstance(value, str) or not value.strip() or not _can_be_stored(value):
        return f"{each.name} must be a text that is not empty, without NUL characters or halves of emoji"
    match each.type:
        case FieldType.TEXT if len(value) > MAX_TEXT:
            return f"{each.name} is longer than {MAX_TEXT} characters"
        case FieldType.CODE | FieldType.UNIT if value not in each.codes:
            return f"{each.name} must be one of: {', '.join(each.codes)}"
        case FieldType.INSTANT:
            return _wrong_instant(each, instant(value) if len(value) <= _LONGEST_INSTANT else None, now)
        case _:
            return None


def _can_be_stored(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return "\x00" not in text


def _wrong_instant(each: Field, value: datetime | None, now: datetime) -> str | None:
    if value is None:
        return f"{each.name} must be an instant with an offset, like 2026-11-23T17:00:00+08:00"
    return f"{each.name} must lie in the future" if each.future and value <= now else None


def instant(value: object) -> datetime | None:
    """Read an aware ISO 8601 instant of this or the next years; `None` if it is none."""
    try:
        read = datetime.fromisoformat(str(value))
    except ValueError:
        return None
    return read if is_reckonable(read) else None
