"""How a duty treats an event at its door, before its story sees it.

Assumes the one door. No answer is treated alike at every step of a duty: the story sees them all.
"""

from temporalio import workflow

from workflows.duty.state import DutyState, Mark
from workflows.duty.visibility import duty_timer
from workflows.matter.ledger import Ledger
from workflows.matter.state import Decided, Expiry, HumanTask, Interrupted, Wait

with workflow.unsafe.imports_passed_through():
    from domain.duty.deadlines import DutyBasis
    from domain.duty.events import DutyEvent
    from domain.duty.lifecycle import DutyTask
    from domain.matter.tasks import SYSTEM
    from messages.duty.step import DutyStep
    from messages.duty.workflow import StartDuty
    from messages.matter.step import MatterAnswer
    from messages.matter.tasks import OfficeHold, RestTaken

_MARKS = {
    DutyBasis.SHORTAGE: DutyEvent.SHORTAGE_REPORTED,
    DutyBasis.LAST_ENTRY: DutyEvent.ENTRY_ENDED,
}


class DutyCourse:
    """The course of one duty, between its door and its story."""

    def __init__(self, start: StartDuty, state: DutyState, ledger: Ledger[DutyStep, MatterAnswer]) -> None:
        """Keep the duty and its way to the store."""
        self._start = start
        self._state = state
        self._ledger = ledger

    async def settles(self, answer: Decided | Interrupted, waits: tuple[Wait, ...]) -> bool:  # noqa: ARG002
        """Leave every answer to the story."""
        return False

    def was_held(self, hold: OfficeHold) -> None:
        """Extend the period by the part of a hold of the office that lies in it."""
        state = self._state
        since = max(hold.since, self._start.began)
        if since < state.ends:
            state.rests = (*state.rests, RestTaken(began=since, ended=hold.until))
            state.ends += hold.until - since

    def timer(self, wait: Wait) -> str:
        """Return a name for the timer of a wait, for people."""
        return duty_timer(wait)

    def expiry(self, wait: Wait) -> Expiry | None:
        """Return what follows from a passed limit: the event of a mark, or the end of a task."""
        match wait:
            case Mark():
                return Expiry(event=self._ledger.numbered(_MARKS[wait.basis], actor=SYSTEM))
            case HumanTask():
                is_owed = wait.kind in _OWED
                # A late report may still be made.
                stays = wait.kind == DutyTask.CLOSE_MEETING
                return self._ledger.expiry_of(wait, stays=stays, is_late=is_owed)
            case _:
                raise TypeError(f"a duty does not wait for {wait.key}")


_OWED = frozenset({DutyTask.PLAN_MEETING, DutyTask.HOLD_MEETING, DutyTask.CLOSE_MEETING})
