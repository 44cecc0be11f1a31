"""The events that only a duty has, and its messages: names that stay in the history for good.

Assumes nothing: every value is spelled once, and travels unchanged through workflow, store, figures and pages.
"""

from enum import StrEnum


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
    EXCUSE_WITHDRAWN = "ExcuseWithdrawn"
    DUTY_MISSED = "DutyMissed"
    FREE_ENTRY_ENDED = "FreeEntryEnded"
    DUTY_SUPERVISED = "DutySupervised"
    LATE_ENTRY_APPROVED = "LateEntryApproved"
    LATE_ENTRY_DENIED = "LateEntryDenied"
    ENTRY_ENDED = "EntryEnded"
    DUTY_CLOSED = "DutyClosed"


class DutyTemplate(StrEnum):
    """The name of a message (消息模板): to the leaders, or to the unit that owes the duty."""

    SHORTAGE = "shortage"
    MISSED = "duty_missed"
    URGED = "duty_urged"
    ANSWERED = "duty_answered"
