"""Supervision (督办): a leader watches over work that stays open beside it.

Assumes that the work is a `handle` or `explain` task. It always has a timer and an owner: a silent leader is
asked again, each time with twice the time to act, and from the third time on one leader up is asked.
"""

from temporalio import workflow

from workflows.matter.state import Decided, HumanTask, NotForeseen
from workflows.order.case import Case
from workflows.order.state import Concluded, TakenOver

with workflow.unsafe.imports_passed_through():
    from domain.calendar.instants import instant
    from domain.office.responsibility import supervisor
    from domain.office.words import Role
    from domain.order.deadlines import Basis
    from domain.order.events import EventName
    from domain.order.lifecycle import TaskKind
    from domain.order.templates import Template
    from messages.names import REQUESTER


def begin(case: Case, work: HumanTask) -> None:
    """Ask a leader; the count goes on until a leader acts, so that a unit cannot start it again."""
    state = case.state
    state.supervisions += 1
    repetition = state.supervisions
    owner = supervisor(
        state.tier,
        repetition,
        climbs_at=case.book.supervision_climbs_at,
        by_liaison=case.worker.role is Role.LIAISON,
    )
    case.note(EventName.SUPERVISION_BEGAN, unit=owner.unit, repetition=repetition)
    case.begin(TaskKind.SUPERVISE, Basis.SUPERVISION, owner, repetition=repetition)
    case.offer_anew(work)


def decide(case: Case, work: HumanTask, decided: Decided) -> Concluded | TakenOver | None:
    """Carry out the leader's decision; return `None` if the unit goes on, with a new due time."""
    case.state.supervisions = 0
    match decided.outcome:
        case "conclude":
            return Concluded(decided)
        case "take_over":
            return TakenOver(decided.task.owner)
        case "set_date":
            _until(case, work, decided.chosen("due_at"))
        case "accept_delay":
            _until(case, work, decided.chosen("until"))
            case.write(REQUESTER, Template.DELAYED)
        case "urge":
            case.resume(work)
            case.restart(work, Basis.ESCALATED)
            case.write(work.unit, Template.URGED)
        case _:
            raise NotForeseen("a supervision", decided)
    case.offer_anew(work)
    return None


def _until(case: Case, work: HumanTask, date: str | None) -> None:
    """Set the date and end a rest, since the leader has set a new due time."""
    case.resume(work)
    case.restart(work, Basis.GIVEN, given=instant(date), repetition=case.state.round)
