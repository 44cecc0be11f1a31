"""The closed sets of words that describe an order.

Assumes nothing: every value here is a word of the procedure, spelled once, and travels unchanged
through database, wire, search attributes and pages.
"""

from enum import StrEnum
from typing import Final

from domain.matter import stages

KIND: Final = "order"
"""The name of this kind of matter."""


class Stage(StrEnum):
    """Where an order is (阶段), in the sequence of its way."""

    RECEIVED = "received"
    FIRST_CONTACT = "first_contact"
    CLASSIFICATION = "classification"
    DISPATCH = "dispatch"
    HANDLING = "handling"
    PAUSED = "paused"
    REVIEW = "review"
    EXPLAINING = "explaining"
    SUPERVISION = "supervision"
    JOINED = "joined"
    REPLYING = "replying"
    FOLLOW_UP = "follow_up"
    CLOSED = stages.CLOSED
    ARCHIVED = stages.ARCHIVED

    @property
    def is_over(self) -> bool:
        """Whether the work has ended: closed or archived."""
        return self in OVER


OVER: Final = (Stage.CLOSED, Stage.ARCHIVED)
"""The stages in which the work on an order has ended."""
OPEN: Final[tuple[Stage, ...]] = tuple(stage for stage in Stage if stage not in OVER)
"""The stages of an order that is still worked on, or waited for."""
ANSWERED: Final = (Stage.REPLYING, Stage.FOLLOW_UP, *OVER)
"""The stages of an order that was answered in its present round."""


class Ending(StrEnum):
    """How an order ended (结局)."""

    RESOLVED_ON_THE_SPOT = "resolved_on_the_spot"
    RESOLVED = "resolved"
    EXPLAINED = "explained"
    NOT_ACCEPTED = "not_accepted"
    WITHDRAWN = "withdrawn"
    MERGED = "merged"
    UNRESOLVED = "unresolved"


class Channel(StrEnum):
    """The way by which a request came in (渠道)."""

    WEB = "web"
    WECHAT = "wechat"
    HOTLINE = "hotline"
    COUNTER = "counter"
    HOME_VISIT = "home_visit"
    COURTYARD_VISIT = "courtyard_visit"
    HOUSEHOLD_FILE = "household_file"
    SUPERIOR = "superior"
    OPEN311 = "open311"


class RequestKind(StrEnum):
    """What the resident wants (诉求)."""

    INQUIRY = "inquiry"
    ASSISTANCE = "assistance"
    COMPLAINT = "complaint"
    REPORT = "report"
    SUGGESTION = "suggestion"


class Solved(StrEnum):
    """Whether the matter is solved, as the resident sees it (解决情况)."""

    YES = "yes"
    PARTLY = "partly"
    NO = "no"


class Satisfied(StrEnum):
    """Whether the resident is satisfied (满意度)."""

    YES = "yes"
    BASICALLY = "basically"
    NO = "no"


class DissatisfactionCause(StrEnum):
    """Where dissatisfaction comes from (不满意原因): only the unit's leads to rework."""

    UNIT = "unit"
    REQUEST = "request"
    RULE = "rule"
