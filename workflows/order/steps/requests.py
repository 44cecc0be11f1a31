"""Requests (申请): a unit asks for a transfer, more time, a pause or another class, and works on meanwhile.

Assumes that one request waits at a time. The unit's limit has no consequence before the verdict, and the
reviewer's clock bounds that wait. Silence means no, and then the limit counts at once.
"""

from datetime import datetime

from temporalio import workflow

from workflows.matter.state import Decided, HumanTask, NotForeseen
from workflows.order.case import Case
from workflows.order.state import Moved

with workflow.unsafe.imports_passed_through():
    from domain.calendar.instants import instant
    from domain.office.responsibility import grants_extension, reviewer
    from domain.office.words import OrderClass
    from domain.order.deadlines import Basis
    from domain.order.events import EventName
    from domain.order.lifecycle import TaskKind
    from domain.order.templates import Template
    from messages.names import REQUESTER


def ask(case: Case, work: HumanTask, proposal: Decided) -> None:
    """Put a unit's request before its reviewer."""
    state = case.state
    state.requested.add(proposal.outcome)
    owner = reviewer(work.owner)
    if proposal.outcome == "request_extension":
        owner = grants_extension(work.owner, granted=state.extensions)
    case.begin(TaskKind.REVIEW, Basis.REVIEW, owner, not_by=case.not_by(proposal))
    state.request = proposal
    work.deadline.stands_still = True
    case.offer_anew(work)


def hear(case: Case, work: HumanTask, verdict: Decided | None) -> Moved | None:
    """Carry out the verdict (`None` is silence), and return where the order goes, if it leaves the unit."""
    asked, case.state.request = case.state.request, None
    work.deadline.stands_still = False
    if asked is None:
        return None
    said = verdict.said.decision_id if verdict else None
    granted = _is_granted(verdict)
    case.note(
        EventName.REQUEST_GRANTED if granted else EventName.REQUEST_DENIED,
        request=asked.outcome,
        unit=work.unit,
    )
    case.write(
        work.unit, Template.GRANTED if granted else Template.DENIED, text_of=said, request=asked.outcome
    )
    moved = _grant(case, work, asked) if granted else None
    if moved is None:
        case.offer_anew(work)
    return moved


def _is_granted(verdict: Decided | None) -> bool:
    match verdict:
        case None | Decided(outcome="revise"):
            return False
        case Decided(outcome="approve"):
            return True
        case _:
            raise NotForeseen("a request", verdict)


def _grant(case: Case, work: HumanTask, asked: Decided) -> Moved | None:
    state = case.state
    match asked.outcome:
        case "transfer":
            state.returns += 1
            return Moved(asked.chosen("unit") or "", rule="transfer")
        case "request_extension":
            state.extensions += 1
            case.extend(work, instant(asked.chosen("due_at")) or asked.at)
            case.write(REQUESTER, Template.EXTENDED)
        case "request_pause":
            case.rest(work, until=instant(asked.chosen("until")), since=_rest_began(work, asked))
            case.write(REQUESTER, Template.PAUSED)
        case "request_reclassification":
            case.class_anew(work, OrderClass(asked.chosen("class") or ""))
            case.write(REQUESTER, Template.RECLASSIFIED)
        case _:
            raise NotForeseen("a request", asked)
    return None


def _rest_began(work: HumanTask, asked: Decided) -> datetime:
    """Return when a granted rest began: at the verdict, or at the request if the limit passed meanwhile.

    So the wait for a verdict makes no unit late.
    """
    now = workflow.now()
    return asked.at if work.deadline.due_at and work.deadline.due_at <= now else now
