"""The closed sets that a duty is described with.

Assumes nothing: every value here is a word of the procedure, spelled once, and travels unchanged
through database, wire, search attributes and pages.
"""

from enum import StrEnum
from typing import Final

from domain.matter import stages

KIND: Final = "duty"
"""The kind of matter that a duty is."""
LETTER: Final = "D"
"""What a duty's number begins with."""


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
    """How a duty ended (结局): `entered_late` and `missed` are both missed, and stay so."""

    KEPT = "kept"
    ENTERED_LATE = "entered_late"
    EXCUSED = "excused"
    MISSED = "missed"


class Present(StrEnum):
    """Who led a meeting: the leader of the team, or the deputy that the team had named before."""

    LEADER = "leader"
    DEPUTY = "deputy"


class Evidence(StrEnum):
    """What shows that a meeting was held; a picture of people is never asked for.

    Source: our decision, ADR-0033 (light evidence).
    """

    PLACE_PHOTO = "place_photo"
    COMPANION = "companion"
    ORDERS = "orders"
