"""Handling (办理): one responsible unit at a time, up the tiers, to a result or an explanation.

Assumes that a unit is assigned. A limit that passes below the district hands the order up one tier. Work
begins there at once, without a signature, with a new limit from that moment. At the district a leader
supervises it.
"""

from typing import Any

from temporalio import workflow

from workflows.matter.state import Decided, Expired, HumanTask, NotForeseen
from workflows.order.case import Case
from workflows.order.state import Concluded, Moved, TakenOver
from workflows.order.steps.attendance import attend
from workflows.order.steps.review import ReviewVerdict, review

with workflow.unsafe.imports_passed_through():
    from domain.office.responsibility import Owner
    from domain.order.deadlines import Basis
    from domain.order.events import EventName
    from domain.order.lifecycle import TaskKind
    from domain.order.templates import Template
    from domain.order.words import Ending
    from messages.names import REQUESTER


async def handle(case: Case) -> bool:  # noqa: C901 - one branch for each way in which work ends
    """Work until there is an answer for the resident; return `False` if another unit gets the order first."""
    state = case.state
    supervised, state.supervised_from_start = state.supervised_from_start, False
    work = _begin_after_review(case)
    _ask_helpers(case)
    while True:
        ended = await attend(case, work, supervised=supervised)
        supervised = False
        match ended:
            case Decided(outcome="report_result") as decided:
                if await review(case, decided) is ReviewVerdict.APPROVED:
                    case.end(Ending.RESOLVED, decided)
                    return True
                work = _begin_after_review(case, floor_from=workflow.now())
            case Decided(outcome="cannot_resolve") as decided:
                verdict = await review(case, decided)
                if verdict is not ReviewVerdict.REVISED:
                    unanswered = verdict is ReviewVerdict.UNANSWERED
                    await explain(case, case.worker, Ending.EXPLAINED, supervised=unanswered)
                    return True
                work = _begin_after_review(case, floor_from=workflow.now())
            case Concluded(decided):
                case.end(Ending.UNRESOLVED, decided)
                return True
            case Moved(unit, rule):
                case.assign(unit, rule=rule)
                return False
            case TakenOver(owner):
                case.hand_to(owner.unit, owner.tier)
                case.note(EventName.ORDER_TAKEN_OVER, unit=owner.unit, tier=owner.tier)
                work = _begin(case, Basis.ESCALATED)
            case Decided(outcome="hand_up") | Expired():
                supervised = not await _hand_up(case, ended)
                work = _begin(case, Basis.ESCALATED)
                _keep_helping(case, ended)
            case Decided():
                raise NotForeseen("handle", ended)


async def explain(case: Case, owner: Owner, ending: Ending, *, supervised: bool = False) -> None:
    """Tell the resident why it cannot be done, or is not accepted, in good time (解释说明)."""
    basis = Basis.EXPLAIN
    while True:
        work = case.begin(TaskKind.EXPLAIN, basis, owner, repetition=case.state.round)
        match await attend(case, work, supervised=supervised):
            case Concluded(decided):
                case.end(Ending.UNRESOLVED, decided)
                return
            case Decided(outcome="explained") as decided:
                case.end(ending, decided)
                return
            case TakenOver(leader):
                owner, basis, supervised = leader, Basis.ESCALATED, False
            case Moved(unit, rule):
                # This accepts nothing: the resident hears of it with the explanation.
                case.assign(unit, rule=rule, is_accepted=False)
                owner, basis, supervised = case.worker, Basis.EXPLAIN, False
            case Expired():
                # `attend` keeps it open, under supervision; if it ever ends, the task is opened again.
                basis, supervised = Basis.EXPLAIN, True
            case Decided() as other:
                raise NotForeseen("explain", other)


async def _hand_up(case: Case, answer: Decided | Expired) -> bool:
    """Pass the order one tier up and tell the resident; return `False` if only a leader is above.

    A tier without staff in post is passed over.
    """
    state = case.state
    by_limit = isinstance(answer, Expired)
    routing = case.routing if by_limit else await case.route()
    above = routing.above(state.tier)
    if above is None:
        case.note(EventName.ORDER_HANDED_UP, unit=state.unit, to="supervision")
        return False
    state.escalations += 1
    former = state.unit
    case.hand_to(above.code, above.tier)
    vacant: dict[str, Any] = {"passed_over": list(above.passed_over)} if above.passed_over else {}
    case.note(
        EventName.ORDER_ESCALATED if by_limit else EventName.ORDER_HANDED_UP,
        former=former,
        unit=above.code,
        tier=above.tier,
        rule=above.rule,
        **vacant,
    )
    text_of = None if isinstance(answer, Expired) else answer.said.decision_id
    case.write(REQUESTER, Template.PASSED_ON, text_of=text_of, unit=above.code)
    return True


def _begin(case: Case, basis: Basis) -> HumanTask:
    work = case.begin(TaskKind.HANDLE, basis, case.worker, repetition=case.state.round)
    work.evidence = case.routing.evidence
    return work


def _begin_after_review(case: Case, **floor: Any) -> HumanTask:
    """Start the unit's clock, or resume it with the time it had left; a review does not count against it."""
    work = _begin(case, Basis.PROMISE)
    stood, case.state.stood = case.state.stood, None
    if stood is not None:
        case.go_on(work, stood.clock, stood_from=stood.began, **floor)
    return work


def _ask_helpers(case: Case) -> None:
    """Open a task for each helping unit that the desk asked (协办), with a clock of its own."""
    helping, case.state.helping = case.state.helping, []
    for unit in helping:
        if unit == case.state.unit:
            # It has become the lead since.
            continue
        case.begin(TaskKind.ASSIST, Basis.ASSIST, case.handler_of(unit))


def _keep_helping(case: Case, ended: Decided | Expired) -> None:
    """Open a task for the unit that had the order, to help the one above."""
    former = ended.task if isinstance(ended, Decided) else ended.wait
    if isinstance(former, HumanTask) and former.unit != case.state.unit:
        case.begin(TaskKind.ASSIST, Basis.ASSIST, former.owner)
