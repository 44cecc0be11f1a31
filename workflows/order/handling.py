"""Handling (办理): one responsible unit at a time, up the tiers, to a result or an explanation.

Assumes that a unit is assigned. A limit that passes below the district hands the order up one tier,
straight to work there, with a new limit from that moment; at the district a leader takes it up.
"""

from temporalio import workflow

from workflows.order.case import Case
from workflows.order.state import Decided, Expired, HumanTask
from workflows.order.supervision import Concluded, attend

with workflow.unsafe.imports_passed_through():
    from domain.deadlines import Basis
    from domain.lifecycle import TaskKind, handler_role
    from domain.orders import Ending, Stage
    from domain.routing import responsible_unit
    from messages.names import REQUESTER


async def handle(case: Case) -> None:
    """Work until there is something to tell the resident."""
    case.enter(Stage.HANDLING)
    supervised, case.state.supervised_from_start = case.state.supervised_from_start, False
    work = _begin(case, TaskKind.HANDLE, Basis.PROMISE)
    while True:
        match await attend(case, work, supervised=supervised):
            case Decided(outcome="report_result") as decided:
                case.end(Ending.RESOLVED, decided)
                return
            case Decided(outcome="cannot_resolve"):
                await _explain(case)
                return
            case Concluded(decided):
                case.end(Ending.UNRESOLVED, decided)
                return
            case answer:
                supervised = not _hand_up(case, answer)
                work = _begin(case, TaskKind.HANDLE, Basis.ESCALATED)


async def _explain(case: Case) -> None:
    """Tell the resident why it cannot be done, in good time (解释说明)."""
    case.enter(Stage.EXPLAINING)
    match await attend(case, _begin(case, TaskKind.EXPLAIN, Basis.EXPLAIN)):
        case Concluded(decided):
            case.end(Ending.UNRESOLVED, decided)
        case Decided() as decided:
            case.end(Ending.EXPLAINED, decided)
        case Expired():
            # An explanation never simply runs out: `attend` puts it under supervision.
            raise AssertionError("an explanation cannot expire")


def _hand_up(case: Case, answer: Decided | Expired) -> bool:
    """Pass the order one tier up and tell the resident; `False` at the district, where only a leader is above."""
    state = case.state
    above = state.tier.above
    if above is None:
        case.note("OrderHandedUp", unit=state.unit, to="supervision")
        return False
    state.escalations += 1
    routed = responsible_unit(above, category=state.category, community=case.start.community)
    former, state.unit, state.tier, state.lead = state.unit, routed.unit, routed.tier, routed.unit
    by_limit = isinstance(answer, Expired)
    case.note(
        "OrderEscalated" if by_limit else "OrderHandedUp",
        former=former,
        unit=routed.unit,
        tier=routed.tier,
        rule=routed.rule,
    )
    text_of = None if isinstance(answer, Expired) else answer.said.decision_id
    case.write(REQUESTER, "passed_on", text_of=text_of, unit=routed.unit)
    return True


def _begin(case: Case, kind: TaskKind, basis: Basis) -> HumanTask:
    state = case.state
    return case.begin(
        kind, basis, unit=state.unit, tier=state.tier, role=handler_role(state.tier), repetition=state.round
    )
