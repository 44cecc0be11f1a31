"""Attending work: one loop over a `handle` or `explain` task and all that lies beside it.

Beside it lie a leader's supervision (督办), helping units (协办), a request that waits for its verdict, and a rest.
Assumes that the work has one accountable owner; whatever lies beside it never blocks it.
"""

from temporalio import workflow

from workflows.order import requests, supervision
from workflows.order.case import Case
from workflows.order.state import (
    Answer,
    Concluded,
    Decided,
    Expired,
    HumanTask,
    Interrupted,
    Moved,
    TakenOver,
)

with workflow.unsafe.imports_passed_through():
    from domain.actions import ActionName
    from domain.lifecycle import REQUESTS, TASKS, TaskKind
    from domain.orders import Stage
    from messages.names import REQUESTER
    from messages.signals import OrderAction

_REVIEWED = frozenset({"report_result", "cannot_resolve"})
"""Should a reviewer say no, the unit's clock goes on from where it stood."""
Attended = Decided | Expired | Concluded | Moved | TakenOver


async def attend(case: Case, work: HumanTask, *, supervised: bool = False) -> Attended:
    """Wait until work ends: by its unit, by its limit, or because a leader or the desk says so."""
    if supervised:
        supervision.begin(case, work)
    while True:
        case.enter(_stage(case, work))
        ended = _next(case, work, await case.answer(*case.state.waits))
        if ended is not None:
            _leave(case, work, ended)
            return ended


def _stage(case: Case, work: HumanTask) -> Stage:
    if case.state.rest is not None:
        return Stage.PAUSED
    return Stage.SUPERVISION if case.state.supervised else TASKS[work.kind].stage


def _next(case: Case, work: HumanTask, answer: Answer) -> Attended | None:
    """Do what an answer asks for; gives how the work ended, if it did."""
    match answer:
        case Interrupted(said):
            return _ordered(case, work, said)
        case Decided(task=task) if task is work:
            return _of_the_unit(case, work, answer)
        case Decided(task=beside):
            return _beside(case, work, beside, answer)
        case Expired(wait=HumanTask() as beside) if beside is not work:
            return _beside(case, work, beside, None)
        case Expired(wait=wait) if wait is not work:
            _go_on(case, work)
        case _ if work.task_id not in case.state.open_tasks:
            return answer
        case _:
            # Still open: nobody is above the unit, so a leader looks at it.
            supervision.begin(case, work)
    return None


def _ordered(case: Case, work: HumanTask, said: OrderAction) -> Moved | None:
    """Do what somebody from outside the unit wants: another unit, a leader's eye, or an end of the rest."""
    if said.action == ActionName.REASSIGN:
        return Moved(str(said.fields["unit"]), rule="reassigned")
    if said.action == ActionName.SUPERVISE:
        supervision.begin(case, work)
    else:
        _go_on(case, work)
    return None


def _beside(case: Case, work: HumanTask, beside: HumanTask, decided: Decided | None) -> Attended | None:
    """Hear a leader, a reviewer or a helper; `None` is their silence."""
    if beside.kind is TaskKind.REVIEW:
        return requests.hear(case, work, decided)
    if beside.kind is TaskKind.SUPERVISE:
        if decided is not None:
            return supervision.decide(case, work, decided)
        supervision.begin(case, work)
        return None
    outcome, text_of = (decided.outcome, decided.said.decision_id) if decided else ("silent", None)
    case.write(work.unit, "helped", text_of=text_of, unit=beside.unit, outcome=outcome)
    return None


def _of_the_unit(case: Case, work: HumanTask, decided: Decided) -> Decided | None:
    if decided.outcome in REQUESTS:
        requests.ask(case, work, decided)
        return None
    if decided.outcome == "ask_resident":
        case.state.requested.add(decided.outcome)
        case.rest(work, until=None, since=workflow.now())
        case.write(REQUESTER, "asked", text_of=decided.said.decision_id)
        return None
    return decided


def _go_on(case: Case, work: HumanTask) -> None:
    """End the rest, and tell the resident what is promised now."""
    if case.state.rest is not None:
        case.resume(work)
        case.note("WorkResumed", unit=work.unit)
        case.write(work.unit, "resumed")
        case.write(REQUESTER, "resumed")


def _leave(case: Case, work: HumanTask, ended: Attended) -> None:
    """Close what lay beside the work; helpers stay where the order only goes up a tier."""
    state = case.state
    state.request = None
    if isinstance(ended, Decided):
        case.breach(work, at=ended.at)
        if ended.outcome in _REVIEWED:
            state.stood = case.stood(work, at=ended.at)
    case.end_rest()
    goes_up = isinstance(ended, Expired) or (isinstance(ended, Decided) and ended.outcome == "hand_up")
    beside = [
        task
        for task in state.open_tasks.values()
        if task is not work and not (goes_up and task.kind is TaskKind.ASSIST)
    ]
    case.supersede(*beside)
    if work.task_id in state.open_tasks:
        case.supersede(work)
