"""What a duty asks the store in a step, beyond the requests of every matter.

Assumes that each request is sent once, with the next step.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from temporalio import workflow

from workflows import options
from workflows.duty import visibility
from workflows.duty.state import DutyState

with workflow.unsafe.imports_passed_through():
    from activities.duty.record import DutyRecorder
    from messages.duty.step import DutyFacts, DutyStep, IssuesAsked
    from messages.duty.workflow import StartDuty
    from messages.matter.step import MatterAnswer


class DutyAsking:
    """The duty's part of a step: its facts, and the orders that its meeting brings."""

    def __init__(self, start: StartDuty, state: DutyState) -> None:
        """Begin without a request."""
        self._start = start
        self._state = state
        self._issues: IssuesAsked | None = None

    @property
    def is_empty(self) -> bool:
        """Whether there is no request."""
        return self._issues is None

    def issues(self, decision_id: str, *, by: str) -> None:
        """Ask for an order for each issue that a decision names."""
        self._issues = IssuesAsked(decision_id=decision_id, by=by, page=self._start.page)

    def facts(self) -> DutyFacts:
        """Return the duty as it stands."""
        return self._state.facts()

    def step(self, said: Mapping[str, Any], *, is_automatic: bool) -> DutyStep:  # noqa: ARG002 - no routing
        """Build a step with all requests."""
        issues, self._issues = self._issues, None
        return DutyStep(**said, issues=issues)

    async def record(self, step: DutyStep, summary: str) -> MatterAnswer:
        """Have the store commit a step."""
        return await workflow.execute_activity_method(
            DutyRecorder.record,
            step,
            start_to_close_timeout=options.RECORD.start_to_close,
            schedule_to_close_timeout=options.RECORD.schedule_to_close,
            retry_policy=options.RECORD.retry,
            summary=summary,
        )

    def hear(self, answer: MatterAnswer, *, at: datetime) -> None:
        """Do nothing: the answer holds only clocks, which the door takes."""

    def attributes(self) -> Mapping[str, Any]:
        """Return the search attributes as they should be now."""
        return visibility.duty_shown(self._state)

    def details(self) -> str:
        """Say how the duty stands, for operators."""
        return visibility.duty_details(self._start, self._state)
