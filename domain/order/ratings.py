"""What a call-back or a resident's rating means for the order."""

from domain.order.words import DissatisfactionCause, Satisfied, Solved


def asks_for_rework(solved: Solved, satisfied: Satisfied, cause: DissatisfactionCause | None) -> bool:
    """Tell whether an answer leads to a new round of handling: a "no" caused by the unit.

    A "no" without a named cause counts as the unit's: the resident has the benefit of the doubt.

    Source: our decision, ADR-0006 (重办: 因承办单位原因不满意的，退回重办).
    """
    says_no = solved is Solved.NO or satisfied is Satisfied.NO
    return says_no and cause in {None, DissatisfactionCause.UNIT}
