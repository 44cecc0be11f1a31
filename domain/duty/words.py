"""The closed sets of words that describe a duty.

Assumes nothing: every value here is a word of the procedure, spelled once, and travels unchanged
through database, wire, search attributes and pages.
"""

from enum import StrEnum
from typing import Final

from domain.matter import stages

KIND: Final = "duty"
"""The name of this kind of matter."""
LETTER: Final = "D"
"""The letter that a duty's number begins with."""


class DutyKind(StrEnum):
    """What is owed (职责)."""

    COURTYARD_MEETING = "courtyard_meeting"


class DutyStage(StrEnum):
    """Where a duty is (阶段)."""

    PLANNING = "planning"
    PLANNED = "planned"
    HELD = "held"
    MISSED = "missed"
    CLOSED = stages.CLOSED
    ARCHIVED = stages.ARCHIVED


class DutyEnding(StrEnum):
    """How a duty ended (结局); after `entered_late` and after `missed` it counts as missed for good."""

    KEPT = "kept"
    ENTERED_LATE = "entered_late"
    EXCUSED = "excused"
    MISSED = "missed"


class Present(StrEnum):
    """The person who led a meeting: the team's leader, or the deputy that the team had named before."""

    LEADER = "leader"
    DEPUTY = "deputy"


class Evidence(StrEnum):
    """The evidence that a meeting was held; the office never asks for a picture of people.

    Source: our decision, ADR-0033 (light evidence).
    """

    PLACE_PHOTO = "place_photo"
    COMPANION = "companion"
    ORDERS = "orders"
