"""The case of a duty: the only way to change one.

Assumes one coroutine, the story's. The story changes the duty by these methods, and waits behind `answer`,
the one door.
"""

from typing import Any, Final

from temporalio import workflow

from workflows.duty import visibility
from workflows.duty.asking import DutyAsking
from workflows.duty.course import DutyCourse
from workflows.duty.rules import OF_THE_OFFICE, DutyRules
from workflows.duty.state import DutyState, Mark, owed
from workflows.matter.door import Door
from workflows.matter.judge import Judge, refused_unheard
from workflows.matter.ledger import Ledger
from workflows.matter.opening import open_task
from workflows.matter.signals import Reader
from workflows.matter.state import Answer, Decided, HumanTask, Wait

with workflow.unsafe.imports_passed_through():
    from domain.calendar.instants import instant
    from domain.duty.deadlines import DutyBasis
    from domain.duty.events import DutyEvent, DutyTemplate
    from domain.duty.lifecycle import DUTY_TASKS, DutyTask, duty_withheld
    from domain.duty.policy import duty_book
    from domain.duty.words import DutyEnding, DutyStage
    from domain.matter.events import MatterEvent
    from domain.matter.tasks import SYSTEM, TaskState
    from domain.office.responsibility import STREET_LEADER, Owner, supervisor
    from domain.office.words import Tier
    from messages.duty.workflow import DutyEnded, DutyStatus, StartDuty
    from messages.matter.step import ClockRequest
    from messages.matter.tasks import RestTaken


class DutyCase:
    """One duty: its state, the changes to it, and its wait."""

    def __init__(self, start: StartDuty) -> None:
        """Begin where the opening left the duty: the first task is open."""
        self.start = start
        self.state = state = DutyState.of(start)
        self.book = duty_book(start.policy)
        self._asking = DutyAsking(start, state)
        self._ledger = Ledger(
            start.duty_no, start.policy, state, self._asking, shown=visibility.duty_shown_at_start(start)
        )
        self.reader = Reader(start.duty_no, start.seal_key, OF_THE_OFFICE)
        rules = DutyRules(start, state, self._ledger, self.book)
        self.judge = Judge(start.duty_no, state, self._ledger, rules, self.reader)
        self._door = Door(state, self._ledger, self.judge, DutyCourse(start, state, self._ledger))
        (first,) = state.open_tasks.values()
        self.owner = first.owner

    async def answer(self) -> Answer:
        """Wait for the first answer to an open task, or the first limit to pass."""
        return await self._door.answer(*self.state.waits)

    # What the team does.

    def announce(self, said: Decided) -> None:
        """Plan the meeting and announce it to residents; the team then owes the meeting itself."""
        state = self.state
        state.announced_at = state.announced_at or workflow.now()
        self._plan(said)
        state.place_of = said.said.decision_id
        self._note(DutyEvent.MEETING_ANNOUNCED, at=said.chosen("at"))
        self._owe(DutyTask.HOLD_MEETING, DutyStage.PLANNED)

    def postpone(self, said: Decided) -> None:
        """Postpone the meeting within the period."""
        self.state.postponed += 1
        self._plan(said)
        self._note(DutyEvent.MEETING_POSTPONED, at=said.chosen("at"), reason=said.chosen("reason"))
        self._offer(said.task)

    def cancel(self, said: Decided) -> None:
        """Cancel the meeting; the team must plan another one."""
        state = self.state
        state.planned_at, state.place_of, state.announced_at = None, None, None
        self._note(DutyEvent.MEETING_CANCELLED, reason=said.chosen("reason"))
        self._owe(DutyTask.PLAN_MEETING, DutyStage.PLANNING)

    def held(self) -> None:
        """Note that the meeting was held; it counts once reported, and a pending excuse is withdrawn."""
        self._withdraw_excuse()
        self._note(DutyEvent.MEETING_HELD)
        self._owe(DutyTask.CLOSE_MEETING, DutyStage.HELD)

    def report(self, said: Decided, ending: DutyEnding) -> DutyEnding:
        """Take the report of the meeting; its issues become orders."""
        self.state.report = said
        if "issues" in said.said.stored or said.said.fields.get("issues"):
            self._asking.issues(said.said.decision_id, by=said.said.actor)
        return ending

    def _owe(self, kind: DutyTask, stage: DutyStage) -> None:
        """Open a task that the team owes until the period ends."""
        self.state.enter(stage)
        task = self._open(kind, self.owner)
        # While a request waits for a leader, every limit of the team stands still.
        task.deadline.stands_still = self.state.asked is not None
        self._ask(task, owed(task.key, DutyBasis.PERIOD, self.start, rests=self.state.rests))

    # Requests to a leader.

    def ask(self, said: Decided) -> None:
        """Put a request of the team before a leader: an excuse, or a late report."""
        self.state.asked = said
        self._begin(DutyTask.REVIEW, DutyBasis.REVIEW, STREET_LEADER, not_by=(said.said.actor,))
        self._await_a_leader()

    def hear_excuse(self, verdict: Decided | None) -> bool:
        """Take a leader's verdict on an excuse and tell whether it was granted; silence is no."""
        return self._hear(verdict, DutyEvent.EXCUSE_GRANTED, DutyEvent.EXCUSE_DENIED) is not None

    def hear_entry(self, verdict: Decided | None) -> Decided | None:
        """Return the late report if a leader approved it, else open the task for another one."""
        report = self._hear(verdict, DutyEvent.LATE_ENTRY_APPROVED, DutyEvent.LATE_ENTRY_DENIED)
        if report is None:
            since, rests = self.state.ends, self._held_since()
            self._begin(DutyTask.CLOSE_MEETING, DutyBasis.LAST_ENTRY, self.owner, since=since, rests=rests)
        return report

    def _hear(self, verdict: Decided | None, granted: DutyEvent, denied: DutyEvent) -> Decided | None:
        """Return the request if a leader granted it; `None` if the leader denied it or was silent."""
        asked, self.state.asked = self.state.asked, None
        is_granted = verdict is not None and verdict.outcome == "approve"
        self._note(granted if is_granted else denied)
        text_of = verdict.said.decision_id if verdict else None
        self._ledger.write(self.owner.unit, DutyTemplate.ANSWERED, text_of=text_of, is_granted=is_granted)
        self._await_a_leader()
        return asked if is_granted else None

    def _withdraw_excuse(self) -> None:
        """Withdraw a pending excuse, or a team that asked for one would have longer to report."""
        state = self.state
        if state.asked is not None:
            state.asked = None
            self._ledger.supersede(*(e for e in state.open_tasks.values() if e.kind == DutyTask.REVIEW))
            self._note(DutyEvent.EXCUSE_WITHDRAWN)

    def _held_since(self) -> tuple[RestTaken, ...]:
        """Return the holds of the office since the end of the period."""
        last = self.state.last
        return last.deadline.asked.rests if last and last.deadline.asked else ()

    def _await_a_leader(self) -> None:
        """Stop the team's limits while a leader's answer is pending, so that the wait makes no team late.

        The leader's own limit bounds the wait.
        """
        state = self.state
        for wait in state.waits:
            if not (isinstance(wait, HumanTask) and wait.kind in _OF_LEADERS):
                wait.deadline.stands_still = state.asked is not None
        for task in state.open_tasks.values():
            if task.withheld != self._withheld(task.kind):
                self._offer(task)

    def tell_shortage(self) -> None:
        """Warn the leaders that the duty may not be kept in its period."""
        self.state.shortage = None
        self._ledger.write(
            STREET_LEADER.unit, DutyTemplate.SHORTAGE, community=self.start.community, stage=self.state.stage
        )

    # A missed duty.

    def miss(self) -> None:
        """Note for good that the period ended without a reported meeting, and begin supervision."""
        state = self.state
        state.missed_at, state.shortage, state.asked = workflow.now(), None, None
        self._note(DutyEvent.DUTY_MISSED, period=self.start.period, community=self.start.community)
        self._ledger.write(self.owner.unit, DutyTemplate.MISSED, period=self.start.period)
        reports = [each for each in state.open_tasks.values() if each.kind == DutyTask.CLOSE_MEETING]
        self._ledger.supersede(*(each for each in state.open_tasks.values() if each not in reports))
        state.enter(DutyStage.MISSED)
        last = state.last = Mark(key="last_entry", basis=DutyBasis.LAST_ENTRY)
        self._ask_for_clock(last, last.basis, since=state.ends)
        if state.announced_at is not None:
            self._enter_late(*reports)
        self.supervise()

    def _enter_late(self, *reports: HumanTask) -> None:
        """Open the late entry of a meeting held in time: free for some days, then by a leader's approval."""
        for report in reports:
            report.deadline.clear()
            self._ask_for_clock(report, DutyBasis.FREE_ENTRY, since=self.state.ends)
            self._offer(report)
        if not reports:
            self._begin(DutyTask.CLOSE_MEETING, DutyBasis.FREE_ENTRY, self.owner, since=self.state.ends)

    def end_free_entry(self, report: HumanTask) -> None:
        """Require a leader's approval for a late entry from here on."""
        self.state.entry_is_free = False
        self._note(DutyEvent.FREE_ENTRY_ENDED)
        report.deadline.clear()
        self._ask_for_clock(report, DutyBasis.LAST_ENTRY, since=self.state.ends, rests=self._held_since())

    def supervise(self) -> None:
        """Ask a leader to see to the duty; from the third time in a row on, ask one leader up."""
        state = self.state
        state.supervisions += 1
        owner = supervisor(Tier.STREET, state.supervisions, climbs_at=self.book.supervision_climbs_at)
        if owner.tier is Tier.DISTRICT and state.tier is not owner.tier:
            state.escalations += 1
        state.tier = owner.tier
        self._note(DutyEvent.DUTY_SUPERVISED, unit=owner.unit, repetition=state.supervisions)
        self._begin(DutyTask.SUPERVISE, DutyBasis.SUPERVISION, owner, repetition=state.supervisions)

    def urge(self) -> None:
        """Tell the team that a leader urges it; then ask that leader again."""
        self.state.supervisions = 0
        self._ledger.write(self.owner.unit, DutyTemplate.URGED, period=self.start.period)
        self.supervise()

    async def end(self, ending: DutyEnding) -> DutyEnded:
        """Close the duty: record everything, and send every message or give it up."""
        state = self.state
        state.ending, state.closed_at = ending, workflow.now()
        state.shortage = state.last = state.asked = None
        self._ledger.supersede(*state.open_tasks.values())
        self._note(DutyEvent.DUTY_CLOSED, ending=ending)
        state.enter(DutyStage.ARCHIVED)
        self._note(MatterEvent.ARCHIVED)
        await self._door.settle()
        is_missed = state.missed_at is not None
        return DutyEnded(
            duty_no=self.start.duty_no, ending=ending, postponed=state.postponed, is_missed=is_missed
        )

    def status(self) -> DutyStatus:
        """Return how the duty stands, for the query."""
        state, start = self.state, self.start
        return DutyStatus(
            duty_no=start.duty_no,
            duty_kind=start.duty_kind,
            period=start.period,
            community=start.community,
            stage=state.stage,
            ending=state.ending,
            unit=state.unit,
            tier=state.tier,
            planned_at=state.planned_at,
            missed_at=state.missed_at,
            due_at=state.due_at,
            escalations=state.escalations,
            overdue=state.overdue,
            held=state.hold is not None,
            tasks=tuple(each.shown(start.duty_no) for each in state.open_tasks.values()),
            refusals=(*state.refused, *refused_unheard(state)),
        )

    def _plan(self, said: Decided) -> None:
        state = self.state
        state.planned_at = instant(said.chosen("at"))
        if "place" in said.said.stored or said.said.fields.get("place"):
            state.place_of = said.said.decision_id

    def _note(self, type_: DutyEvent | MatterEvent, **data: Any) -> None:
        self._ledger.event(type_, actor=SYSTEM, data=data)

    def _offer(self, task: HumanTask) -> None:
        """Update the outcomes that an open task offers."""
        if task.task_id in self.state.open_tasks:
            task.withheld = self._withheld(task.kind)
            self._ledger.changed(task, TaskState.OPEN)

    def _withheld(self, kind: str) -> frozenset[str]:
        return duty_withheld(kind, self.state.progress, postponements=self.book.postponements)

    def _begin(
        self, kind: DutyTask, basis: DutyBasis, owner: Owner, *, not_by: tuple[str, ...] = (), **clock: Any
    ) -> None:
        self._ask_for_clock(self._open(kind, owner, not_by=not_by), basis, **clock)

    def _open(self, kind: DutyTask, owner: Owner, *, not_by: tuple[str, ...] = ()) -> HumanTask:
        row, withheld = DUTY_TASKS[kind], self._withheld(kind)
        task = open_task(self.start.duty_no, self.state, row, owner, withheld=withheld, not_by=not_by)
        self._ledger.opened(task)
        return task

    def _ask_for_clock(self, wait: Wait, basis: DutyBasis, **clock: Any) -> None:
        self._ask(wait, ClockRequest(key=wait.key, basis=basis, **{"since": workflow.now(), **clock}))

    def _ask(self, wait: Wait, clock: ClockRequest) -> None:
        wait.deadline.asked = clock
        self._ledger.clock(clock)


_OF_LEADERS: Final = frozenset({DutyTask.REVIEW, DutyTask.SUPERVISE})
"""Tasks of the leaders who are asked: their limits run on."""
