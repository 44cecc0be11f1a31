"""Follow-up (回访): the call-back desk asks the resident whether it helped, three times at most.

Assumes that the resident was answered. A rating by the resident meanwhile completes it.
"""

from collections.abc import Mapping
from datetime import timedelta

from temporalio import workflow

from workflows.matter.state import Decided, Expired, Interrupted, NotForeseen
from workflows.order.case import Case

with workflow.unsafe.imports_passed_through():
    from domain.office.responsibility import CALL_BACK_DESK
    from domain.order.actions import ActionName
    from domain.order.deadlines import Basis
    from domain.order.events import EventName
    from domain.order.lifecycle import TaskKind
    from domain.order.ratings import asks_for_rework
    from domain.order.words import DissatisfactionCause, Ending, Satisfied, Solved, Stage


async def follow_up(case: Case) -> bool:
    """Ask the resident; return `True` if a new round of handling is owed."""
    if not case.start.can_be_called:
        case.note(EventName.FOLLOW_UP_ENDED, result="not_callable")
        return False
    if case.state.requester_left:
        case.note(EventName.FOLLOW_UP_ENDED, result="requester_left")
        return False
    case.enter(Stage.FOLLOW_UP)
    attempts_logged = 0
    for attempt in range(1, case.book.follow_up_attempts + 1):
        call = case.begin(
            TaskKind.FOLLOW_UP,
            Basis.FOLLOW_UP,
            CALL_BACK_DESK,
            not_by=(case.state.handled_by,) if case.state.handled_by else (),
            after=case.book.follow_up_gap if attempt > 1 else timedelta(0),
        )
        match await case.answer(call):
            case Decided(outcome="reached") as decided:
                return _judge(case, "reached", decided.said.fields)
            case Interrupted(said) if said.action == ActionName.RATE:
                case.supersede(call)
                return _judge(case, "rated", said.fields)
            case Decided(outcome="not_reached"):
                attempts_logged += 1
            case Expired():
                # No officer called in time: the next attempt begins, and the end notes if none ever called.
                continue
            case other:
                raise NotForeseen("follow_up", other)
    case.note(EventName.FOLLOW_UP_ENDED, result="not_reached" if attempts_logged else "not_called")
    return False


def _judge(case: Case, result: str, fields: Mapping[str, object]) -> bool:
    solved, satisfied = Solved(str(fields["solved"])), Satisfied(str(fields["satisfied"]))
    cause = DissatisfactionCause(str(fields["cause"])) if fields.get("cause") else None
    case.note(EventName.FOLLOW_UP_ENDED, result=result, solved=solved, satisfied=satisfied, cause=cause)
    ending = case.state.led_to or case.state.ending
    only_counts = case.state.counts_only or ending is Ending.UNRESOLVED
    return not only_counts and asks_for_rework(solved, satisfied, cause)
