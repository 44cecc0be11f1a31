"""Attending work: one loop over a `handle` or `explain` task and everything beside it.

Beside it may be a leader's supervision (督办), helping units (协办), a request that waits for its verdict,
and a rest. Assumes that the work has one accountable owner; nothing beside it ever blocks it.
"""

from temporalio import workflow

from workflows.matter.state import Answer, Decided, Expired, HumanTask, Interrupted, NotForeseen
from workflows.order.case import Case
from workflows.order.state import Concluded, Moved, Rest, TakenOver
from workflows.order.steps import requests, supervision

with workflow.unsafe.imports_passed_through():
    from domain.order.actions import ActionName
    from domain.order.events import EventName
    from domain.order.lifecycle import TASKS, TaskKind
    from domain.order.templates import Template
    from domain.order.words import Stage
    from messages.names import REQUESTER

_REVIEWED = frozenset({"report_result", "cannot_resolve"})
"""Outcomes that are reviewed; if the reviewer says no, the unit's clock goes on from where it stood."""
Attended = Decided | Expired | Concluded | Moved | TakenOver


async def attend(case: Case, work: HumanTask, *, supervised: bool = False) -> Attended:
    """Wait until work ends: by its unit, by its limit, or by order of a leader or the desk."""
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
    return Stage.SUPERVISION if case.state.supervised else Stage(TASKS[work.kind].stage)


def _next(case: Case, work: HumanTask, answer: Answer) -> Attended | None:
    """Carry out an answer, and return how the work ended, if it did."""
    match answer:
        case Interrupted():
            return _ordered(case, work, answer)
        case Decided(task=task) if task is work:
            return _of_the_unit(case, work, answer)
        case Decided(task=beside):
            return _beside(case, work, beside, answer)
        case Expired(wait=HumanTask() as beside) if beside is not work:
            return _beside(case, work, beside, None)
        case Expired(wait=Rest()):
            _go_on(case, work)
        case Expired(wait=HumanTask()) if work.task_id not in case.state.open_tasks:
            return answer
        case Expired(wait=HumanTask()):
            # The work is still open, since no unit is above: a leader looks at it.
            supervision.begin(case, work)
        case Expired():
            raise NotForeseen("work", answer)
    return None


def _ordered(case: Case, work: HumanTask, answer: Interrupted) -> Moved | None:
    """Carry out an action from outside the unit: another unit, supervision, or the end of a rest."""
    match answer.said.action:
        case ActionName.REASSIGN:
            return Moved(str(answer.said.fields["unit"]), rule="reassigned")
        case ActionName.SUPERVISE:
            supervision.begin(case, work)
        case ActionName.RESUME | ActionName.SUPPLEMENT if case.state.rest is not None:
            _go_on(case, work)
        case _:
            raise NotForeseen("work", answer)
    return None


def _beside(case: Case, work: HumanTask, beside: HumanTask, decided: Decided | None) -> Attended | None:
    """Take the answer of a leader, a reviewer or a helper; `None` is their silence."""
    match beside.kind:
        case TaskKind.REVIEW:
            return requests.hear(case, work, decided)
        case TaskKind.SUPERVISE:
            if decided is not None:
                return supervision.decide(case, work, decided)
            supervision.begin(case, work)
        case TaskKind.ASSIST:
            _helped(case, work, beside, decided)
        case _:
            raise NotForeseen("work", decided or Expired(beside))
    return None


def _helped(case: Case, work: HumanTask, beside: HumanTask, decided: Decided | None) -> None:
    """Tell the unit its helper's answer; the unit decides what to do with it."""
    match decided:
        case None:
            outcome, text_of = "silent", None
        case Decided(outcome="contribute" | "decline"):
            outcome, text_of = decided.outcome, decided.said.decision_id
        case _:
            raise NotForeseen("work", decided)
    case.write(work.unit, Template.HELPED, text_of=text_of, unit=beside.unit, outcome=outcome)


def _of_the_unit(case: Case, work: HumanTask, decided: Decided) -> Decided | None:
    match decided.outcome:
        case "transfer" | "request_extension" | "request_pause" | "request_reclassification":
            requests.ask(case, work, decided)
        case "ask_resident":
            case.state.requested.add(decided.outcome)
            case.rest(work, until=None, since=workflow.now())
            case.write(REQUESTER, Template.ASKED, text_of=decided.said.decision_id)
        case "report_result" | "cannot_resolve" | "hand_up" | "explained":
            return decided
        case _:
            raise NotForeseen("work", decided)
    return None


def _go_on(case: Case, work: HumanTask) -> None:
    """End the rest, and tell unit and resident; the resident hears the new promise."""
    if case.state.rest is not None:
        case.resume(work)
        case.note(EventName.WORK_RESUMED, unit=work.unit)
        case.write(work.unit, Template.RESUMED)
        case.write(REQUESTER, Template.RESUMED)


def _leave(case: Case, work: HumanTask, ended: Attended) -> None:
    """Close the tasks beside the work; helpers stay if the order only goes up a tier."""
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
