"""Review (审核): another person checks a proposal of a unit or the desk before it counts.

Assumes that the proposing task is closed and no other is open: the matter rests until the verdict. The
outcome's row in the table says what silence means.
"""

from enum import StrEnum

from temporalio import workflow

from workflows.matter.state import Decided, Expired, NotForeseen
from workflows.order.case import Case

with workflow.unsafe.imports_passed_through():
    from domain.matter.tasks import Silence
    from domain.office.responsibility import Owner, above, reviewer
    from domain.order.deadlines import Basis
    from domain.order.lifecycle import TaskKind, outcome_named
    from domain.order.words import Stage


class ReviewVerdict(StrEnum):
    """The verdict on a proposal; `unanswered` if neither the reviewer nor the leader above answered."""

    APPROVED = "approved"
    REVISED = "revised"
    UNANSWERED = "unanswered"


async def review(case: Case, proposal: Decided) -> ReviewVerdict:
    """Get a verdict on a proposal, never from the proposer or the reviewer who approved the round before."""
    case.enter(Stage.REVIEW)
    silence = outcome_named(TaskKind(proposal.task.kind), proposal.outcome).silence
    not_by = case.not_by(proposal)
    owner = reviewer(proposal.task.owner, is_rework=case.state.round > 1)
    verdict = await _ask(case, owner, not_by)
    if verdict is ReviewVerdict.UNANSWERED and silence is Silence.CLIMBS:
        verdict = await _ask(case, above(owner), not_by)
    if verdict is not ReviewVerdict.UNANSWERED:
        return verdict
    match silence:
        case Silence.CLIMBS:
            return ReviewVerdict.UNANSWERED
        case Silence.APPROVES:
            return ReviewVerdict.APPROVED
        case Silence.DENIES:
            return ReviewVerdict.REVISED
        case None:
            raise NotForeseen("review", proposal)


async def _ask(case: Case, owner: Owner, not_by: tuple[str, ...]) -> ReviewVerdict:
    task = case.begin(TaskKind.REVIEW, Basis.REVIEW, owner, not_by=not_by)
    match await case.answer(task):
        case Decided(outcome="approve", said=said):
            case.state.reviewed_by = said.actor
            return ReviewVerdict.APPROVED
        case Decided(outcome="revise"):
            return ReviewVerdict.REVISED
        case Expired():
            return ReviewVerdict.UNANSWERED
        case other:
            raise NotForeseen("review", other)
