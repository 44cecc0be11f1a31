"""Supervision (督办): a leader watches over work that stays open beside it.

Assumes that the work is a `handle` or `explain` task. It always has a timer and an owner: when a
leader does not act, it is asked again after twice the time, from the third time on one leader up.
"""

from dataclasses import dataclass

from temporalio import workflow

from workflows.order.case import Case
from workflows.order.state import Decided, Expired, HumanTask, Interrupted

with workflow.unsafe.imports_passed_through():
    from domain.deadlines import Basis
    from domain.judgement import instant
    from domain.lifecycle import TaskKind, supervisor
    from domain.orders import Stage


@dataclass(frozen=True, slots=True)
class Concluded:
    """A leader ended the order as it is; the text goes to the resident."""

    decided: Decided


@dataclass(frozen=True, slots=True)
class Resumed:
    """A leader sent the work on, with a new due time."""


async def attend(case: Case, work: HumanTask, *, supervised: bool = False) -> Decided | Expired | Concluded:
    """Wait for work to be finished; under supervision if it starts so, a leader asks for it, or nobody is above."""
    while True:
        if not supervised:
            answer = await case.answer(work)
            supervised = isinstance(answer, Interrupted) or (
                isinstance(answer, Expired) and work.task_id in case.state.open_tasks
            )
            if not supervised and not isinstance(answer, Interrupted):
                return answer
        verdict = await _supervise(case, work)
        if not isinstance(verdict, Resumed):
            return verdict
        supervised = False


async def _supervise(case: Case, work: HumanTask) -> Decided | Concluded | Resumed:
    before = case.state.stage
    case.enter(Stage.SUPERVISION)
    watch = _begin(case)
    while True:
        match await case.answer(work, watch):
            case Expired(wait=wait) if wait is watch:
                watch = _begin(case)
            case Decided(task=task) as decided if task is work:
                case.supersede(watch)
                case.enter(before)
                return decided
            case Decided(outcome="conclude") as decided:
                case.state.supervisions = 0
                case.supersede(work)
                return Concluded(decided)
            case Decided(outcome="set_date") as decided:
                case.state.supervisions = 0
                case.restart(work, Basis.GIVEN, given=instant(decided.chosen("due_at")))
                case.enter(before)
                return Resumed()
            case Decided():
                case.state.supervisions = 0
                case.restart(work, Basis.ESCALATED)
                case.write(work.unit, "urged")
                case.enter(before)
                return Resumed()
            case _:
                # The limit of the work passed under the leader's eye: noted, the leader decides.
                continue


def _begin(case: Case) -> HumanTask:
    """Ask a leader; the count goes on until one acts, so that a unit cannot begin it anew."""
    case.state.supervisions += 1
    repetition = case.state.supervisions
    unit, tier, role = supervisor(case.state.tier, repetition, climbs_at=case.book.supervision_climbs_at)
    case.note("SupervisionBegan", unit=unit, repetition=repetition)
    return case.begin(
        TaskKind.SUPERVISE, Basis.SUPERVISION, unit=unit, tier=tier, role=role, repetition=repetition
    )
