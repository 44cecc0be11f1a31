"""Judge a decision or action against the tables of tasks and actions.

Pure functions over facts. The edge asks them before it accepts anything, the workflow asks them again when
the signal arrives, and both give the same reason.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from domain.calendar.instants import instant
from domain.matter.faults import Fault
from domain.matter.judging import (
    Offered,
    Refusal,
    Submission,
    invalid,
    judge_choice,
    judge_fields,
    listed,
    too_often,
)
from domain.matter.numbers import order_number
from domain.matter.tasks import ATTACHMENTS, FOR_RESIDENT
from domain.office.words import OrderClass
from domain.order.actions import ACTIONS, ActionName
from domain.order.lifecycle import LEADING, TaskKind, outcomes_of
from domain.order.policy import PolicyBook
from domain.order.reasons import NOT_OURS
from domain.order.voices import RESIDENT, said_enough
from domain.order.words import Ending, Satisfied, Solved, Stage


@dataclass(frozen=True, kw_only=True, slots=True)
class TaskFacts:
    """The facts of an open task by which a decision on it is judged.

    Every fact is required, so that a page cannot offer what the order refuses. `unit` and `order_class`: the
    order's; its unit need not be the task's. `opened_at`: no decision is taken earlier; the next call-back,
    for instance, opens after the policy's gap. `not_by`: the staff who may not decide it, because it is about
    their own work. `taken`: how often the order took this answer before.
    """

    kind: TaskKind
    order_no: str
    unit: str
    order_class: OrderClass | None
    opened_at: datetime
    due_at: datetime | None
    withheld: Collection[str]
    not_by: Collection[str]
    evidence: int
    taken: int


def judge_outcome(task: TaskFacts, wanted: Submission, book: PolicyBook) -> Refusal | None:
    """Judge a decision on an open task; `None` means that it is in order."""
    offered = Offered(
        kind=task.kind,
        outcomes=outcomes_of(task.kind, without=task.withheld),
        opened_at=task.opened_at,
        not_by=task.not_by,
        taken=task.taken,
    )
    chosen = judge_choice(offered, wanted, answer_cap=book.answer_cap)
    if isinstance(chosen, Refusal):
        return chosen
    judge = _judge_evidence if chosen.is_evidenced else _judge_facts
    return judge(task, wanted, book)


def _judge_facts(task: TaskFacts, wanted: Submission, book: PolicyBook) -> Refusal | None:
    """Judge the fields against the facts of the order; each field by itself is in order already."""
    match wanted.name:
        case "refer" | "reached" | "reject":
            found = contradiction(wanted.fields)
            return invalid(found.field, found.fault, found.reason) if found else None
        case "request_extension":
            return _judge_extension(task, wanted, book.extension_longest)
        case "request_pause":
            return _judge_until(wanted, "until", book.pause_longest)
        case _:
            return _judge_same(task, wanted)


def _judge_same(task: TaskFacts, wanted: Submission) -> Refusal | None:
    """Refuse to give an order what it has already: its unit, its class, or itself as a duplicate."""
    match wanted.name:
        case "mark_duplicate" if order_number(wanted.fields[LEADING.name]) == task.order_no:
            return _OF_ITSELF
        case "transfer" if wanted.fields["unit"] == task.unit:
            return Refusal(code="same_unit", reason="the order is with this unit already", field="unit")
        case "reclassify" | "request_reclassification" if wanted.fields["class"] == task.order_class:
            return Refusal(code="same_class", reason="the order is of this class already", field="class")
        case "assign" if wanted.fields["lead_unit"] in listed(wanted.fields.get("helping_units")):
            return Refusal(
                code="same_unit", reason="the lead unit does not help itself", field="helping_units"
            )
        case _:
            return None


_OF_ITSELF = Refusal(
    code="same_order", reason="an order is not a duplicate of itself; name the other one", field=LEADING.name
)


def _judge_evidence(task: TaskFacts, wanted: Submission, _book: PolicyBook) -> Refusal | None:
    shown = {*listed(wanted.fields.get(FOR_RESIDENT.name)), *listed(wanted.fields.get(ATTACHMENTS.name))}
    if len(shown) >= task.evidence:
        return None
    reason = f"orders of this category are closed with evidence: attach at least {task.evidence} picture(s)"
    field, fault = ATTACHMENTS.name, Fault.EVIDENCE
    return Refusal(code="evidence_required", reason=reason, field=field, fault=fault, bound=task.evidence)


def _judge_extension(task: TaskFacts, wanted: Submission, longest: timedelta) -> Refusal | None:
    """Judge an extension: the unit must ask before the due time, for a later one.

    Half-open: at the due time it is too late.
    """
    asked = instant(wanted.fields["due_at"])
    if task.due_at is not None:
        if wanted.at >= task.due_at:
            return Refusal(
                code="too_late", reason="an extension is asked for before the due time, which has passed"
            )
        if asked is not None and asked <= task.due_at:
            return invalid(
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
    return invalid(name, Fault.TOO_FAR, f"{name} must not be later than {last:%Y-%m-%dT%H:%M:%SZ}", last)


@dataclass(frozen=True, kw_only=True, slots=True)
class OrderSituation:
    """The facts of an order by which an action on it is judged.

    Every fact is required, so that a page cannot offer what the order refuses. `taken`: how often it took
    each action before, by voice. `book`: how often it may. `left`: its requester took it back, and it goes on
    for others.
    """

    stage: Stage
    order_no: str
    unit: str
    ending: Ending | None
    left: bool
    reopened: bool
    supervised: bool
    taken: Mapping[str, Mapping[str, int]]
    book: PolicyBook
    handled_by: str | None


WITHDRAWN_ALREADY = Refusal(code="withdrawn_already", reason="the requester has taken the order back before")
_THE_REQUESTERS = frozenset({ActionName.WITHDRAW, ActionName.RATE, ActionName.REOPEN})
"""The requester's actions, which end when the requester has left."""


def is_possible(order: OrderSituation, name: ActionName, *, actor: str, at: datetime) -> bool:
    """Tell whether an action may be offered: it would be taken once its fields are filled in.

    An action that was sent often enough is still offered: its refusal says whom to call.
    """
    stored = frozenset(each.name for each in ACTIONS[name].fields)
    refusal = judge_action(order, Submission(name=name, actor=actor, at=at, stored=stored))
    return refusal is None or refusal.code in {"missing_field", "too_often"}


def judge_action(order: OrderSituation, wanted: Submission) -> Refusal | None:
    """Judge an action on an order; `None` means that it is in order."""
    action = next((each for each in ACTIONS.values() if each.name == wanted.name), None)
    if action is None:
        names = ", ".join(ACTIONS)
        return Refusal(
            code="unknown_action", reason=f"there is no such action; choose one of: {names}", field="action"
        )
    name = action.name
    often = said_enough(order.taken.get(name, {}), wanted.actor, order.book) if action.counted else None
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
        (often is not None, too_often(name, often or 0)),
    )
    broken = next((refusal for is_broken, refusal in rules if is_broken), None)
    return broken or judge_fields(action.fields, wanted)


@dataclass(frozen=True, slots=True)
class Contradiction:
    """A field that contradicts the others."""

    field: str
    fault: Fault
    reason: str


def contradiction(fields: Mapping[str, object]) -> Contradiction | None:
    """Find a contradiction between the fields of a decision, each in order by itself.

    A clerk does not suggest both to reject an order and how to handle it, name a cause of dissatisfaction for
    a content resident, or send a resident away without saying where to.
    """
    if fields.get("reject_reason") and (fields.get("class") or fields.get("unit")):
        return Contradiction(
            "reject_reason",
            Fault.WITH_REJECTION,
            "reject_reason goes with neither class nor unit: what is rejected is not handled",
        )
    is_content = fields.get("solved") == Solved.YES and fields.get("satisfied") != Satisfied.NO
    if fields.get("cause") and is_content:
        return Contradiction(
            "cause",
            Fault.WITHOUT_COMPLAINT,
            "cause is of dissatisfaction: leave it out where it is solved and nobody is dissatisfied",
        )
    is_not_ours = fields.get("reason") == NOT_OURS
    if is_not_ours and not fields.get("goes_to"):
        return Contradiction(
            "goes_to", Fault.GOES_NOWHERE, f"{NOT_OURS} says where it goes: name it in goes_to"
        )
    if fields.get("goes_to") and not is_not_ours:
        return Contradiction("goes_to", Fault.IS_OURS, f"goes_to goes with the reason {NOT_OURS} alone")
    return None
