"""The rules by which a duty judges a signal, and the immediate effect of the office's actions.

Assumes that tables and rules are in `domain/duty`; this module asks them about the duty as it is.
"""

from enum import StrEnum
from typing import Final, assert_never

from temporalio import workflow

from workflows.duty.state import DutyState
from workflows.matter import holding
from workflows.matter.ledger import Ledger
from workflows.matter.state import HumanTask, Interrupted

with workflow.unsafe.imports_passed_through():
    from domain.calendar.instants import instant
    from domain.duty.actions import DutyAction, duty_action_fields
    from domain.duty.judgement import DutyTaskFacts, judge_duty_action, judge_duty_outcome
    from domain.duty.lifecycle import ISSUES
    from domain.duty.policy import DutyBook
    from domain.kinds import DUTY_TABLES
    from domain.matter.events import MatterEvent
    from domain.matter.judging import Refusal, Submission, listed
    from domain.matter.tasks import Field, Outcome
    from messages.duty.step import DutyStep
    from messages.duty.workflow import StartDuty
    from messages.matter.signals import MatterAction
    from messages.matter.step import MatterAnswer
    from messages.names import MATTER_ACTION

OF_THE_OFFICE: Final = frozenset(DutyAction)
"""Actions that only the office's own programs send."""
_EVENTS: Final = {
    DutyAction.RECALCULATE: MatterEvent.DUE_TIMES_RECALCULATED,
    DutyAction.HOLD: MatterEvent.HOLD_ORDERED,
    DutyAction.RELEASE: MatterEvent.RELEASE_ORDERED,
}


_NO_NAMES: Final = Refusal(
    code="not_by_hand",
    reason="names and telephones of residents are written at the desk, never in a signal",
    field=ISSUES.name,
)


class DutyRules:
    """The rules of duties, applied to one duty."""

    action_signal = MATTER_ACTION

    def __init__(
        self, start: StartDuty, state: DutyState, ledger: Ledger[DutyStep, MatterAnswer], book: DutyBook
    ) -> None:
        """Keep the duty, and the book that judges it."""
        self._start = start
        self._state = state
        self._ledger = ledger
        self._book = book

    def outcome(self, task: HumanTask, name: str) -> Outcome | None:
        """Find an outcome of a kind of task; return `None` if it is unknown."""
        return DUTY_TABLES.outcome(task.kind, name)

    def judge(self, task: HumanTask, wanted: Submission) -> Refusal | None:
        """Judge a decision on an open task."""
        start, state = self._start, self._state
        if any(
            {"name", "phone"} & set(each)
            for each in listed(wanted.fields.get(ISSUES.name))
            if isinstance(each, dict)
        ):
            # The store keeps names to itself: these were typed by hand, and stay in the history.
            return _NO_NAMES
        facts = DutyTaskFacts(
            kind=task.kind,
            opened_at=task.opened_at,
            withheld=task.withheld,
            not_by=task.not_by,
            taken=state.answered.get(wanted.name, 0),
            began=start.began,
            ends=state.ends,
            announced_at=state.announced_at,
            planned_at=state.planned_at,
            has_deputy=bool(start.team and start.team.deputy),
        )
        return judge_duty_outcome(facts, wanted, self._book)

    def action_fields(self, name: str) -> tuple[Field, ...]:
        """Return the fields of an action; none for an unknown name."""
        return duty_action_fields(name)

    def judge_action(self, wanted: Submission) -> Refusal | None:
        """Judge an action on the duty."""
        return judge_duty_action(wanted)

    def action_event(self, name: str) -> StrEnum:
        """Return the event of an action that is in order."""
        return _EVENTS[DutyAction(name)]

    def voice(self, actor: str) -> str:  # noqa: ARG002 - the office has one voice
        """Return the voice that an action counts for: only the office acts on a duty."""
        return ""

    def act(self, said: MatterAction) -> Interrupted | None:
        """Do at once what the office orders; none of it changes the course of a step."""
        name = DutyAction(said.action)
        match name:
            case DutyAction.RECALCULATE:
                changed_from = instant(said.fields.get("changed_from"))
                self._ledger.reckon_again(self._state.waits, changed_from=changed_from)
            case DutyAction.HOLD:
                holding.hear(self._state, said)
            case DutyAction.RELEASE:
                holding.release(self._state, said)
            case _:
                assert_never(name)
        return None
