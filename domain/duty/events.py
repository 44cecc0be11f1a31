"""What may happen to a duty alone: the names of its events, as they stand in its history for good.

Assumes nothing: every value is spelled once, and travels unchanged through workflow, store, figures and pages.
"""

from enum import StrEnum
from typing import Final


class DutyEvent(StrEnum):
    """The name of an event, in the past tense (事件)."""

    DUTY_OPENED = "DutyOpened"
    MEETING_ANNOUNCED = "MeetingAnnounced"
    MEETING_POSTPONED = "MeetingPostponed"
    MEETING_CANCELLED = "MeetingCancelled"
    MEETING_HELD = "MeetingHeld"
    SHORTAGE_REPORTED = "ShortageReported"
    EXCUSE_GRANTED = "ExcuseGranted"
    EXCUSE_DENIED = "ExcuseDenied"
    DUTY_MISSED = "DutyMissed"
    FREE_ENTRY_ENDED = "FreeEntryEnded"
    DUTY_SUPERVISED = "DutySupervised"
    LATE_ENTRY_APPROVED = "LateEntryApproved"
    LATE_ENTRY_DENIED = "LateEntryDenied"
    ENTRY_ENDED = "EntryEnded"
    DUTY_CLOSED = "DutyClosed"


SHORTAGE: Final = "shortage"
"""The message to the street's leaders that a duty may not be kept in its period."""
MISSED: Final = "duty_missed"
"""The message to the unit whose duty was not kept."""
ASKED_AGAIN: Final = "duty_urged"
"""The message to the unit that a leader wants the duty made good."""
ANSWERED: Final = "duty_answered"
"""The message to the unit what became of what it asked for."""
