"""The faults of a field, and of fields that contradict each other."""

from enum import StrEnum


class Fault(StrEnum):
    """What is wrong with a field: a code that pages put into words of their own."""

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
    NUMBER = "number"
    ISSUES = "issues"
    OUTSIDE_PERIOD = "outside_period"
    BEFORE_ANNOUNCED = "before_announced"
    ENDS_BEFORE_START = "ends_before_start"
    NO_DEPUTY = "no_deputy"
    WITHOUT_ISSUES = "without_issues"
    WITH_ISSUES = "with_issues"
