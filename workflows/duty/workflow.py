"""The story of a duty, from the opening of its period to the day after which no report is taken any more.

Read `run` beside the procedure: the duty is kept in time, or missed and supervised. All state is in the case,
all waiting is behind `case.answer`.
"""

from collections.abc import Sequence

from temporalio import workflow
from temporalio.common import RawValue

from workflows.duty.case import DutyCase
from workflows.duty.state import Mark
from workflows.matter import signals
from workflows.matter.state import Decided, Expired, HumanTask, NotForeseen

with workflow.unsafe.imports_passed_through():
    from domain.duty.lifecycle import DutyTask
    from domain.duty.words import DutyEnding
    from messages.duty.workflow import DutyEnded, DutyStatus, StartDuty
    from messages.matter.signals import CompleteTask, MatterAction
    from messages.names import COMPLETE_TASK, DUTY, MATTER_ACTION, STATUS


@workflow.defn(name=DUTY)
class DutyWorkflow:
    """A duty (职责): one durable run from the opening of its period until it is kept, excused or missed."""

    @workflow.init
    def __init__(self, start: StartDuty) -> None:
        """Create all state, since signals may arrive before `run`."""
        self.case = DutyCase(start)

    @workflow.run
    async def run(self, start: StartDuty) -> DutyEnded:  # noqa: ARG002 - the SDK wants it here too
        """Run the period, then the time of late entries if the duty was missed."""
        return await self.case.end(await self.keep() or await self.make_good())

    async def keep(self) -> DutyEnding | None:  # noqa: C901, PLR0912 - one branch for each thing that may happen
        """Plan, hold and report the meeting (院坝寻单); return `None` if the period ended first."""
        case = self.case
        while True:
            match await case.answer():
                case Decided(outcome="announce") as said:
                    case.announce(said)
                case Decided(outcome="postpone") as said:
                    case.postpone(said)
                case Decided(outcome="cancel" | "not_held") as said:
                    case.cancel(said)
                case Decided(outcome="held"):
                    case.held()
                case Decided(outcome="close") as said:
                    return case.report(said, DutyEnding.KEPT)
                case Decided(outcome="request_excuse") as said:
                    case.ask(said)
                case Decided(task=HumanTask(kind=DutyTask.REVIEW)) as verdict:
                    if case.hear_excuse(verdict):
                        return DutyEnding.EXCUSED
                case Expired(wait=HumanTask(kind=DutyTask.REVIEW)):
                    case.hear_excuse(None)
                case Expired(wait=Mark()):
                    case.tell_shortage()
                case Expired():
                    # The end of the period is the verdict.
                    return None
                case other:
                    raise NotForeseen("keep", other)

    async def make_good(self) -> DutyEnding:  # noqa: C901 - one branch for each thing that may happen
        """Supervise (督办) until a late report is entered, a leader concludes, or the time is over."""
        case = self.case
        case.miss()
        while True:
            match await case.answer():
                case Decided(outcome="close") as said if case.state.entry_is_free:
                    return case.report(said, DutyEnding.ENTERED_LATE)
                case Decided(outcome="close") as said:
                    case.ask(said)
                case Decided(task=HumanTask(kind=DutyTask.REVIEW)) as verdict:
                    if (report := case.hear_entry(verdict)) is not None:
                        return case.report(report, DutyEnding.ENTERED_LATE)
                case Expired(wait=HumanTask(kind=DutyTask.REVIEW)):
                    case.hear_entry(None)
                case Decided(outcome="urge"):
                    case.urge()
                case Decided(outcome="conclude"):
                    return DutyEnding.MISSED
                case Expired(wait=HumanTask(kind=DutyTask.SUPERVISE)):
                    case.supervise()
                case Expired(wait=HumanTask(kind=DutyTask.CLOSE_MEETING) as entry) if (
                    case.state.entry_is_free
                ):
                    case.end_free_entry(entry)
                case Expired():
                    # No late entry is taken any more.
                    return DutyEnding.MISSED
                case other:
                    raise NotForeseen("make_good", other)

    @workflow.signal(
        name=COMPLETE_TASK,
        description="Finish a human task: {task_id, decision_id, actor, outcome, fields, comment}",
    )
    def complete_task(self, raw: RawValue) -> None:
        """Put a decision into the inbox; whatever it holds, this raises nothing and awaits nothing."""
        self.case.judge.hear(self.case.reader.read(CompleteTask, COMPLETE_TASK, raw))

    @workflow.signal(
        name=MATTER_ACTION, description="What the office tells: {action_id, actor, action, fields}"
    )
    def matter_action(self, raw: RawValue) -> None:
        """Put an action into the inbox, in the same way as `complete_task`."""
        self.case.judge.hear(self.case.reader.read(MatterAction, MATTER_ACTION, raw))

    @workflow.signal(dynamic=True, description="Any other name: refused and recorded")
    def misspelt(self, name: str, args: Sequence[RawValue]) -> None:  # noqa: ARG002 - the SDK's signature
        """Keep a signal of unknown name, so that its sender sees it refused instead of lost."""
        self.case.judge.hear(signals.unknown(name))

    @workflow.query(name=STATUS, description="The duty, its open tasks and the signals it refused")
    def status(self) -> DutyStatus:
        """Return how the duty stands, for operators and tests; pages read the store."""
        return self.case.status()
