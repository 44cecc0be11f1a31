"""The events of matters of every kind: names that stay in the history for good.

Assumes nothing: every value is spelled once, and travels unchanged through workflow, store, figures and pages.
"""

from enum import StrEnum
from typing import Final


class MatterEvent(StrEnum):
    """The name of an event that every kind has, in the past tense (事件)."""

    TASK_COMPLETED = "TaskCompleted"
    TASK_ANSWERED = "TaskAnswered"
    TASK_REMINDED = "TaskReminded"
    LIMIT_PASSED = "LimitPassed"
    DUE_TIMES_RECALCULATED = "DueTimesRecalculated"
    HOLD_ORDERED = "HoldOrdered"
    HELD = "MatterHeld"
    RELEASE_ORDERED = "ReleaseOrdered"
    RELEASED = "MatterReleased"
    ARCHIVED = "MatterArchived"
    MESSAGES_UNDELIVERED = "MessagesUndelivered"
    SIGNAL_REFUSED = "SignalRefused"
    SIGNAL_REPEATED = "SignalRepeated"
    SIGNALS_IGNORED = "SignalsIgnored"


REMINDER: Final = "reminder"
"""The message that reminds a unit of its task, in a matter of any kind."""
