"""What can be wrong with a field, and what fields say against each other."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from domain.orders import Satisfied, Solved
from domain.reasons import NOT_OURS


class Fault(StrEnum):
    """What is wrong with a field, for pages that say it in words of their own."""

    LETTERS = "letters"
    TOO_LONG = "too_long"
    CHOICE = "choice"
    PARTS = "parts"
    FILES = "files"
    INSTANT = "instant"
    NOT_AHEAD = "not_ahead"
    NOT_PAST = "not_past"
    TOO_EARLY = "too_early"
    TOO_FAR = "too_far"
    WITH_REJECTION = "with_rejection"
    WITHOUT_COMPLAINT = "without_complaint"
    EVIDENCE = "evidence"
    GOES_NOWHERE = "goes_nowhere"
    IS_OURS = "is_ours"


@dataclass(frozen=True, slots=True)
class Contradiction:
    """A field that says something against the others."""

    field: str
    fault: Fault
    reason: str


def contradiction(fields: Mapping[str, object]) -> Contradiction | None:
    """Find what the fields of a decision, each in order by itself, say against each other.

    Nobody suggests to reject an order and how to handle it, names a cause for being content, or sends a resident
    away without saying where to.
    """
    if fields.get("reject_reason") and (fields.get("class") or fields.get("unit")):
        return Contradiction(
            "reject_reason",
            Fault.WITH_REJECTION,
            "reject_reason goes with neither class nor unit: what is rejected is not handled",
        )
    is_content = fields.get("solved") == Solved.YES and fields.get("satisfied") != Satisfied.NO
    if fields.get("cause") and is_content:
        return Contradiction(
            "cause",
            Fault.WITHOUT_COMPLAINT,
            "cause is of dissatisfaction: leave it out where it is solved and nobody is dissatisfied",
        )
    is_not_ours = fields.get("reason") == NOT_OURS
    if is_not_ours and not fields.get("goes_to"):
        return Contradiction(
            "goes_to", Fault.GOES_NOWHERE, f"{NOT_OURS} says where it goes: name it in goes_to"
        )
    if fields.get("goes_to") and not is_not_ours:
        return Contradiction("goes_to", Fault.IS_OURS, f"goes_to goes with the reason {NOT_OURS} alone")
    return None
