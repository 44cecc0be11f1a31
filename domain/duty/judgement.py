"""Judge a decision or action against the table of a duty's tasks.

Pure functions over facts. The edge asks them before it accepts anything, the workflow asks them again when
the signal arrives, and both give the same reason.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from domain.calendar.instants import instant, utc
from domain.duty.actions import DutyAction, duty_action_fields
from domain.duty.lifecycle import DUTY_TASKS, ISSUES, NO_ISSUES
from domain.duty.policy import DutyBook
from domain.duty.words import Evidence, Present
from domain.matter.faults import Fault
from domain.matter.judging import Offered, Refusal, Submission, invalid, judge_choice, judge_fields, listed
from domain.matter.tasks import ATTACHMENTS
from domain.matter.timeliness import CLOCK_SKEW
from domain.text import is_visible

LONGEST_MEETING = timedelta(hours=12)
"""The longest meeting; a longer one is a typing error. Source: our decision, ADR-0033."""


@dataclass(frozen=True, kw_only=True, slots=True)
class DutyTaskFacts:
    """The facts of an open task by which a decision on it is judged.

    Every fact is required, so that a page cannot offer what the duty refuses. `began` and `ends`: the period,
    with the time that a hold of the office added. `announced_at`: when residents were first told of the
    meeting planned for `planned_at`. `has_deputy`: the team had a deputy when the period began.
    """

    kind: str
    opened_at: datetime
    withheld: Collection[str]
    not_by: Collection[str]
    taken: int
    began: datetime
    ends: datetime
    announced_at: datetime | None
    planned_at: datetime | None
    has_deputy: bool


def judge_duty_outcome(task: DutyTaskFacts, wanted: Submission, book: DutyBook) -> Refusal | None:
    """Judge a decision on an open task; `None` means that it is in order."""
    offered = Offered(
        kind=task.kind,
        outcomes=tuple(each for each in DUTY_TASKS[task.kind].outcomes if each.name not in task.withheld),
        opened_at=task.opened_at,
        not_by=task.not_by,
        taken=task.taken,
    )
    chosen = judge_choice(offered, wanted, answer_cap=book.answer_cap)
    if isinstance(chosen, Refusal):
        return chosen
    match wanted.name:
        case "announce" | "postpone":
            return _judge_planned(task, wanted)
        case "held":
            return _judge_held(task, wanted)
        case "close":
            return _judge_times(task, wanted) or _judge_report(task, wanted)
        case _:
            return None


def _judge_planned(task: DutyTaskFacts, wanted: Submission) -> Refusal | None:
    """Judge when a meeting is to be: in its period, since a later one would not count for it."""
    at = instant(wanted.fields["at"])
    if at is None or task.began <= at < task.ends:
        return None
    return _outside("at", task)


def _outside(name: str, task: DutyTaskFacts) -> Refusal:
    reason = f"{name} must lie in the period, from {_said(task.began)} to before {_said(task.ends)}"
    return invalid(name, Fault.OUTSIDE_PERIOD, reason, task.ends)


def _judge_held(task: DutyTaskFacts, wanted: Submission) -> Refusal | None:
    if task.planned_at is None or wanted.at >= task.planned_at - CLOCK_SKEW:
        return None
    return Refusal(
        code="not_yet",
        reason=f"the meeting is planned for {_said(task.planned_at)}; postpone it if it is held at another time",
    )


def _judge_times(task: DutyTaskFacts, wanted: Submission) -> Refusal | None:
    """Judge when a meeting was: it must start in the period, and after residents were told of it."""
    started, ended = instant(wanted.fields["started_at"]), instant(wanted.fields["ended_at"])
    if started is None or ended is None:
        return None
    if not task.began <= started < task.ends:
        return _outside("started_at", task)
    if task.announced_at is None or started < task.announced_at - CLOCK_SKEW:
        told = f"at {_said(task.announced_at)}" if task.announced_at else "not at all"
        reason = f"residents were told of this meeting {told}: it cannot have begun before"
        return invalid("started_at", Fault.BEFORE_ANNOUNCED, reason, task.announced_at)
    if not started < ended <= started + LONGEST_MEETING:
        hours = LONGEST_MEETING // timedelta(hours=1)
        reason = f"ended_at must be later than started_at, by at most {hours} hours"
        return invalid("ended_at", Fault.ENDS_BEFORE_START, reason, hours)
    return None


def _judge_report(task: DutyTaskFacts, wanted: Submission) -> Refusal | None:
    """Judge whether a report agrees with itself: who was there, the issues, and the evidence."""
    fields, evidence = wanted.fields, wanted.fields["evidence"]
    if fields["led_by"] == Present.DEPUTY and not task.has_deputy:
        reason = "the team had named no deputy before: its leader has to be present"
        return invalid("led_by", Fault.NO_DEPUTY, reason)
    has_issues, has_reason = _has(wanted, ISSUES.name), _has(wanted, NO_ISSUES.name)
    if not has_issues and not has_reason:
        reason = "a meeting that brought no issue says why"
        return invalid(NO_ISSUES.name, Fault.WITHOUT_ISSUES, reason)
    if has_issues and has_reason:
        reason = "no_issue_reason goes with a meeting that brought none"
        return invalid(NO_ISSUES.name, Fault.WITH_ISSUES, reason)
    if evidence == Evidence.PLACE_PHOTO and not listed(fields.get(ATTACHMENTS.name)):
        reason = "a picture of the place is to show it: attach one, without people"
        return invalid(ATTACHMENTS.name, Fault.EVIDENCE, reason, 1)
    if evidence == Evidence.ORDERS and not has_issues:
        reason = "orders are to show it: without an issue choose other evidence"
        return invalid("evidence", Fault.CHOICE, reason)
    return None


def _has(wanted: Submission, name: str) -> bool:
    """Tell whether a text or list was given, in the decision's row or typed by hand."""
    value = wanted.fields.get(name)
    return name in wanted.stored or bool(listed(value)) or (isinstance(value, str) and is_visible(value))


def _said(at: datetime) -> str:
    return f"{utc(at):%Y-%m-%dT%H:%M:%SZ}"


def judge_duty_action(wanted: Submission) -> Refusal | None:
    """Judge an action that the office sends to a duty; people act on a duty through its tasks."""
    if wanted.name not in set(DutyAction):
        names = ", ".join(DutyAction)
        return Refusal(
            code="unknown_action",
            reason=f"a duty takes only what the office's own programs send: {names}; decide one of its tasks",
            field="action",
        )
    return judge_fields(duty_action_fields(wanted.name), wanted)
