"""The whole changing state of a running duty: one object of plain values.

Assumes one writer, the `DutyCase`; every value can be serialised as it is.
"""

from dataclasses import dataclass, field
from datetime import datetime
from typing import ClassVar

from domain.duty.deadlines import DutyBasis
from domain.duty.lifecycle import DutyProgress
from domain.duty.words import DutyEnding, DutyStage
from messages.duty.step import DutyFacts
from messages.duty.workflow import StartDuty
from messages.matter.step import ClockRequest
from messages.matter.tasks import RestTaken

from workflows.matter.clock import Deadline
from workflows.matter.state import Decided, MatterState, Wait, as_begun


@dataclass(slots=True)
class Mark:
    """An instant without a task: the warning of a shortage, or the end of late entries."""

    key: str
    basis: DutyBasis
    is_moved: ClassVar[bool] = True
    is_last: ClassVar[bool] = False
    deadline: Deadline = field(default_factory=lambda: Deadline(reminds=False))


def owed(key: str, basis: DutyBasis, start: StartDuty, *, rests: tuple[RestTaken, ...] = ()) -> ClockRequest:
    """Ask for a clock of the period: it runs from the period's beginning, and is computed from its end."""
    return ClockRequest(key=key, basis=basis, since=start.ends, began=start.began, rests=rests)


@dataclass(slots=True, kw_only=True)
class DutyState(MatterState):
    """The state of a duty: that of any matter, its meeting, and whether it was missed; see `DutyFacts`.

    `ends` is the end of the period, with the time that holds of the office added. `asked`: the request that
    waits for a leader's verdict. `last`: the mark until which a late report is taken. `rests`: the holds of
    the office in the period.
    """

    stage: DutyStage
    ends: datetime
    shortage: Mark | None
    last: Mark | None = None
    ending: DutyEnding | None = None
    announced_at: datetime | None = None
    planned_at: datetime | None = None
    place_of: str | None = None
    postponed: int = 0
    report: Decided | None = None
    missed_at: datetime | None = None
    closed_at: datetime | None = None
    asked: Decided | None = None
    entry_is_free: bool = True
    supervisions: int = 0
    rests: tuple[RestTaken, ...] = ()

    @classmethod
    def of(cls, start: StartDuty) -> "DutyState":
        """Begin with the first task, which the transaction that opened the duty has opened."""
        shortage = Mark(key="shortage", basis=DutyBasis.SHORTAGE)
        shortage.deadline.due_at = start.shortage_at
        shortage.deadline.asked = owed(shortage.key, shortage.basis, start)
        state = cls(
            **as_begun(start.first_task, DutyBasis.PERIOD, start.holds),
            stage=DutyStage.PLANNING,
            ends=start.ends,
            shortage=shortage,
        )
        for task in state.open_tasks.values():
            # The limit is the end of the period, whenever the duty was opened.
            task.deadline.asked = owed(task.key, DutyBasis.PERIOD, start)
        return state

    def enter(self, stage: str) -> None:
        """Enter a stage of a duty."""
        self.stage = DutyStage(stage)

    @property
    def progress(self) -> DutyProgress:
        """The facts that limit the outcomes that may still be chosen."""
        return DutyProgress(
            postponed=self.postponed,
            asks_excuse=self.asked is not None,
            is_over=self.missed_at is not None,
        )

    @property
    def waits(self) -> tuple[Wait, ...]:
        """All tasks and marks that the duty waits for."""
        marks = (each for each in (self.shortage, self.last) if each is not None)
        return (*self.open_tasks.values(), *marks)

    @property
    def due_at(self) -> datetime | None:
        """The present task's due time: the earliest among open tasks that has not passed."""
        return self.due_of(*self.open_tasks.values())

    def facts(self) -> DutyFacts:
        """Return the duty as it stands."""
        report = self.report.said.fields if self.report else {}
        return DutyFacts(
            stage=self.stage,
            tier=self.tier,
            unit=self.unit,
            escalations=self.escalations,
            overdue=self.overdue,
            held=self.hold is not None,
            period_ends=self.ends,
            ending=self.ending,
            announced_at=self.announced_at,
            planned_at=self.planned_at,
            place_of=self.place_of,
            postponed=self.postponed,
            started_at=report.get("started_at"),
            ended_at=report.get("ended_at"),
            led_by=report.get("led_by"),
            from_department=report.get("from_department"),
            attendees=report.get("attendees"),
            evidence=report.get("evidence"),
            report_of=self.report.said.decision_id if self.report else None,
            reported_by=self.report.said.actor if self.report else None,
            missed_at=self.missed_at,
            closed_at=self.closed_at,
            asks_excuse=self.asked is not None,
        )
